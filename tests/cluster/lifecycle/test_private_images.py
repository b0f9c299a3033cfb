"""imagePullSecretRef end to end: a login of the object's own, made before it, kept in step, gone after it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import CREATE, DELETE, UPDATE, Json, World, condition, world_of

IMAGE = "registry.example.com/team/app:1.0"
FENCE = 75
"""Seconds after which an absence is believed, and more than a resync."""
FIRST, SECOND = "first-pw-81c2", "second-pw-93d4"


@dataclass(frozen=True)
class Login:
    """What a kind's login is called: in the simulator's state, on the resource, and in the journal."""

    state: str
    named_by: str
    calls: str
    update: str


LOGINS = {
    "CaasContainer": Login("pull_secrets", "pull_secret", "gcore.pull_secrets", "gcore.pull_secrets.update"),
    "InferenceDeployment": Login(
        "registry_credentials", "credentials_name", "gcore.registry_credentials", "gcore.registry_credentials.replace"
    ),
}
EACH = pytest.mark.parametrize("kind", LOGINS)


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        yield world


def document(password: str) -> str:
    return json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": password}}})


def create(world: World, kind: str, name: str, **spec: Any) -> Json:
    """An object with a Secret of its own."""
    world.create_secret(secret_of(kind, name), **{".dockerconfigjson": document(FIRST)})
    return world.create(kind, name, **({"image": IMAGE, "imagePullSecretRef": {"name": secret_of(kind, name)}} | spec))


def secret_of(kind: str, name: str) -> str:
    return f"{kind.lower()}-{name}"


def rotate(world: World, kind: str, name: str) -> None:
    world.change_secret(secret_of(kind, name), **{".dockerconfigjson": document(SECOND)})


def logins(world: World, kind: str) -> dict[str, str]:
    """The passwords of the operator's logins in the cloud, by name."""
    found = {item["name"]: item["password"] for item in world.simulator.listed(LOGINS[kind].state)}
    return {name: password for name, password in found.items() if name != "theirs"}


def named(world: World, kind: str, name: str) -> str:
    """The login that a resource names."""
    (item,) = [item for item in world.in_cloud(kind) if item["name"] == name]
    return str(item[LOGINS[kind].named_by] or "")


def calls(world: World, kind: str) -> list[str]:
    """What was asked about logins, without the lists."""
    prefix = LOGINS[kind].calls
    found = [entry.operation.removeprefix(f"{prefix}.") for entry in world.simulator.journal(f"{prefix}.*")]
    return [verb for verb in found if verb != "list"]


@EACH
def test_a_login_is_made_rotated_and_deleted_with_its_object(world: World, kind: str) -> None:
    world.simulator.clear_journal()
    with world.operating(log_level="debug") as operator:
        create(world, kind, "private")
        world.wait_ready(kind, "private")
        own = named(world, kind, "private")
        assert own.startswith("caas-operator-")
        assert logins(world, kind) == {own: FIRST}
        assert world.writes(kind, "private") == 3 + world.between(kind)
        order = [e.operation for e in world.simulator.journal() if e.method == "POST"]
        assert order == [f"{LOGINS[kind].calls}.create", CREATE[kind]]

        rotate(world, kind, "private")
        world.simulator.advance(70)
        world.wait(lambda: logins(world, kind) == {own: SECOND}, told="the new password")
        world.wait_ready(kind, "private")
        assert not world.simulator.journal(UPDATE[kind])

        world.delete(kind, "private")
        world.wait_gone(kind, "private")
        assert logins(world, kind) == {}
        assert calls(world, kind)[0] == "create"
        assert calls(world, kind)[-1] == "delete"
        said = operator.log.read_text(encoding="utf-8") + world.http.get("/api/v1/events").text
        for password in (FIRST, SECOND):
            assert password not in said


def test_cleared_on_a_deployment_it_is_detached_and_then_deleted(world: World) -> None:
    kind = "InferenceDeployment"
    with world.operating():
        create(world, kind, "cleared")
        world.wait_ready(kind, "cleared")
        world.simulator.clear_journal()
        world.edit(kind, "cleared", imagePullSecretRef=None)
        world.wait_ready(kind, "cleared")
        assert named(world, kind, "cleared") == ""
        assert logins(world, kind) == {}
        changed = [e.operation for e in world.simulator.journal() if e.method in {"PATCH", "DELETE"}]
        assert changed == [UPDATE[kind], f"{LOGINS[kind].calls}.delete"]
        world.delete(kind, "cleared")
        world.wait_gone(kind, "cleared")


