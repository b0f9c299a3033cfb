"""Five hundred objects of each kind converge while one of each kind keeps failing, and then their clouds fail."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.simulator import Counters
from tests.support.world import CREATE, KINDS, PATIENCE, World, condition, world_of

FLEET = 500
BROKEN: dict[str, dict[str, Any]] = {
    "CaasContainer": {"effect": "task_error", "text": "no more bits"},
    "InferenceDeployment": {"effect": "respond", "status": 503},
    "SandboxContainer": {"effect": "respond", "status": 403},
}


LISTS = ("gcore.caas.list", "gcore.inference.list", "openai.containers.list")
CHECKS = ("gcore.projects.list", "openai.containers.list", "gateway.containers.list")


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    """The fleet is Ready, whatever becomes of the broken ones."""
    with world_of(control_plane, task_seconds=1) as world:
        begin(world)
        yield world


def begin(world: World) -> None:
    for kind in KINDS:
        world.simulator.fault(CREATE[kind], name="broken*", **BROKEN[kind])
        world.create(kind, "broken")
    with ThreadPoolExecutor(8) as pool:
        for kind in KINDS:
            list(pool.map(partial(world.create, kind), (f"one-{number}" for number in range(FLEET))))
    for kind in KINDS:
        world.wait(partial(all_ready, world, kind), seconds=4 * PATIENCE, told=f"{FLEET} {kind} are ready")


def test_a_fleet_converges_and_one_broken_object_of_each_kind_delays_nobody(world: World) -> None:
    for kind in KINDS:
        obj = world.get(kind, "broken")
        assert obj is not None
        assert condition(obj, "Ready")["status"] == "False"  # type: ignore[index]
        # One that is about to fail is listed for as long as its task runs.
        made = [item["name"] for item in world.in_cloud(kind) if item["name"] != "broken"]
        assert len(made) == len(set(made)) == FLEET
        assert world.simulator.counters().calls(CREATE[kind]) <= FLEET + 20
        writes = max(world.writes(kind, f"one-{number}") for number in (0, FLEET - 1))
        assert writes <= 3 + world.between(kind)


def all_ready(world: World, kind: str) -> bool:
    ready = [obj for obj in world.objects(kind) if (condition(obj, "Ready") or {}).get("status") == "True"]
    return len(ready) == FLEET


def test_an_outage_of_ten_minutes_is_told_by_the_accounts_alone_and_ends_without_a_burst(world: World) -> None:
    world.simulator.switch("list_refreshes", "no")  # else each LIST is a use, and moves the sandboxes' expiresAt
    for kind in KINDS:
        world.delete(kind, "broken")
    for kind in KINDS:
        world.wait(partial(is_going, world, kind), told="no more is tried to make it")
    world.simulator.advance(75)  # whether a create that was answered with 503 was done is known only by then
    for kind in KINDS:
        world.wait_gone(kind, "broken", seconds=60)
    world.resync()
    before = fleet_writes(world)
    world.simulator.clear_journal()
    for effect in ({"effect": "respond", "status": 503}, {"effect": "drop"}):
        fault = world.simulator.fault("*", **effect)
        for _ in range(5):
            tried = world.simulator.counters()
            world.simulator.advance(60)
            world.wait(partial(all_tried, world, tried), told="each scope was asked for")
        for account in ("gcore", "openai"):
            obj = world.wait_condition("ClusterCloudAccount", account, "Ready", "False", "CloudError")
            assert condition(obj, "Ready")["message"]  # type: ignore[index]
        world.simulator.clear_faults(fault)
    outage = Counter(world.simulator.counters().operations)
    assert outage.keys() <= {*LISTS, *CHECKS}, "nothing was tried but to look"
    assert max(outage.values()) <= 40, outage

    world.simulator.clear_journal()
    world.simulator.advance(61)
    for account in ("gcore", "openai"):
        world.wait_ready("ClusterCloudAccount", account)
    world.resync()
    after = Counter(world.simulator.counters().operations)
    assert after.keys() <= {*LISTS, *CHECKS}, "nothing was to be mended"
    assert all(after[one] <= 4 for one in LISTS if one.startswith("gcore")), after
    assert after["openai.containers.list"] <= 4 * (FLEET // 100 + 1), "five pages a LIST, and the checks"
    assert fleet_writes(world) == before
    assert all(all_ready(world, kind) for kind in KINDS)


def is_going(world: World, kind: str) -> bool:
    obj = world.get(kind, "broken")
    return obj is None or (condition(obj, "Ready") or {}).get("reason") == "Deleting"


def all_tried(world: World, since: Counters) -> bool:
    asked = world.simulator.counters().minus(since)
    return all(asked.get(operation) for operation in LISTS)


def fleet_writes(world: World) -> dict[str, int]:
    return {kind: sum(name.startswith("one-") for name, _ in world.all_writes(kind)) for kind in KINDS}
