"""Bodies that Gcore refuses, and the field that the refusal names."""

from typing import Any

import httpx
import pytest

from tests.simulator.bodies import CAAS, INFERENCE, a_container, a_deployment, a_region
from tests.support.simulator import Simulator

JSON = dict[str, Any]

BAD_CONTAINERS: dict[str, tuple[str, JSON]] = {
    "a name of two characters": ("name", a_container("ab")),
    "a name of 44 characters": ("name", a_container("a" * 44)),
    "a name with an underscore": ("name", a_container("a_b_c")),
    "a name with a trailing newline": ("name", a_container("web\n")),
    "an image of 231 characters": ("image", a_container(image="i" * 231)),
    "port 0": ("listening_port", a_container(listening_port=0)),
    "port 65536": ("listening_port", a_container(listening_port=65536)),
    "a port as text": ("listening_port", a_container(listening_port="80")),
    "an unknown flavour": ("flavor", a_container(flavor="1mCPU-1MiB")),
    "a flavour off the pattern": ("flavor", a_container(flavor="big")),
    "a scale without max": ("scale.max", a_container(scale={"min": 1})),
    "max 26": ("scale.max", a_container(scale={"min": 1, "max": 26})),
    "max 0": ("scale.max", a_container(scale={"min": 0, "max": 0})),
    "max below min": ("scale", a_container(scale={"min": 3, "max": 2})),
    "a cooldown of 0": ("scale.cooldown_period", a_container(scale={"min": 1, "max": 1, "cooldown_period": 0})),
    "a cpu threshold of 100": (
        "scale.triggers.cpu.threshold",
        a_container(scale={"min": 1, "max": 1, "triggers": {"cpu": {"threshold": 100}}}),
    ),
    "an http trigger without window": (
        "scale.triggers.http.window",
        a_container(scale={"min": 0, "max": 1, "triggers": {"http": {"rate": 1}}}),
    ),
    "a long description": ("description", a_container(description="d" * 256)),
    "a null description": ("description", a_container(description=None)),
    "an env value of 256": ("envs.A", a_container(envs={"A": "v" * 256})),
    "an env value that is a number": ("envs.A", a_container(envs={"A": 1})),
    "an env key with a dash": ("envs.A-B.[key]", a_container(envs={"A-B": "v"})),
    "a timeout of 181": ("timeout", a_container(timeout=181)),
    "commands as a list": ("commands", a_container(commands=["run"])),
    "a pull secret that does not exist": ("pull_secret", a_container(pull_secret="none")),
    "a topic with capitals": ("logging.topic_name", a_container(logging={"enabled": True, "topic_name": "A"})),
    "a retention of 0 days": (
        "logging.retention_policy.period",
        a_container(logging={"enabled": True, "retention_policy": {"period": 0}}),
    ),
}

BAD_DEPLOYMENTS: dict[str, tuple[str, JSON]] = {
    "a name of three characters": ("name", a_deployment("abc")),
    "a name of 31 characters": ("name", a_deployment("a" * 31)),
    "a name with capitals": ("name", a_deployment("Model")),
    "a name that ends in a dash": ("name", a_deployment("model-")),
    "an image digest": ("image", a_deployment(image="nginx@sha256:" + "0" * 64)),
    "an image of a registry with a port": ("image", a_deployment(image="host:5000/a/b:tag")),
    "an image with capitals": ("image", a_deployment(image="Nginx")),
    "an image with a trailing newline": ("image", a_deployment(image="nginx\n")),
    "an unknown flavour": ("flavor_name", a_deployment(flavor_name="huge")),
    "no regions": ("containers", a_deployment(containers=[])),
    "a region twice": ("containers", a_deployment(containers=[a_region(), a_region()])),
    "a region without scale": ("containers.0.scale", a_deployment(containers=[{"region_id": 76}])),
    "max 301": ("containers.0.scale.max", a_deployment(containers=[a_region(high=301)])),
    "max below min": ("containers.0.scale", a_deployment(containers=[a_region(low=3)])),
    "a null for triggers": ("containers.0.scale.triggers", a_deployment(containers=[a_region(triggers=None)])),
    "an http rate of 0": (
        "containers.0.scale.triggers.http.rate",
        a_deployment(containers=[a_region(triggers={"http": {"rate": 0, "window": 1}})]),
    ),
    "a command as a string": ("command", a_deployment(command="run")),
    "an unknown probe": ("probes.other_probe", a_deployment(probes={"other_probe": {"enabled": True}})),
    "a probe without enabled": (
        "probes.liveness_probe.enabled",
        a_deployment(probes={"liveness_probe": {}}),
    ),
    "a probe of scheme instead of schema": (
        "probes.liveness_probe.probe.http_get.schema",
        a_deployment(probes={"liveness_probe": {"enabled": True, "probe": {"http_get": {"port": 1, "schema": "ftp"}}}}),
    ),
    "auth_enabled with api_keys": ("api_keys", a_deployment(auth_enabled=False, api_keys=[])),
    "a credential that does not exist": ("credentials_name", a_deployment(credentials_name="none")),
}


