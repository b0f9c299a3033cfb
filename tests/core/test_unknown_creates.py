"""POSTs whose outcome is not known: nothing is made twice, and nothing is forgotten."""

import pytest

from caas_operator.core.errors import Conflict
from tests.core.passes import BOTH, SETTLED, begin_ready, uid_of
from tests.support.engine.cloud import broken_answer, no_answer
from tests.support.engine.points import Crash
from tests.support.engine.world import World


@BOTH
@pytest.mark.parametrize("late", [1.0, 30.0, 59.0])
async def test_a_post_that_lands_after_the_process_died_is_not_repeated(kind: str, late: float) -> None:
    world = World()
    world.start()
    uid = world.server.apply(kind, "one", image="a")
    cloud = world.cloud(kind)
    cloud.fail("create", no_answer(), lands_after=late)
    world.points.crash_at = 0
    reach = world.points.reach

    def die_after_the_post(name: str) -> None:
        reach(name)
        if name == "status asked":
            raise Crash(name)

    world.points.reach = die_after_the_post  # type: ignore[method-assign]
    with pytest.raises(Crash):
        await world.run(5)
    world.points.reach = reach  # type: ignore[method-assign]
    await world.restart()
    await world.run(SETTLED, step=5)
    assert world.server.says(uid) == "True Available"
    assert max(cloud.most_alive.values()) == 1
    assert cloud.calls["create"] == 1


@BOTH
@pytest.mark.parametrize("error", [no_answer(), broken_answer(502), Conflict("busy", status=409, ambiguous=True)])
async def test_an_unknown_create_that_was_done_is_found(world: World, kind: str, error: Exception) -> None:
    world.cloud(kind).fail("create", error, done=True)  # type: ignore[arg-type]
    uid = world.server.apply(kind, "one", image="a")
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.cloud(kind).calls["create"] == 1
    assert len(world.cloud(kind).living()) == 1


@BOTH
async def test_an_unknown_create_that_was_not_done_is_repeated_after_the_fence(world: World, kind: str) -> None:
    cloud = world.cloud(kind)
    cloud.fail("create", no_answer())
    uid = world.server.apply(kind, "one", image="a")
    await world.run(5)
    assert world.server.says(uid) == "False CreateOutcomeUnknown"
    assert world.server.says(uid, "Synced") == "Unknown CreateOutcomeUnknown"
    assert world.server.says(uid, "Reconciling") == "True CreateOutcomeUnknown"
    await world.run(60)
    assert cloud.calls["create"] == 1, "an absence proves nothing while the POST may be in flight"
    await world.run(60)
    assert cloud.calls["create"] == 2
    assert world.server.says(uid) == "True Available"
    assert len(cloud.living()) == 1


@BOTH
@pytest.mark.parametrize("late", [3.0, 30.0, 65.0])
async def test_an_unknown_create_that_lands_late_is_not_repeated(world: World, kind: str, late: float) -> None:
    cloud = world.cloud(kind)
    cloud.fail("create", no_answer(), lands_after=late)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(SETTLED, step=5)
    assert world.server.says(uid) == "True Available"
    assert cloud.calls["create"] == 1
    assert len(cloud.living()) == 1


@BOTH
async def test_looking_for_an_unknown_create_is_no_hot_loop(world: World, kind: str) -> None:
    cloud = world.cloud(kind)
    cloud.fail("create", no_answer())
    world.server.apply(kind, "one", image="a")
    await world.run(65)
    assert cloud.calls["list"] <= 20


@BOTH
async def test_deleting_during_an_unknown_create_waits_for_proof(world: World, kind: str) -> None:
    cloud = world.cloud(kind)
    cloud.fail("create", no_answer(), lands_after=40)
    uid = world.server.apply(kind, "one", image="a")
    await world.run(5)
    world.server.delete(uid)
    await world.run(20)
    assert uid in world.server.bodies, "the POST may still land"
    assert world.server.says(uid) == "False Deleting"
    await world.run(120)
    assert world.server.bodies == {}
    assert cloud.living() == []


@BOTH
async def test_deleting_an_unknown_create_that_was_not_done_ends_after_the_fence(world: World, kind: str) -> None:
    world.cloud(kind).fail("create", no_answer())
    uid = world.server.apply(kind, "one", image="a")
    await world.run(5)
    world.server.delete(uid)
    await world.run(50)
    assert uid in world.server.bodies
    await world.run(60)
    assert world.server.bodies == {}


