"""The operator has the rights that it needs, and no others: shown from the API server's audit log.

Every test of this folder that runs an operator runs it under exactly these rights (tests/support/world.py).
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.support.accounts import SYSTEM_NAMESPACE
from tests.support.operator import running_operator
from tests.support.rights import (
    NAME,
    OPERATOR_USER,
    Right,
    asked,
    granted,
    installed,
    moved,
    of_overlay,
    refused,
    service_account,
)
from tests.support.simulator import Simulator, running_simulator
from tests.support.tls import TlsFront, tls_front
from tests.support.world import CREATE, KINDS, UPDATE, World, world_of

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deploy" / "samples"
BOX, SANDBOX, ACCOUNT, SHARED = "CaasContainer", "SandboxContainer", "CloudAccount", "ClusterCloudAccount"


@pytest.fixture
def clouds(control_plane: ControlPlane) -> Iterator[World]:
    """No operator yet, and nothing that one made before."""
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        made = ("secret/caas-operator-hmac", f"lease.coordination.k8s.io/{NAME}")
        control_plane.kubectl("delete", *made, "-n", SYSTEM_NAMESPACE, "--ignore-not-found")
        world.edit(SHARED, "gcore", allowedNamespaces={"names": None, "selector": {"matchLabels": {"clouds": "yes"}}})
        control_plane.kubectl("label", "namespace", world.namespace, "clouds=yes")
        yield world


@pytest.fixture
def front(clouds: World) -> Iterator[TlsFront]:
    with tls_front(clouds.simulator.urls.gcore) as front:
        yield front


@pytest.fixture
def world(clouds: World, front: TlsFront) -> Iterator[World]:
    """As the chart runs it, with a Lease."""
    with clouds.operating(leader_elect="true", allowed_endpoint_hosts=front.host):
        yield clouds


def test_each_right_is_needed_and_none_is_missing(world: World, front: TlsFront) -> None:
    live_and_die(world)
    read_references_and_export(world)
    forget_a_finished_sandbox(world)
    say_the_same_twice(world)
    look_again_after_a_conflict(world, front)
    rights, used = granted(installed()), asked(world.plane, OPERATOR_USER)
    assert {right for right in rights if not any(right.covers(one) for one in used)} == set(), "granted, never used"
    assert {one for one in used if not any(right.covers(one) for right in rights)} == set(), "used, not granted"
    assert refused(world.plane, OPERATOR_USER) == set()


def live_and_die(world: World) -> None:
    for kind in KINDS:
        world.create(kind, "living")
        world.wait_ready(kind, "living")
    for kind in KINDS:
        world.delete(kind, "living")
        world.wait_gone(kind, "living")


def read_references_and_export(world: World) -> None:
    world.create_config_map("settings", LEVEL="info")
    world.create_secret("tokens", TOKEN="t0ken-5f1c")
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "LEVEL"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "tokens", "key": "TOKEN"}}},
    ]
    world.create(BOX, "exporting", env=env, exportTo={"configMapKeyRef": {"name": "exported", "key": "first"}})
    world.wait_ready(BOX, "exporting")
    wait_exported(world, "first")
    world.edit(BOX, "exporting", exportTo={"configMapKeyRef": {"key": "second"}})
    wait_exported(world, "second")


def wait_exported(world: World, key: str) -> None:
    def there() -> bool:
        found = world.http.get(f"/api/v1/namespaces/{world.namespace}/configmaps/exported")
        return found.status_code == 200 and key in found.json().get("data", {})

    world.wait(there, told=f"{key} exported")


def forget_a_finished_sandbox(world: World) -> None:
    world.create(SANDBOX, "finished", expiresAfter={"minutes": 1}, ttlSecondsAfterFinished=30)
    world.wait_ready(SANDBOX, "finished")
    world.simulator.advance(61)
    world.simulator.advance(61)  # the resync that sees it
    world.wait_condition(SANDBOX, "finished", "Complete", "True")
    world.simulator.advance(61)
    world.wait_gone(SANDBOX, "finished")


def say_the_same_twice(world: World) -> None:
    """An event that is repeated is counted, by a patch."""
    world.create(BOX, "refused")
    world.wait_ready(BOX, "refused")
    world.simulator.fault(UPDATE[BOX], "respond", name="refused", status=400, body={"message": "no such image"})
    for image in ("wrong:1", "nginx:1.27", "wrong:1"):
        world.edit(BOX, "refused", image=image)
        wanted = "True" if image == "nginx:1.27" else "False"
        world.wait_condition(BOX, "refused", "Synced", wanted)
    world.wait(lambda: any(event["count"] > 1 for event in world.events("refused")), told="an event counted")


def look_again_after_a_conflict(world: World, front: TlsFront) -> None:
    """Somebody writes to an object while a call for it is on its way."""
    for kind in KINDS:
        disturbed(world, kind, "disturbed", CREATE[kind], {})
    world.create_secret("own", key=world.simulator.keys.gcore)
    own = {"endpoint": front.url, "apiKeySecretRef": {"name": "own", "key": "key"}, "projectId": 1, "regionId": 76}
    disturbed(world, ACCOUNT, "disturbed", "gcore.*", {"gcore": own, "caBundle": front.ca_bundle})
    world.create(BOX, "owned", accountRef={"kind": ACCOUNT, "name": "disturbed"})
    world.wait_ready(BOX, "owned")
    shared = {
        "endpoint": world.simulator.urls.gcore,
        "apiKeySecretRef": {"namespace": SYSTEM_NAMESPACE, "name": "gcore", "key": "api-key"},
        "projectId": 1,
        "regionId": 76,
    }
    disturbed(world, SHARED, f"disturbed-{world.namespace}", "gcore.*", {"gcore": shared})


def disturbed(world: World, kind: str, name: str, operation: str, spec: dict[str, Any]) -> None:
    named = {"name": f"{name}*"} if kind in KINDS else {}
    held = world.simulator.fault(operation, "hold", **named)
    world.create(kind, name, **spec)
    world.wait(partial(is_held, world, held), told=f"a call for the {kind}")
    for number in range(3):
        world.annotate(kind, name, seen=str(number))
    world.simulator.release(held)
    world.wait_ready(kind, name)


def is_held(world: World, rule: int) -> bool:
    return any(each["id"] == rule and each["used"] for each in world.simulator.faults())


def test_in_namespaced_mode_no_right_in_the_cluster_is_needed(control_plane: ControlPlane, namespace: str) -> None:
    taken = [(kind, name) for kind in ("ClusterRole", "ClusterRoleBinding") for name in (NAME, f"{NAME}-references")]
    rights = moved(of_overlay("namespaced", *taken), {SYSTEM_NAMESPACE: f"of-{namespace}", "team-a": namespace})
    assert not [each for each in rights if each["kind"] == "ClusterRoleBinding"]
    flags = {
        "kubeconfig": str(service_account(control_plane, rights, f"of-{namespace}")),
        "operator_namespace": f"of-{namespace}",
        "namespaces": namespace,
        "environment_account_namespaces": namespace,
        "leader_elect": "true",
    }
    with running_simulator(task_seconds=0.2) as simulator:
        environment = environment_accounts(simulator)
        with running_operator(control_plane, simulator, environment=environment, flags=flags) as operator:
            apply_samples_and_delete(control_plane, namespace)
            assert operator.stop() == 0
    user = f"system:serviceaccount:of-{namespace}:{NAME}"
    assert refused(control_plane, user) == set()
    outside = {right.namespace for right in asked(control_plane, user)} - {namespace, f"of-{namespace}"}
    assert outside == set()


def apply_samples_and_delete(plane: ControlPlane, namespace: str) -> None:
    samples = [f"--filename={path}" for path in SAMPLES.glob("*-minimal.yaml")]
    where = f"--namespace={namespace}"
    plane.kubectl("apply", where, *samples)
    plane.kubectl("wait", where, "--for=condition=Ready", "caas,infd,sbx", "--all", "--timeout=60s")
    plane.kubectl("delete", where, "caas,infd,sbx", "--all", "--timeout=60s")


def environment_accounts(simulator: Simulator) -> dict[str, str]:
    return {
        "GCORE_API_KEY": simulator.keys.gcore,
        "GCORE_BASE_URL": simulator.urls.gcore,
        "GCORE_CLOUD_PROJECT_ID": "1",
        "GCORE_CLOUD_REGION_ID": "76",
        "OPENAI_API_KEY": simulator.keys.openai,
        "OPENAI_BASE_URL": simulator.urls.openai,
    }


def test_a_secret_outside_of_the_tenants_namespaces_is_out_of_reach(control_plane: ControlPlane) -> None:
    with world_of(control_plane, task_seconds=0.2, operate=False) as inside:
        outside = replace(inside, namespace=control_plane.create_namespace())
        taken = ("ClusterRoleBinding", f"{NAME}-references")
        home = f"of-{inside.namespace}"
        rights = moved(of_overlay("tenants", taken), {SYSTEM_NAMESPACE: home, "team-a": inside.namespace})
        kubeconfig = service_account(control_plane, rights, home)
        for unused in ("openai", "gateway"):
            inside.delete(SHARED, unused)
        replace(inside, namespace=home).create_secret("gcore", **{"api-key": inside.simulator.keys.gcore})
        inside.edit(SHARED, "gcore", gcore={"apiKeySecretRef": {"namespace": home}})
        env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "tokens", "key": "TOKEN"}}}]
        with inside.operating(kubeconfig=str(kubeconfig), operator_namespace=home):
            outside.operator = inside.operator
            for world, name in ((inside, "inside"), (outside, "outside")):
                world.create_secret("tokens", TOKEN="t0ken-5f1c")
                world.create(BOX, name, env=env)
            inside.wait_ready(BOX, "inside")
            outside.wait_condition(BOX, "outside", "Synced", "False")
        assert [item["name"] for item in inside.in_cloud(BOX)] == ["inside"]
        user = f"system:serviceaccount:{home}:{NAME}"
        assert refused(control_plane, user) == {Right("get", "", "secrets", outside.namespace, "tokens")}


PEOPLE = {
    ("viewer", "get", "caascontainers"): True,
    ("viewer", "create", "caascontainers"): False,
    ("editor", "create", "caascontainers"): True,
    ("editor", "patch", "cloudaccounts"): True,
    ("editor", "deletecollection", "sandboxcontainers"): True,
    ("editor", "create", "clustercloudaccounts"): False,
    ("editor", "patch", "caascontainers/status"): False,
    ("owner", "update", "inferencedeployments"): True,
    ("owner", "update", "inferencedeployments/status"): False,  # status proves what is an object's own
}


def test_people_get_their_roles_by_aggregation(control_plane_programs: None) -> None:
    with running_control_plane(controller_manager=True) as plane:
        plane.kubectl("apply", "--server-side", f"--filename={ROOT / 'deploy/install.yaml'}")
        where = plane.create_namespace()
        for who, role in (("viewer", "view"), ("editor", "edit"), ("owner", "admin")):
            plane.kubectl("create", "rolebinding", who, f"--clusterrole={role}", f"--user={who}", "-n", where)

        def can(who: str, verb: str, what: str) -> bool:
            resource, _, part = what.partition("/")
            question = ["auth", "can-i", verb, f"{resource}.caas-operator.dev", f"--subresource={part}"]
            return plane.kubectl(*question, f"--as={who}", "-n", where, check=False).stdout.startswith("yes")

        deadline = time.monotonic() + 60
        while not can("owner", "update", "inferencedeployments"):
            assert time.monotonic() < deadline, "the roles are not aggregated"
            time.sleep(0.2)
        assert {question: can(*question) for question in PEOPLE} == PEOPLE


def test_a_missing_right_is_noticed(control_plane: ControlPlane, namespace: str) -> None:
    """That `refused` sees what it should."""
    user = f"nobody-of-{namespace}"
    asking = ["get", "caas", f"--namespace={namespace}"]
    answer = control_plane.kubectl(*asking, kubeconfig=control_plane.kubeconfig_for(user), check=False)
    assert answer.returncode != 0
    assert refused(control_plane, user) == {Right("list", "caas-operator.dev", "caascontainers", namespace)}
