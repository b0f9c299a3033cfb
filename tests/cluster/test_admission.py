"""What the API server itself refuses and accepts, asked of a real one with the real kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.admission.accounts import ACCOUNTS
from tests.cluster.admission.case import CAAS, CLUSTER_ACCOUNT, GOOD, INFD, SBX, Spec, Wrong, WrongEdit, changed
from tests.cluster.admission.containers import CONTAINERS
from tests.cluster.admission.deployments import DEPLOYMENTS
from tests.cluster.admission.edits import PIN, SANDBOX_PIN, WRONG_EDITS
from tests.cluster.admission.sandboxes import SANDBOXES
from tests.cluster.control_plane import ControlPlane

WRONG = (*CONTAINERS, *DEPLOYMENTS, *SANDBOXES, *ACCOUNTS)

SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "deploy" / "samples").rglob("*.yaml")
    if path.parent.name != "guards"  # policies; they are tested in test_guards.py
)


def manifest(kind: str, name: str, namespace: str, spec: Spec) -> str:
    """JSON, which kubectl reads as YAML."""
    metadata = {"name": name} if kind == CLUSTER_ACCOUNT else {"name": name, "namespace": namespace}
    return json.dumps({"apiVersion": "caas-operator.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})


def apply(control_plane: ControlPlane, text: str) -> None:
    control_plane.kubectl("apply", "-f", "-", input=text)


def refusal(control_plane: ControlPlane, text: str) -> str:
    """What kubectl says when it refuses; fails where it accepts."""
    done = control_plane.kubectl("apply", "-f", "-", input=text, check=False)
    assert done.returncode != 0, f"accepted: {done.stdout}"
    return done.stderr


def get(control_plane: ControlPlane, kind: str, name: str, namespace: str) -> dict[str, Any]:
    done = control_plane.kubectl("get", kind, name, "-n", namespace, "-o", "json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_status(control_plane: ControlPlane, kind: str, name: str, namespace: str, status: Spec) -> None:
    patch = json.dumps({"status": status})
    control_plane.kubectl("patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case.kind}: {case.title}")
def test_wrong_input_is_refused_with_the_field_and_the_rule(control_plane: ControlPlane, case: Wrong) -> None:
    said = refusal(control_plane, manifest(case.kind, case.name, "default", changed(case.kind, case.changes)))
    assert case.field in said
    assert case.rule in said
    if case.unsaid is not None:
        assert case.unsaid not in said


def test_the_table_is_as_long_as_promised() -> None:
    assert len(WRONG) + len(WRONG_EDITS) >= 45
    assert len({(case.kind, case.title) for case in WRONG}) == len(WRONG)


@pytest.mark.parametrize("case", WRONG_EDITS, ids=lambda case: f"{case.kind}: {case.title}")
def test_a_wrong_edit_is_refused_with_the_field_and_the_rule(
    control_plane: ControlPlane, namespace: str, case: WrongEdit
) -> None:
    name = "a.shop" if "metadata.name" in case.title else "shop"
    apply(control_plane, manifest(case.kind, name, namespace, changed(case.kind, case.before)))
    if case.status:
        write_status(control_plane, case.kind, name, namespace, case.status)
    said = refusal(control_plane, manifest(case.kind, name, namespace, changed(case.kind, case.after)))
    assert case.field in said
    assert case.rule in said


EDITS_THAT_PASS: dict[str, tuple[str, Spec, Spec, Spec]] = {
    "a new name before the pin": (CAAS, {"name": "shop"}, {"name": "shop-2"}, {}),
    "a name removed before the pin": (CAAS, {"name": "shop"}, {}, {}),
    "another account before the pin": (CAAS, {"accountRef": {"name": "a"}}, {"accountRef": {"name": "b"}}, {}),
    "the image after the pin": (CAAS, {}, {"image": "nginx:1.28"}, PIN),
    "the pinned account written out": (CAAS, {}, {"accountRef": PIN["account"]}, PIN),
    "the pinned account left out": (CAAS, {"accountRef": PIN["account"]}, {}, PIN),
    "a name while only observing": (
        CAAS,
        {"managementPolicy": "ObserveOnly", "name": "shop"},
        {"managementPolicy": "ObserveOnly", "name": "shop-2"},
        PIN,
    ),
    "managed, then only observed": (INFD, {}, {"managementPolicy": "ObserveOnly"}, PIN),
    "another region of a deployment": (INFD, {}, {"regions": [{"regionId": 80, "scale": {"min": 0, "max": 2}}]}, PIN),
    "a sandbox before the pin": (SBX, {"memoryLimit": "1g"}, {"memoryLimit": "4g"}, {}),
    "a sandbox that may be replaced": (
        SBX,
        {"memoryLimit": "1g"},
        {"memoryLimit": "4g", "replacePolicy": "Recreate"},
        SANDBOX_PIN,
    ),
    "a sandbox's policies": (SBX, {}, {"keepAlive": True, "activeDeadlineSeconds": 60}, SANDBOX_PIN),
    "a sandbox that is only observed from now on": (SBX, {}, {"managementPolicy": "ObserveOnly"}, SANDBOX_PIN),
}


@pytest.mark.parametrize("title", EDITS_THAT_PASS)
def test_an_edit_that_harms_nothing_passes(control_plane: ControlPlane, namespace: str, title: str) -> None:
    kind, before, after, status = EDITS_THAT_PASS[title]
    apply(control_plane, manifest(kind, "shop", namespace, changed(kind, before)))
    if status:
        write_status(control_plane, kind, "shop", namespace, status)
    apply(control_plane, manifest(kind, "shop", namespace, changed(kind, after)))
    assert get(control_plane, kind, "shop", namespace)["spec"] == changed(kind, after)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(path.parents[1])))
def test_every_sample_is_accepted(control_plane: ControlPlane, path: Path) -> None:
    ours = [doc for doc in yaml.safe_load_all(path.read_text()) if doc["apiVersion"].startswith("caas-operator.dev/")]
    assert ours
    text = yaml.safe_dump_all(ours)
    control_plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", input=text)


@pytest.mark.parametrize("kind", GOOD)
def test_the_least_of_each_kind_is_accepted_and_looks_unseen(control_plane: ControlPlane, kind: str) -> None:
    text = manifest(kind, "least", "default", GOOD[kind])
    done = control_plane.kubectl("apply", "--dry-run=server", "-o", "json", "-f", "-", input=text)
    assert json.loads(done.stdout)["status"] == {"observedGeneration": -1}
    assert json.loads(done.stdout)["spec"] == GOOD[kind]


@pytest.mark.parametrize(
    ("kind", "identity"),
    [(CAAS, {"name": "theirs"}), (INFD, {}), (SBX, {"importId": "cntr_1", "deletionPolicy": "Retain"})],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_observing_needs_nothing_but_the_identity(
    control_plane: ControlPlane, namespace: str, kind: str, identity: Spec
) -> None:
    apply(control_plane, manifest(kind, "theirs", namespace, {"managementPolicy": "ObserveOnly", **identity}))


def test_null_is_the_same_as_left_out(control_plane: ControlPlane, namespace: str) -> None:
    nulls = {"description": None, "env": None, "logging": None}
    apply(control_plane, manifest(CAAS, "shop", namespace, {**GOOD[CAAS], **nulls}))
    assert get(control_plane, CAAS, "shop", namespace)["spec"] == GOOD[CAAS]


def test_what_was_refused_is_accepted_once_it_is_mended(control_plane: ControlPlane, namespace: str) -> None:
    wrong = changed(CAAS, {"scale": {"min": 2, "max": 1}})
    refusal(control_plane, manifest(CAAS, "shop", namespace, wrong))
    apply(control_plane, manifest(CAAS, "shop", namespace, changed(CAAS, {"scale": {"min": 2, "max": 2}})))


def test_two_appliers_share_a_list_of_variables(control_plane: ControlPlane, namespace: str) -> None:
    """Env is a map by name for server-side apply, as a Pod's is."""
    first = manifest(CAAS, "shop", namespace, changed(CAAS, {"env": [{"name": "A", "value": "1"}]}))
    control_plane.kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", input=first)
    second = manifest(CAAS, "shop", namespace, {"env": [{"name": "B", "value": "2"}]})
    control_plane.kubectl("apply", "--server-side", "--field-manager=two", "-f", "-", input=second)
    env = get(control_plane, CAAS, "shop", namespace)["spec"]["env"]
    assert env == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


