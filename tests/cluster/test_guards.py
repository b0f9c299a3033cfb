"""The spend guards of deploy/samples/guards, on a real API server with the controllers that count."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane, running_control_plane

ROOT = Path(__file__).parents[2]
GUARDS = ROOT / "deploy" / "samples" / "guards"
FINALIZER = "caas-operator.dev/cleanup"
Spec = dict[str, Any]

SCALE = {"min": 1, "max": 1}
SMALL: dict[str, Spec] = {
    "CaasContainer": {"image": "nginx", "listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": SCALE},
    "InferenceDeployment": {
        "image": "nginx",
        "listeningPort": 80,
        "flavor": "inference-4vcpu-16gib",
        "regions": [{"regionId": 76, "scale": SCALE}],
    },
    "SandboxContainer": {},
}
LIMITS = {
    "container-flavors": "80mCPU-128MiB, 160mCPU-256MiB",
    "inference-flavors": "inference-4vcpu-16gib",
    "max-replicas": "4",
    "sandbox-memory": "1g,4g",
    "sandbox-max-seconds": "3600",
}
FOREVER = {"keepAlive": True, "activeDeadlineSeconds": 3600}

WITHIN: list[tuple[str, Spec]] = [
    ("CaasContainer", {"flavor": "160mCPU-256MiB", "scale": {"min": 1, "max": 4}}),
    ("InferenceDeployment", {"regions": [{"regionId": r, "scale": {"min": 0, "max": 2}} for r in (6, 76)]}),
    ("SandboxContainer", {"memoryLimit": "4g"}),
    ("SandboxContainer", FOREVER),
    ("SandboxContainer", {"activeDeadlineSeconds": 7200}),
]
BEYOND: list[tuple[str, Spec, str]] = [
    (
        "CaasContainer",
        {"flavor": "330mCPU-512MiB"},
        "spec.flavor: this namespace may use 80mCPU-128MiB, 160mCPU-256MiB",
    ),
    ("CaasContainer", {"scale": {"min": 1, "max": 5}}, "spec.scale.max: this namespace may have 4 replicas"),
    ("InferenceDeployment", {"flavor": "inference-16vcpu-232gib-1xh100-80gb"}, "spec.flavor: this namespace may use"),
    (
        "InferenceDeployment",
        {"regions": [{"regionId": r, "scale": {"min": 0, "max": 3}} for r in (6, 76)]},
        "spec.regions: this namespace may have 4 replicas of one object, not 6",
    ),
    ("SandboxContainer", {"memoryLimit": "16g"}, "spec.memoryLimit: this namespace may use 1g,4g, not 16g"),
    ("SandboxContainer", FOREVER | {"activeDeadlineSeconds": 3601}, "spec.activeDeadlineSeconds"),
    ("SandboxContainer", {"expiryPolicy": "Recreate", "activeDeadlineSeconds": 9999}, "spec.activeDeadlineSeconds"),
]


@pytest.fixture(scope="module")
def plane(control_plane_programs: None) -> Iterator[ControlPlane]:
    """One of its own: policies hold for a whole cluster, and the quota needs its controller."""
    with running_control_plane(controller_manager=True) as plane:
        plane.kubectl("apply", "--server-side", f"--filename={ROOT / 'crds'}")
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={ROOT / 'crds'}")
        plane.kubectl("apply", f"--filename={GUARDS}")
        limited = namespace(plane, **LIMITS)
        for kind, spec, said in BEYOND:
            wait(partial(refused_as, plane, limited, kind, spec, said), said)
        protected = create(plane, limited, "CaasContainer", "first", deletionProtection=True)
        wait(lambda: plane.kubectl("delete", *protected, "--dry-run=server", check=False).returncode, "protection")
        yield plane


def wait(holds: Callable[[], object], told: str, seconds: float = 90, every: float = 0.1) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not in {seconds:.0f} s: {told}"
        time.sleep(every)


def namespace(plane: ControlPlane, **limits: str) -> str:
    name = plane.create_namespace()
    limit(plane, name, **limits)
    return name


def limit(plane: ControlPlane, name: str, **limits: str) -> None:
    given = [f"caas-operator.dev/{key.replace('_', '-')}={value}" for key, value in limits.items()]
    if given:
        plane.kubectl("annotate", "namespace", name, "--overwrite", *given)


def manifest(kind: str, name: str, spec: Spec) -> str:
    whole = SMALL[kind] | spec
    return json.dumps(
        {"apiVersion": "caas-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": whole}
    )


def create(plane: ControlPlane, where: str, kind: str, name: str, **spec: object) -> tuple[str, ...]:
    """The object's address for kubectl."""
    plane.kubectl("create", "-n", where, "-f", "-", input=manifest(kind, name, spec))
    return (kind, name, "-n", where)


def refusal(plane: ControlPlane, where: str, kind: str, name: str, spec: Spec) -> str:
    """What kubectl says to it; nothing if it would be accepted. Nothing is kept."""
    text = manifest(kind, name, spec)
    return plane.kubectl("create", "--dry-run=server", "-n", where, "-f", "-", input=text, check=False).stderr


def refused_as(plane: ControlPlane, where: str, kind: str, spec: Spec, said: str) -> bool:
    return said in refusal(plane, where, kind, "early", spec)


def patched(plane: ControlPlane, thing: tuple[str, ...], body: Spec, *options: str) -> str:
    """What kubectl says to a patch; nothing if it was accepted."""
    return plane.kubectl("patch", *thing, "--type=merge", "-p", json.dumps(body), *options, check=False).stderr


