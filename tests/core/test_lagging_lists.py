"""LISTs that show a resource only a while after its create has ended: an absence proves nothing until then."""

import pytest

from tests.core.passes import BOTH, SETTLED
from tests.support.engine.world import World

LAG = 40.0


@BOTH
async def test_a_create_that_no_list_shows_yet_is_not_repeated(world: World, kind: str) -> None:
    cloud = world.cloud(kind)
    cloud.list_lag = LAG
    await world.run(100)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(SETTLED)
    assert world.server.says(uid) == "True Available"
    assert cloud.calls["create"] == 1


@BOTH
@pytest.mark.parametrize("age", [1.0, 5.0, 20.0])
async def test_deleting_what_no_list_shows_yet_leaves_nothing_behind(world: World, kind: str, age: float) -> None:
    cloud = world.cloud(kind)
    cloud.list_lag = LAG
    await world.run(100)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(age)
    world.server.delete(uid)
    await world.run(SETTLED)
    assert world.server.bodies == {}
    assert cloud.living() == []


@BOTH
@pytest.mark.parametrize("age", [1.0, 5.0, 20.0])
async def test_a_restart_before_a_list_shows_it_neither_repeats_nor_leaks(world: World, kind: str, age: float) -> None:
    cloud = world.cloud(kind)
    cloud.list_lag = LAG
    await world.run(100)
    kept, dropped = (world.server.apply(kind, name, image="a") for name in ("kept", "dropped"))
    await world.run(age)
    await world.restart()
    world.server.delete(dropped)
    await world.run(SETTLED)
    assert world.server.says(kept) == "True Available"
    assert cloud.calls["create"] == 2
    assert len(cloud.living()) == 1


async def test_a_lagging_list_costs_no_write_and_is_not_called_an_unknown_create(world: World) -> None:
    world.boxes.list_lag = LAG
    await world.run(100)
    uid = world.server.apply("Box", "one", image="a")
    await world.run(20)
    assert world.server.says(uid) == "False Provisioning"


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "a restart"])
@pytest.mark.parametrize("expiry", ["Retain", "Recreate"])
async def test_what_a_create_answered_with_is_not_over_because_lists_lag(
    world: World, expiry: str, *, restart: bool
) -> None:
    """However often somebody looks meanwhile: it lives, and costs."""
    world.cells.list_lag = LAG
    await world.run(100)
    uid = world.server.apply("Cell", "one", image="a", expiryPolicy=expiry, activeDeadlineSeconds=3600)
    await world.run(1)
    if restart:
        await world.restart()
    for number in range(4):
        world.server.apply("Cell", f"other-{number}", image="a")
        world.server.edit(uid, deletionProtection=bool(number % 2))
        await world.run(1)
    await world.run(SETTLED)
    assert (world.server.says(uid), world.server.says(uid, "Complete")) == ("True Available", "-")
    assert world.cells.calls["create"] == len(world.cells.living()) == 5


async def test_what_was_shown_once_and_is_gone_is_made_again_at_once(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a")
    await world.run(10)
    assert world.server.says(uid) == "True Available"
    world.boxes.things.clear()
    world.server.label(uid)
    await world.run(90)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 2


async def test_a_create_whose_task_failed_and_left_nothing_is_retried_without_the_fence(world: World) -> None:
    world.boxes.task_errors.append("no capacity")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(2)
    world.boxes.things.clear()
    await world.run(30)
    assert world.server.says(uid) == "True Available"


@BOTH
async def test_a_deletion_that_was_done_unrecorded_ends_without_the_fence_after_a_restart(
    world: World, kind: str
) -> None:
    cloud = world.cloud(kind)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(10)
    assert world.server.says(uid) == "True Available"
    await world.restart()
    world.server.delete(uid)
    cloud.things.clear()
    await world.run(10)
    assert world.server.bodies == {}