async def test_a_post_whose_answer_could_not_be_written_is_not_repeated_while_the_list_lags(world: World) -> None:
    """The answer came, the status write was too late, and the LIST does not show the new cell yet."""
    world.cells.list_lag = 8.0
    await world.run(100)
    uid = world.server.apply("Cell", "one", image="a")

    def label(part: str) -> None:
        if part == "status":
            world.server.before_write = lambda _: None
            world.server.label(uid)

    world.server.before_write = label
    await world.run(200)
    assert world.server.says(uid) == "True Available"
    assert max(world.cells.most_alive.values()) == 1
    assert world.cells.calls["create"] == 1


@BOTH
async def test_a_pass_that_is_cut_off_during_its_post_does_not_post_again_at_once(world: World, kind: str) -> None:
    """The pass is cancelled, the process lives on: its own last POST counts, answered or not."""
    cloud = world.cloud(kind)
    await world.run(100)
    uid = world.server.apply(kind, "one", image="a")
    reach = world.points.reach
    cut = False

    def cut_off(name: str) -> None:
        nonlocal cut
        reach(name)
        if name == "create asked" and not cut:
            cut = True
            raise Crash(name)

    world.points.reach = cut_off  # type: ignore[method-assign]
    with pytest.raises(Crash):
        await world.run(5)
    world.process.failed.clear()
    world.process.wake(world.server.resource(uid).key)
    await world.run(20)
    assert cloud.calls["create"] == 0, "a POST may be on its way"


async def test_a_stale_watch_makes_no_second_resource(world: World) -> None:
    world.process.watch_stalls = True
    uid = world.server.apply("Cell", "one", image="a")
    world.process.watch_stalls = False
    world.process.deliver()
    world.process.watch_stalls = True
    await world.run(60)
    assert max(world.cells.most_alive.values()) == 1
    world.process.watch_stalls = False
    await world.run(60)
    assert world.server.says(uid) == "True Available"


async def test_a_conflict_while_the_watch_stalls_is_no_hot_loop(world: World) -> None:
    """Somebody labelled the object and the watch is late: GET it, rather than trying the same write for ever."""
    uid = world.server.apply("Box", "one", image="a")
    await world.run(1)
    world.process.watch_stalls = True
    world.server.label(uid)
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.process.passes < 60


@BOTH
async def test_an_edit_that_comes_between_intent_and_post_is_not_lost(world: World, kind: str) -> None:
    world.server.apply(kind, "one", image="a")
    uid = uid_of(world)

    def edit(part: str) -> None:
        if part == "metadata":
            world.server.before_write = lambda _: None
            world.server.edit(uid, image="b")

    world.server.before_write = edit
    await world.run(60)
    (thing,) = world.cloud(kind).living()
    assert thing.wire["image"] == "b"
    assert world.server.says(uid) == "True Available"


async def test_a_wiped_status_is_written_again_and_nothing_is_made(world: World) -> None:
    await begin_ready("Box", world)
    uid = uid_of(world)
    world.server.wipe_status(uid)
    await world.run(120)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 1


async def test_a_wiped_status_of_a_cell_is_written_again_and_nothing_is_made(world: World) -> None:
    await begin_ready("Cell", world)
    uid = uid_of(world)
    world.server.wipe_status(uid)
    await world.run(120)
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["externalId"] == "cell_1"
    assert world.cells.calls["create"] == 1


async def test_a_cell_that_lost_intent_and_status_is_found_and_not_made_again(world: World) -> None:
    """As after a restore from a backup: its name proves it, and nothing of it is older than the object."""
    await begin_ready("Cell", world)
    await world.run(120)
    uid = uid_of(world)
    world.server.annotate(uid, create_intent=None)
    world.server.wipe_status(uid)
    await world.restart()
    await world.run(120)
    assert world.cells.calls["create"] == 1
    assert world.server.says(uid) == "True Available"


async def test_a_doubled_sandbox_loses_the_younger(world: World) -> None:
    """A gateway repeated the POST: two of one name. The oldest is kept and an event says so."""
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a")
    await world.run(1)
    (first,) = world.cells.living()
    twin = world.cells.put(first.name, first.scope, image="a")
    twin.created_at += 1
    await world.run(60)
    assert [thing.id for thing in world.cells.living()] == [first.id]
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["externalId"] == first.id
    assert "DoubleDeleted" in world.process.events.reasons()


async def test_a_double_that_shows_late_is_deleted_as_well(world: World) -> None:
    await begin_ready("Cell", world)
    (first,) = world.cells.living()
    world.cells.put(first.name, first.scope)
    await world.run(130)
    assert [thing.id for thing in world.cells.living()] == [first.id]


async def test_deleting_a_doubled_sandbox_leaves_neither(world: World) -> None:
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a")
    await world.run(1)
    (first,) = world.cells.living()
    world.cells.put(first.name, first.scope)
    world.server.delete(uid)
    await world.run(200)
    assert world.server.bodies == {}
    assert world.cells.living() == []
