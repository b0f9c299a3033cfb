"""The operator dies by SIGKILL while calls are in flight; the next one finds everything and makes nothing twice."""

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import CREATE, DELETE, KINDS, UPDATE, World, world_of

FLEET = 50
FENCE = 75
"""Seconds after which an absence is believed: the longest a POST can be in flight, and some."""


def names(prefix: str) -> list[str]:
    return [f"{prefix}-{number}" for number in range(FLEET)]


def wait_until_all_ready(world: World, kind: str, prefix: str) -> None:
    def ready() -> bool:
        found = [obj for obj in world.objects(kind) if obj["metadata"]["name"].startswith(prefix)]
        return len(found) == FLEET and all(is_ready(obj) for obj in found)

    world.wait(ready, seconds=60, told=f"{FLEET} {kind} are ready")


def is_ready(obj: dict[str, object]) -> bool:
    conditions = {c["type"]: c for c in obj.get("status", {}).get("conditions", ())}  # type: ignore[attr-defined]
    ready = conditions.get("Ready", {})
    generation = obj["metadata"]["generation"]  # type: ignore[index]
    return bool(ready.get("status") == "True" and ready.get("observedGeneration") == generation)


def in_cloud(world: World, kind: str, prefix: str) -> list[str]:
    return sorted(item["name"] for item in world.in_cloud(kind) if item["name"].startswith(prefix))


@pytest.fixture
def world(control_plane: ControlPlane) -> object:
    with world_of(control_plane, task_seconds=0.5, operate=False) as world:
        yield world


@pytest.mark.parametrize("kind", KINDS)
def test_creates_that_were_done_and_not_recorded_are_found(world: World, kind: str) -> None:
    held = world.simulator.fault(CREATE[kind], "hold", when="after")
    with world.operating(task_poll_seconds=0.3) as operator:
        for name in names("half"):
            world.create(kind, name)
        # As many as the operator sends at once are done in the cloud, and their answers are on hold.
        world.wait(lambda: world.simulator.counters().in_flight >= 30, told="creates in flight")
        operator.kill()
    world.simulator.release(held)
    done = len(in_cloud(world, kind, "half"))
    assert done >= 30
    with world.operating():
        world.wait(lambda: len(in_cloud(world, kind, "half")) >= done, told="the fleet")
        world.simulator.advance(FENCE)
        wait_until_all_ready(world, kind, "half")
        assert len(in_cloud(world, kind, "half")) == FLEET
        assert len({obj["status"]["externalId"] for obj in world.objects(kind)}) == FLEET
        for name in names("half"):
            world.delete(kind, name)
        world.wait(lambda: not world.objects(kind), seconds=60, told="everything is gone")
        assert not in_cloud(world, kind, "half")


@pytest.mark.parametrize("kind", KINDS)
def test_deletes_that_were_done_and_not_recorded_are_finished(world: World, kind: str) -> None:
    with world.operating() as operator:
        for name in names("going"):
            world.create(kind, name)
        wait_until_all_ready(world, kind, "going")
        held = world.simulator.fault(DELETE[kind], "hold", when="after")
        for name in names("going"):
            world.delete(kind, name)
        world.wait(lambda: world.simulator.counters().in_flight >= 30, told="deletes in flight")
        operator.kill()
    world.simulator.release(held)
    with world.operating():
        world.wait(lambda: not world.objects(kind), seconds=60, told="everything is gone")
        assert not in_cloud(world, kind, "going")


@pytest.mark.parametrize("kind", UPDATE)
def test_updates_that_were_done_and_not_recorded_are_finished(world: World, kind: str) -> None:
    with world.operating() as operator:
        for name in names("changing"):
            world.create(kind, name)
        wait_until_all_ready(world, kind, "changing")
        held = world.simulator.fault(UPDATE[kind], "hold", when="after")
        for name in names("changing"):
            world.edit(kind, name, image="nginx:1.28")
        world.wait(lambda: world.simulator.counters().in_flight >= 30, told="updates in flight")
        operator.kill()
    world.simulator.release(held)
    with world.operating():
        world.simulator.advance(5)
        wait_until_all_ready(world, kind, "changing")
        images = {item["image"] for item in world.in_cloud(kind)}
        assert images == {"nginx:1.28"}
        assert len(in_cloud(world, kind, "changing")) == FLEET