@pytest.mark.parametrize("case", BAD_CONTAINERS)
def test_a_bad_container_is_refused_by_field(gcore: httpx.Client, case: str) -> None:
    field, body = BAD_CONTAINERS[case]
    check_refused(gcore.post(CAAS, json=body), field)
    assert gcore.get(CAAS).json()["count"] == 0


@pytest.mark.parametrize("case", BAD_DEPLOYMENTS)
def test_a_bad_deployment_is_refused_by_field(gcore: httpx.Client, case: str) -> None:
    field, body = BAD_DEPLOYMENTS[case]
    check_refused(gcore.post(INFERENCE, json=body), field)
    assert gcore.get(INFERENCE).json()["count"] == 0


def check_refused(answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 400, answer.text
    envelope = answer.json()
    assert envelope["exception_class"] == "ValidationError"
    assert envelope["message"]
    assert envelope["request_id"]
    assert field in envelope["invalid_fields"], envelope


def test_both_authentication_fields_are_refused_in_an_update_too(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(INFERENCE, json=a_deployment())
    simulator.advance(10)
    answer = gcore.patch(f"{INFERENCE}/model", json={"auth_enabled": False, "api_keys": []})
    check_refused(answer, "auth_enabled")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, "not_authenticated"),
        ("Bearer gcore-key", "not_authenticated"),
        ("APIKey wrong", "token_not_valid"),
    ],
)
def test_a_bad_credential_is_not_authenticated(simulator: Simulator, header: str | None, kind: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(f"{simulator.urls.gcore}/cloud/v1/projects", headers=headers)
    assert (answer.status_code, answer.json()["exception_class"]) == (401, kind)


@pytest.mark.parametrize("word", ["APIKey", "apikey", "APIKEY"])
def test_the_word_before_the_token_has_any_case(simulator: Simulator, word: str) -> None:
    headers = {"Authorization": f"{word} {simulator.keys.gcore}"}
    assert httpx.get(f"{simulator.urls.gcore}/cloud/v1/projects", headers=headers).status_code == 200


def test_unknown_fields_are_ignored_or_refused_by_a_switch(simulator: Simulator, gcore: httpx.Client) -> None:
    assert gcore.post(CAAS, json=a_container(colour="red")).status_code == 200
    simulator.switch("unknown_fields", "rejected")
    check_refused(gcore.post(CAAS, json=a_container("other", colour="red")), "colour")


def test_a_body_that_is_no_json_is_refused(gcore: httpx.Client) -> None:
    check_refused(gcore.post(CAAS, content="{"), "body")


def test_unknown_paths_and_methods_have_the_envelope(gcore: httpx.Client) -> None:
    assert gcore.get("/cloud/v1/nothing").json()["exception_class"] == "NotFoundError"
    assert gcore.put(CAAS).status_code == 405