@pytest.mark.parametrize(("kind", "spec"), WITHIN)
def test_what_the_namespace_may_spend_is_accepted(plane: ControlPlane, kind: str, spec: Spec) -> None:
    assert refusal(plane, namespace(plane, **LIMITS), kind, "within", spec) == ""


@pytest.mark.parametrize(("kind", "spec", "said"), BEYOND)
def test_more_is_refused_with_the_field_and_the_limit(plane: ControlPlane, kind: str, spec: Spec, said: str) -> None:
    answer = refusal(plane, namespace(plane, **LIMITS), kind, "beyond", spec)
    assert said in answer
    assert "Forbidden" in answer


@pytest.mark.parametrize(("kind", "spec", "said"), BEYOND)
def test_a_namespace_without_limits_has_none(plane: ControlPlane, kind: str, spec: Spec, said: str) -> None:
    assert refusal(plane, namespace(plane), kind, "beyond", spec) == ""


def test_what_only_observes_is_not_limited(plane: ControlPlane) -> None:
    spec = {"managementPolicy": "ObserveOnly", "scale": {"min": 1, "max": 25}}
    assert refusal(plane, namespace(plane, **LIMITS), "CaasContainer", "watched", spec) == ""


def test_a_limit_that_is_no_number_lets_nothing_through(plane: ControlPlane) -> None:
    assert "conversion" in refusal(plane, namespace(plane, max_replicas="four"), "CaasContainer", "any", {})


@pytest.mark.parametrize(("kind", "spec", "said"), BEYOND)
def test_an_object_older_than_the_limits_can_be_reported_on_and_deleted(
    plane: ControlPlane, kind: str, spec: Spec, said: str
) -> None:
    where = namespace(plane)
    thing = create(plane, where, kind, "older", **spec)
    assert patched(plane, thing, {"metadata": {"finalizers": [FINALIZER]}}) == ""
    limit(plane, where, **LIMITS)
    edit = {"spec": {"deletionProtection": False}}
    wait(lambda: said in patched(plane, thing, edit), "the edited object is judged")
    assert patched(plane, thing, {"status": {"externalId": "there"}}, "--subresource=status") == ""
    plane.kubectl("delete", *thing, "--wait=false")
    assert patched(plane, thing, {"metadata": {"finalizers": None}}) == ""
    wait(lambda: plane.kubectl("get", *thing, check=False).returncode, "gone")


def test_an_edit_back_into_the_limits_is_accepted(plane: ControlPlane) -> None:
    where = namespace(plane)
    thing = create(plane, where, "CaasContainer", "shrinks", scale={"min": 1, "max": 9})
    limit(plane, where, **LIMITS)
    wait(lambda: patched(plane, thing, {"spec": {"scale": {"max": 8}}}), "judged")
    assert patched(plane, thing, {"spec": {"scale": {"max": 4}}}) == ""


@pytest.mark.parametrize("kind", SMALL)
def test_a_protected_object_is_not_deleted_until_it_is_freed(plane: ControlPlane, kind: str) -> None:
    where = namespace(plane)
    kept = create(plane, where, kind, "kept", deletionProtection=True)
    free = create(plane, where, kind, "free")
    for refused in (kept, (kind, "--all", "-n", where)):
        done = plane.kubectl("delete", *refused, check=False)
        assert "set it to false first" in done.stderr
    assert plane.kubectl("get", *free, check=False).returncode
    assert patched(plane, kept, {"spec": {"deletionProtection": False}}) == ""
    plane.kubectl("delete", *kept)


def test_the_quota_counts_objects(plane: ControlPlane) -> None:
    """The controller looks for new kinds every 30 s, and counts an unchanged quota anew every five minutes only."""
    where = namespace(plane)
    hard = dict.fromkeys(quota()["spec"]["hard"], "1")
    changes = count(1)

    def in_force() -> bool:
        body = quota() | {"metadata": {"name": "cloud"}, "spec": {"hard": hard | {"pods": str(next(changes))}}}
        plane.kubectl("apply", "-n", where, "-f", "-", input=json.dumps(body))
        shown = json.loads(plane.kubectl("get", "quota", "cloud", "-n", where, "-o", "json").stdout)
        return set(hard) <= set(shown.get("status", {}).get("used", {}))

    wait(in_force, "the quota is in force", every=1)
    for kind in SMALL:
        create(plane, where, kind, "first")
        assert "exceeded quota: cloud" in refusal(plane, where, kind, "second", {})


def quota() -> Spec:
    documents = yaml.safe_load_all((GUARDS / "namespace.yaml").read_text(encoding="utf-8"))
    found: Spec = next(document for document in documents if document["kind"] == "ResourceQuota")
    return found


def test_the_policies_are_well_typed(plane: ControlPlane) -> None:
    def policies() -> list[Spec]:
        found = json.loads(plane.kubectl("get", "validatingadmissionpolicies", "-o", "json").stdout)["items"]
        return [policy for policy in found if policy["metadata"]["name"].endswith("caas-operator.dev")]

    wait(lambda: all(policy.get("status", {}).get("observedGeneration") for policy in policies()), "checked")
    assert len(policies()) == 4
    warnings = {policy["metadata"]["name"]: policy["status"].get("typeChecking") or {} for policy in policies()}
    assert {name: found for name, found in warnings.items() if found.get("expressionWarnings")} == {}
