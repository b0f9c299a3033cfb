"""Whole deletions: what goes, what waits, and what it costs."""

from typing import Any

from caas_operator.core.errors import QuotaExceeded, Rejected, Unavailable
from tests.core.passes import BOTH, ready
from tests.support.engine.world import World


async def test_deleting_a_box_costs_two_writes_and_one_delete(world: World) -> None:
    uid = await ready(world)
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert world.boxes.things == {}
    assert world.server.writes == ["status", "metadata"]
    assert world.boxes.calls["delete"] == 1


async def test_deleting_a_cell_costs_two_writes_and_one_delete(world: World) -> None:
    uid = await ready(world, "Cell")
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert world.cells.things == {}
    assert world.server.writes == ["status", "metadata"]
    assert world.cells.calls["delete"] == 1


async def test_that_a_cell_goes_is_said_before_its_delete_is_answered(world: World) -> None:
    uid = await ready(world, "Cell")
    seen = []
    world.server.listeners.append(lambda _, body: seen.append((ready_of(body), world.cells.calls["delete"])))
    world.server.delete(uid)
    await world.run(30)
    assert ("Deleting", 0) in seen
    assert world.server.bodies == {}


def ready_of(body: dict[str, Any]) -> str:
    return str(next(c["reason"] for c in body["status"]["conditions"] if c["type"] == "Ready"))


async def test_ready_is_false_deleting_from_the_first_visit(world: World) -> None:
    world.boxes.task_seconds = 20
    uid = world.server.apply("Box", "one", image="a")
    await world.run(60)
    world.server.delete(uid)
    await world.run(2)
    assert world.server.says(uid) == "False Deleting"
    assert world.server.says(uid, "Synced") == "-"
    assert world.server.finalizers(uid)


async def test_the_object_stays_until_the_resource_is_gone(world: World) -> None:
    world.boxes.task_seconds = 40
    uid = world.server.apply("Box", "one", image="a")
    await world.run(120)
    world.server.delete(uid)
    await world.run(38)
    assert uid in world.server.bodies
    await world.run(30)
    assert world.server.bodies == {}


async def test_an_object_that_never_reached_the_cloud_goes_at_once(world: World) -> None:
    uid = world.server.apply("Box", "one", image="bad")
    await world.run(5)
    world.server.delete(uid)
    await world.run(2)
    assert world.server.bodies == {}
    assert world.boxes.mutations() == 0


@BOTH
async def test_an_object_whose_create_was_refused_goes_without_a_delete(world: World, kind: str) -> None:
    world.cloud(kind).always["create"] = Rejected("no", status=422)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(30)
    world.server.delete(uid)
    await world.run(10)
    assert world.server.bodies == {}
    assert world.cloud(kind).calls["delete"] == 0


@BOTH
async def test_an_object_whose_create_was_refused_goes_although_its_account_is_gone(world: World, kind: str) -> None:
    world.cloud(kind).always["create"] = QuotaExceeded("no", status=400)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(5)
    world.accounts.clear()
    world.server.delete(uid)
    await world.run(10)
    assert world.server.bodies == {}


async def test_a_delete_during_a_running_create_waits_for_its_task(world: World) -> None:
    world.boxes.task_seconds = 30
    uid = world.server.apply("Box", "one", image="a")
    await world.run(5)
    world.server.delete(uid)
    await world.run(20)
    assert world.boxes.calls["delete"] == 0
    assert world.server.says(uid) == "False Deleting"
    await world.run(90)
    assert world.server.bodies == {}
    assert world.boxes.things == {}


@BOTH
async def test_a_delete_right_after_the_apply_leaves_nothing(world: World, kind: str) -> None:
    uid = world.server.apply(kind, "one", image="a")
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.cloud(kind).living() == []


async def test_after_ten_minutes_a_delete_waits_no_longer_for_the_task(world: World) -> None:
    world.boxes.task_seconds = 5000
    uid = world.server.apply("Box", "one", image="a")
    await world.run(5)
    world.server.delete(uid)
    await world.run(580, step=5)
    assert world.boxes.calls["delete"] == 0
    world.boxes.task_seconds = 5
    await world.run(60)
    assert world.boxes.calls["delete"] == 1
    await world.run(60)
    assert world.boxes.things == {}
    assert world.server.bodies == {}


async def test_the_finalizer_stays_while_an_overdue_task_runs_and_the_resource_lives(world: World) -> None:
    world.boxes.task_seconds = 5000
    uid = world.server.apply("Box", "one", image="a")
    await world.run(700, step=5)
    world.server.delete(uid)
    await world.run(10)
    assert uid in world.server.bodies or world.boxes.things == {}


async def test_a_deletion_that_is_followed_again_after_long_is_no_hot_loop(world: World) -> None:
    """The operator was down while the task ran, and the cloud says nothing of it yet."""
    uid = await ready(world)
    world.boxes.task_seconds = 5000.0
    world.server.delete(uid)
    await world.run(10)
    await world.process.stop()
    await world.clock.advance(1000)
    world.boxes.always["tasks"] = world.boxes.always["task"] = Unavailable("no", status=503)
    process = world.start()
    await world.run(100)
    assert process.passes < 10
