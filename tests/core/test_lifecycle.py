"""Whole passes of the engine: create, ready, edit, drift, and what each costs."""

from collections import Counter

from tests.core.passes import BOTH, ready
from tests.support.engine.world import World


async def test_a_box_becomes_ready_with_three_writes_and_one_post(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.server.writes == ["metadata", "status", "status"]
    assert world.boxes.calls == Counter(create=1, list=2, tasks=3)


async def test_a_cell_becomes_ready_with_two_writes_and_one_post(world: World) -> None:
    uid = world.server.apply("Cell", "one", image="a")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.server.writes == ["metadata", "status"]
    assert world.cells.calls == Counter(create=1, list=1)


async def test_status_names_the_resource_and_the_place(world: World) -> None:
    uid = await ready(world, size=2)
    status = world.server.status(uid)
    assert status["externalId"] == "1/one"
    assert status["account"]["name"] == "main"
    assert status["appliedFields"] == ["size"]
    assert status["endpoint"] == "https://one.example"
    assert status["observedGeneration"] == 1


@BOTH
async def test_an_hour_of_peace_writes_nothing(world: World, kind: str) -> None:
    await ready(world, kind)
    await world.run(3600, step=5)
    assert world.server.writes == []
    assert world.cloud(kind).mutations() == 0
    assert world.cloud(kind).calls["list"] <= 62


@BOTH
async def test_a_restart_writes_nothing(world: World, kind: str) -> None:
    await ready(world, kind)
    await world.restart()
    await world.run(600)
    assert world.server.writes == []
    assert world.cloud(kind).mutations() == 0


async def test_an_edit_costs_two_writes_and_one_patch(world: World) -> None:
    uid = await ready(world)
    world.server.edit(uid, image="b")
    await world.run(30)
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["observedGeneration"] == 2
    assert world.server.writes == ["status", "status"]
    assert world.boxes.calls["update"] == 1


async def test_ready_keeps_its_old_generation_until_the_edit_has_converged(world: World) -> None:
    uid = await ready(world)
    world.server.edit(uid, image="b")
    await world.run(1)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 1)
    assert world.server.says(uid, "Reconciling") == "True Updating"
    await world.run(10)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert shown["observedGeneration"] == 2


async def test_an_edit_during_the_create_waits_for_its_task(world: World) -> None:
    world.boxes.task_seconds = 10
    uid = world.server.apply("Box", "one", image="a")
    await world.run(3)
    world.server.edit(uid, image="b")
    await world.run(3)
    assert world.boxes.calls["update"] == 0
    await world.run(30)
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 1


async def test_several_edits_at_once_end_in_the_last(world: World) -> None:
    uid = await ready(world)
    for image in "bcde":
        world.server.edit(uid, image=image)
    await world.run(30)
    assert world.boxes.things["1/one"].wire["image"] == "e"
    assert world.boxes.calls["update"] == 1
    assert world.server.status(uid)["observedGeneration"] == 5


async def test_drift_is_seen_by_the_shared_list_and_corrected(world: World) -> None:
    uid = await ready(world)
    world.boxes.things["1/one"].wire["image"] = "by hand"
    await world.run(90)
    assert world.boxes.things["1/one"].wire["image"] == "a"
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["update"] == 1


async def test_a_lost_marker_is_drift(world: World) -> None:
    await ready(world)
    world.boxes.things["1/one"].wire["marker"] = None
    await world.run(90)
    assert world.boxes.things["1/one"].wire["marker"]


async def test_an_update_that_cures_nothing_is_not_repeated_in_a_hot_loop(world: World) -> None:
    uid = await ready(world)
    thing = world.boxes.things["1/one"]

    class Stubborn(dict[str, object]):
        def update(self, *args: object, **more: object) -> None:
            """The cloud takes the PATCH and keeps its value."""

    thing.wire = Stubborn(thing.wire)
    world.server.edit(uid, image="b")
    await world.run(3600, step=5)
    assert world.server.says(uid, "Synced") == "False DriftDetected"
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["update"] <= 30
    assert len(world.server.writes) <= 3, "one disturbance, one write"


async def test_a_field_that_left_the_spec_is_cleared(world: World) -> None:
    uid = await ready(world, size=3)
    world.server.edit(uid, size=None)
    await world.run(30)
    assert world.boxes.things["1/one"].wire["size"] is None
    assert world.server.status(uid)["appliedFields"] == []


async def test_a_resource_that_vanished_is_made_again(world: World) -> None:
    uid = await ready(world)
    del world.boxes.things["1/one"]
    await world.run(120)
    assert list(world.boxes.things) == ["1/one"]
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 1


async def test_suspend_is_ready_suspended_and_comes_back(world: World) -> None:
    uid = await ready(world)
    world.server.edit(uid, suspend=True)
    await world.run(30)
    assert world.server.says(uid) == "True Suspended"
    world.server.edit(uid, suspend=None)
    await world.run(30)
    assert world.server.says(uid) == "True Available"
