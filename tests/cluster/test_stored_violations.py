"""Objects that were stored under a laxer schema must not be stuck under this one.

CEL cannot see a deletion, so a rule that judged the whole object would refuse the patch that drops the finalizer. The
lax schema is served under a group of its own, so that the real one stays as it is.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from caas_operator.core.definition import ResourceDefinition
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kube.crd import crd
from tests.cluster.control_plane import ControlPlane

GROUP = "stored.example.com"
NAME = "a." + "name-that-is-too-long-for-any-of-the-clouds" * 2

VIOLATIONS: dict[str, dict[str, Any]] = {
    "CaasContainer": {
        "projectId": 1,
        "projectName": "x",
        "pullSecret": "there",
        "imagePullSecretRef": {"name": "here"},
        "env": [{"name": "A"}],
        "scale": {"min": 5, "max": 1},
        "timeout": 9999,
    },
    "InferenceDeployment": {"regions": [{"scale": {"min": 5, "max": 1}}] * 2, "livenessProbe": {}},
    "SandboxContainer": {
        "provider": "openai",
        "networkPolicy": {"type": "allowlist", "domainSecrets": [{"domain": "a", "name": "b", "value": "c"}]},
        "keepAlive": True,
        "adoptionPolicy": "Always",
        "managementPolicy": "ObserveOnly",
    },
}


def without_rules(schema: Any) -> Any:
    """The schema with types alone."""
    bounds = {"maximum", "minimum", "pattern", "enum", "maxLength", "required"}
    bounds |= {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}
    if isinstance(schema, list):
        return [without_rules(item) for item in schema]
    if isinstance(schema, dict):
        return {key: without_rules(value) for key, value in schema.items() if key not in bounds or key == "properties"}
    return schema


def as_stored(definition: ResourceDefinition) -> dict[str, Any]:
    made = crd(definition)
    made["metadata"]["name"] = f"{definition.plural}.{GROUP}"
    made["spec"]["group"] = GROUP
    made["spec"]["names"] |= {"categories": [], "shortNames": []}
    return made


def eventually(true: Callable[[], bool], what: str) -> None:
    """The API server takes up a changed CRD a little later, and says nothing when it has."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.1)


@pytest.fixture(params=VIOLATIONS)
def definition(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Iterator[ResourceDefinition]:
    (found,) = (each for each in DEFINITIONS if each.kind == request.param)
    yield found
    control_plane.kubectl("delete", "crd", f"{found.plural}.{GROUP}", "--wait=false", "--ignore-not-found")


@pytest.fixture
def stored(control_plane: ControlPlane, namespace: str, definition: ResourceDefinition) -> tuple[str, ...]:
    """An object that breaks many rules, stored before they were made; as arguments for kubectl."""
    strict = as_stored(definition)
    lax = as_stored(definition)
    version = lax["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"] = without_rules(version["schema"]["openAPIV3Schema"])

    def manifest(name: str) -> str:
        metadata = {"name": name, "namespace": namespace, "finalizers": ["caas-operator.dev/cleanup"]}
        spec = VIOLATIONS[definition.kind]
        api = {"apiVersion": f"{GROUP}/v1alpha1", "kind": definition.kind}
        return json.dumps({**api, "metadata": metadata, "spec": spec})

    def accepted(*options: str) -> bool:
        name = "another" if options else NAME
        return control_plane.kubectl("create", *options, "-f", "-", input=manifest(name), check=False).returncode == 0

    control_plane.kubectl("apply", "-f", "-", input=json.dumps(lax))
    eventually(accepted, "the lax schema takes the object")
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(strict))
    eventually(lambda: not accepted("--dry-run=server"), "the strict schema refuses another one like it")
    return (f"{definition.plural}.{GROUP}", NAME, "-n", namespace)


def test_a_stored_violation_takes_the_operators_patches_and_goes(
    control_plane: ControlPlane, stored: tuple[str, ...]
) -> None:
    def patch(change: dict[str, Any], *options: str) -> str:
        text = json.dumps(change)
        return control_plane.kubectl("patch", *stored, *options, "--type=merge", "-p", text).stdout

    pin = {"externalId": "cntr_1", "account": {"kind": "CloudAccount", "name": "a"}}
    patch({"metadata": {"annotations": {"caas-operator.dev/create-intent": "{}"}}})
    patch({"status": {"observedGeneration": 1, **pin}}, "--subresource=status")
    patch({"status": {"observedGeneration": 2}}, "--subresource=status")
    control_plane.kubectl("delete", *stored, "--wait=false")
    patch({"status": {"observedGeneration": 3}}, "--subresource=status")
    patch({"metadata": {"annotations": {"caas-operator.dev/paused": "true"}}})
    patch({"metadata": {"finalizers": None}})
    gone = control_plane.kubectl("get", *stored, "--ignore-not-found", "-o", "name").stdout
    assert gone == ""


def test_a_stored_violation_may_be_mended_but_not_made_worse(
    control_plane: ControlPlane, stored: tuple[str, ...], definition: ResourceDefinition
) -> None:
    change = {"spec": {"accountRef": {"kind": "Nonsense", "name": "a"}}}
    done = control_plane.kubectl("patch", *stored, "--type=merge", "-p", json.dumps(change), check=False)
    assert done.returncode != 0
    assert "spec.accountRef.kind" in done.stderr
    control_plane.kubectl("patch", *stored, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
    control_plane.kubectl("delete", *stored)
