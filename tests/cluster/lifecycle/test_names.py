"""Two objects and one name in the cloud: who has it, in any order, over a restart, and after the holder."""

import time
from collections.abc import Iterator
from functools import partial

import pytest

from caas_operator.core.conditions import parse_time
from tests.cluster.control_plane import ControlPlane
from tests.support.world import CREATE, DELETE, UPDATE, World, condition, reason, world_of

OLD_AND_YOUNG = [("a-old", "b-young"), ("b-old", "a-young")]
"""The API server lists by name, so a starting operator meets the older first, or last."""


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.5, operate=False) as world:
        yield world


def conflict(world: World, kind: str, name: str, holder: str) -> None:
    obj = world.wait_condition(kind, name, "Stalled", "True", "Conflict")
    assert f"{kind} {world.namespace}/{holder}" in condition(obj, "Stalled")["message"]  # type: ignore[index]


def born(world: World, kind: str, *names: str) -> None:
    """Objects that want the name `shared`, each older than the next by a second of the API server at least."""
    for name in names:
        obj = world.create(kind, name, name="shared", image=f"{name}:1")
        world.wait(partial(second_is_over, obj["metadata"]["creationTimestamp"]), told="the next second")


def second_is_over(stamp: str) -> bool:
    return time.time() >= parse_time(stamp) + 1.0


@pytest.mark.parametrize(("old", "young"), OLD_AND_YOUNG)
@pytest.mark.parametrize("kind", UPDATE)
def test_of_two_that_wait_for_the_operator_the_older_has_the_name(
    world: World, kind: str, old: str, young: str
) -> None:
    born(world, kind, old, young)
    with world.operating():
        world.wait_ready(kind, old)
        conflict(world, kind, young, old)
        assert [item["image"] for item in world.in_cloud(kind)] == [f"{old}:1"]
        assert len(world.simulator.journal(CREATE[kind])) == 1


@pytest.mark.parametrize("kind", UPDATE)
def test_the_one_with_a_pin_keeps_the_name_from_an_older_that_comes_later(world: World, kind: str) -> None:
    world.create(kind, "old", name="shared", annotations={"caas-operator.dev/paused": "true"})
    with world.operating():
        world.wait_condition(kind, "old", "Ready", "False", "Paused")
        world.create(kind, "young", name="shared")
        world.wait_ready(kind, "young")
        world.annotate(kind, "old", paused=None)
        conflict(world, kind, "old", "young")
        world.wait_ready(kind, "young")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_restart_leaves_the_name_where_it_is(world: World, kind: str) -> None:
    with world.operating() as operator:
        world.create(kind, "young", name="shared")
        world.wait_ready(kind, "young")
        world.create(kind, "a-loser", name="shared")
        conflict(world, kind, "a-loser", "young")
        assert operator.stop() == 0
    writes = {name: world.writes(kind, name) for name in ("young", "a-loser")}
    before = world.simulator.counters()
    with world.operating() as operator:
        listed = {"CaasContainer": "gcore.caas.list", "InferenceDeployment": "gcore.inference.list"}[kind]
        world.wait(lambda: world.simulator.counters().minus(before).get(listed), told="the LIST")
        conflict(world, kind, "a-loser", "young")
        assert operator.stop() == 0
    assert {name: world.writes(kind, name) for name in ("young", "a-loser")} == writes
    assert not set(world.simulator.counters().minus(before)) & {CREATE[kind], UPDATE[kind], DELETE[kind]}


@pytest.mark.parametrize("kind", UPDATE)
def test_after_the_holder_the_oldest_of_those_who_wait_has_the_name(world: World, kind: str) -> None:
    with world.operating():
        world.create(kind, "holder", name="shared")
        world.wait_ready(kind, "holder")
        born(world, kind, "z-second", "a-third")
        for name in ("z-second", "a-third"):
            conflict(world, kind, name, "holder")
        world.delete(kind, "holder")
        world.wait_gone(kind, "holder")
        world.wait_ready(kind, "z-second")
        conflict(world, kind, "a-third", "z-second")
        assert [item["image"] for item in world.in_cloud(kind)] == ["z-second:1"]


@pytest.mark.parametrize("kind", UPDATE)
def test_the_name_is_free_after_a_holder_that_went_while_the_operator_was_down(world: World, kind: str) -> None:
    with world.operating() as operator:
        world.create(kind, "holder", name="shared", deletionPolicy="Retain")
        world.wait_ready(kind, "holder")
        world.create(kind, "heir", name="shared", adoptionPolicy="Always")
        conflict(world, kind, "heir", "holder")
        operator.stop()
    world.delete(kind, "holder")
    with world.operating():
        world.wait_gone(kind, "holder")
        obj = world.wait_ready(kind, "heir")
    assert reason(obj) == "Available"
    assert len(world.simulator.journal(CREATE[kind])) == 1, "what was retained is taken over, not made again"