def test_a_container_cannot_lose_it_but_change_it_for_another(world: World) -> None:
    """No call takes a pull secret back; one takes another's place."""
    kind = "CaasContainer"
    theirs = {"name": "theirs", "registry": "registry.example.com", "login": "them", "password": "their-password"}
    world.simulator.change("create", "pull_secret", project=1, region=76, body=theirs)
    with world.operating():
        create(world, kind, "kept")
        world.wait_ready(kind, "kept")
        own = named(world, kind, "kept")
        world.edit(kind, "kept", imagePullSecretRef=None)
        obj = world.wait_condition(kind, "kept", "Stalled", "True", "ImmutableField")
        stalled = condition(obj, "Stalled")
        assert stalled
        assert "spec.imagePullSecretRef: cannot be removed" in stalled["message"]
        assert logins(world, kind) == {own: FIRST}
        world.edit(kind, "kept", pullSecret="theirs")
        world.wait_ready(kind, "kept")
        assert named(world, kind, "kept") == "theirs"
        world.delete(kind, "kept")
        world.wait_gone(kind, "kept")
        assert [item["name"] for item in world.simulator.listed("pull_secrets")] == ["theirs"]


@EACH
def test_a_secret_that_fits_not_is_told_and_nothing_is_made(world: World, kind: str) -> None:
    with world.operating():
        create(world, kind, "unfit", image="nginx:1.27")
        obj = world.wait_condition(kind, "unfit", "Stalled", "True", "InvalidSpec")
        stalled = condition(obj, "Stalled")
        assert stalled
        told = f"Secret {secret_of(kind, 'unfit')} has no login for docker.io, the registry of spec.image"
        assert stalled["message"] == f"spec.imagePullSecretRef: {told}"
        assert logins(world, kind) == {}
        world.edit(kind, "unfit", image=IMAGE)
        world.wait_ready(kind, "unfit")
        world.delete(kind, "unfit")
        world.wait_gone(kind, "unfit")


def steps(world: World, kind: str, name: str) -> dict[str, Callable[[], object]]:
    """By the call that is to hang: what a user does before it. The other calls follow by themselves."""
    own = LOGINS[kind].calls
    return {
        f"{own}.create": lambda: create(world, kind, name),
        CREATE[kind]: lambda: None,
        LOGINS[kind].update: lambda: rotate(world, kind, name),
        DELETE[kind]: lambda: world.delete(kind, name),
        f"{own}.delete": lambda: None,
    }


@EACH
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_it_leaves_one_of_each_and_then_nothing(world: World, kind: str, when: str) -> None:
    """Each call in turn hangs, before or after the cloud has done it, and the operator dies of SIGKILL meanwhile."""
    name = f"killed-{when}"
    for operation, begin in steps(world, kind, name).items():
        held = world.simulator.fault(operation, "hold", when=when)
        with world.operating() as operator:
            begin()
            world.simulator.advance(FENCE)
            world.wait(lambda: world.simulator.counters().in_flight >= 1, told=f"{operation} in flight")
            operator.kill()
        world.simulator.release(held)
        world.simulator.clear_faults(held)
        if operation in {CREATE[kind], LOGINS[kind].update}:
            with world.operating():
                world.simulator.advance(FENCE)
                password = FIRST if operation == CREATE[kind] else SECOND
                world.wait(lambda: list(logins(world, kind).values()) == [password], told=password)  # noqa: B023 - called here
                world.wait_ready(kind, name)
                assert list(logins(world, kind)) == [named(world, kind, name)]
    with world.operating():
        # The create was never recorded: of it, too, an absence is believed only after the fence.
        world.simulator.advance(FENCE)
        world.wait_gone(kind, name)
    assert logins(world, kind) == {}
    assert not [item for item in world.in_cloud(kind) if item["name"] == name]