def test_the_category_lists_every_kind(control_plane: ControlPlane, namespace: str) -> None:
    for kind, spec in GOOD.items():
        if kind != CLUSTER_ACCOUNT:
            apply(control_plane, manifest(kind, "shop", namespace, spec))
    said = control_plane.kubectl("get", "caas-operator", "-n", namespace, "-o", "name").stdout
    assert sorted(line.partition(".")[0] for line in said.split() if line.endswith("/shop")) == [
        "caascontainer",
        "cloudaccount",
        "inferencedeployment",
        "sandboxcontainer",
    ]


def test_the_columns_show_what_status_says(control_plane: ControlPlane, namespace: str) -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Available",
        "message": "It serves",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {
        **PIN,
        "conditions": [ready],
        "endpoint": "https://shop.example.com",
        "observed": {"readyReplicas": 2, "totalReplicas": 3},
    }
    apply(control_plane, manifest(CAAS, "shop", namespace, GOOD[CAAS]))
    write_status(control_plane, CAAS, "shop", namespace, status)
    narrow = control_plane.kubectl("get", "caas", "-n", namespace).stdout.splitlines()
    assert narrow[0].split() == ["NAME", "READY", "REASON", "EXTERNAL-ID", "ENDPOINT", "AGE"]
    assert narrow[1].split()[:5] == ["shop", "True", "Available", "1/76/shop", "https://shop.example.com"]
    wide = control_plane.kubectl("get", "caas", "-n", namespace, "-o", "wide").stdout.splitlines()
    assert wide[0].split()[6:] == ["REPLICAS", "ACCOUNT", "MESSAGE"]
    assert wide[1].split()[6:] == ["2", "gcore", "It", "serves"]


def test_explain_tells_unit_default_and_bounds(control_plane: ControlPlane) -> None:
    said = " ".join(control_plane.kubectl("explain", "caascontainer.spec.scale.triggers.http").stdout.split())
    assert "wakes a container from 0 instances" in said
    assert "Length of the window in seconds, 1 to 3600." in said
