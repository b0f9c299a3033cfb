"""readinessCheck on a real API server: the operator asks addresses that the simulator serves."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import UPDATE, Json, World, condition, world_of

CHECK = {"path": "/healthz"}
WARM_SECONDS = 90


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    """Addresses are local and answer 503 for a while, as fresh ones do."""
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        world.simulator.switch("gcore_addresses", "local")
        world.simulator.switch("address_warm_seconds", WARM_SECONDS)
        with world.operating(readiness_check_networks="127.0.0.0/8"):
            yield world


def message(obj: Json) -> str:
    return str((condition(obj, "Ready") or {}).get("message"))


def waiting(world: World, kind: str, name: str) -> Json | None:
    obj = world.get(kind, name)
    return obj if obj and message(obj).startswith("readinessCheck: waiting for 2xx or 3xx from http://") else None


def asked(world: World, name: str) -> int:
    return sum(f"/{name}/healthz" in entry.path for entry in world.simulator.journal("gcore.workload"))


@pytest.mark.parametrize("kind", UPDATE)
def test_ready_waits_for_the_address_with_one_write_more_and_it_is_never_asked_again(world: World, kind: str) -> None:
    world.create(kind, "warming", readinessCheck=CHECK)
    obj = world.wait(partial(waiting, world, kind, "warming"), told="waiting for the address")
    assert (condition(obj, "Ready") or {})["reason"] == "Provisioning"
    assert (condition(obj, "Reconciling") or {})["status"] == "True"
    assert condition(obj, "Stalled") is None
    assert message(obj).endswith("/warming/healthz")
    world.simulator.advance(WARM_SECONDS)
    world.wait_ready(kind, "warming")
    assert world.writes(kind, "warming") == 4 + world.between(kind), world.write_log(kind, "warming")
    assert not world.events("warming")
    before = asked(world, "warming")
    assert before >= 2
    world.resync()
    world.resync()
    assert asked(world, "warming") == before
    assert world.writes(kind, "warming") == 4 + world.between(kind)


@pytest.mark.parametrize("kind", UPDATE)
def test_a_warm_address_costs_no_write(world: World, kind: str) -> None:
    world.create(kind, "warm")
    world.wait_ready(kind, "warm")
    world.simulator.advance(WARM_SECONDS)
    writes, before = world.writes(kind, "warm"), asked(world, "warm")
    world.edit(kind, "warm", readinessCheck=CHECK)
    world.wait_ready(kind, "warm")
    assert asked(world, "warm") - before == 1
    assert world.writes(kind, "warm") - writes == 1


def test_what_scales_to_zero_is_not_woken(world: World) -> None:
    triggers = {"http": {"rate": 10, "window": 10}}
    scale = {"min": 0, "max": 1, "triggers": triggers}
    world.create("CaasContainer", "sleeping", readinessCheck=CHECK, scale=scale)
    world.wait_ready("CaasContainer", "sleeping")
    assert asked(world, "sleeping") == 0
