"""Transient resources come to an end."""

from caas_operator.core.errors import Unavailable
from caas_operator.core.model import Health
from tests.core.passes import ready
from tests.support.engine.cloud import no_answer
from tests.support.engine.world import World


async def test_an_expired_sandbox_is_complete_and_nothing_is_made(world: World) -> None:
    uid = await ready(world, "Cell")
    world.cells.living()[0].health = Health.EXPIRED
    await world.run(600)
    assert world.server.says(uid) == "-"
    assert world.server.says(uid, "Complete") == "True Expired"
    assert world.server.says(uid, "Synced") == "True InSync"
    assert world.cells.mutations() == 0
    assert world.server.writes == ["status"]
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.cells.calls["delete"] == 0


async def test_a_sandbox_that_two_lists_lack_is_complete(world: World) -> None:
    uid = await ready(world, "Cell")
    await world.run(40)
    world.cells.things.clear()
    await world.run(80)
    assert world.server.says(uid) == "True Available"
    await world.run(200)
    assert world.server.says(uid, "Complete") == "True Expired"
    assert world.cells.mutations() == 0


async def test_a_sandbox_that_no_list_ever_showed_is_complete_as_well(world: World) -> None:
    """It went between its create and the next resync: no list differs from the one before."""
    uid = await ready(world, "Cell")
    world.cells.things.clear()
    await world.run(400)
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_a_sandbox_that_one_list_lacks_lives_on(world: World) -> None:
    uid = await ready(world, "Cell")
    await world.run(40)
    (cell,) = world.cells.living()
    world.cells.things.clear()
    await world.run(65)
    world.cells.things[cell.id] = cell
    await world.run(200)
    assert world.server.says(uid) == "True Available"
    assert world.server.writes == []


async def test_a_complete_sandbox_stays_complete_over_a_restart_without_a_write(world: World) -> None:
    uid = await ready(world, "Cell")
    world.cells.living()[0].health = Health.EXPIRED
    await world.run(100)
    world.server.writes.clear()
    await world.restart()
    await world.run(300)
    assert world.server.says(uid, "Complete") == "True Expired"
    assert world.server.writes == []
    world.cells.things.clear()
    await world.restart()
    await world.run(300)
    assert world.server.writes == []


async def test_a_sandbox_that_expired_while_its_create_was_unknown_is_not_made_again(world: World) -> None:
    """The POST was done, the operator was down for the sandbox's whole life: its life is over."""
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a")
    await world.process.work()
    world.cells.living()[0].health = Health.EXPIRED
    await world.restart()
    await world.run(300)
    assert world.cells.calls["create"] == 1
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_deleting_an_expired_sandbox_with_a_living_double_deletes_the_double(world: World) -> None:
    uid = await ready(world, "Cell")
    (cell,) = world.cells.living()
    cell.health = Health.EXPIRED
    world.cells.put(cell.name, cell.scope)
    world.server.delete(uid)
    await world.run(300)
    assert world.cells.living() == []
    assert world.server.bodies == {}


async def test_a_sandbox_whose_delete_answered_and_whose_finalizer_write_was_too_late_goes_soon(world: World) -> None:
    uid = await ready(world, "Cell")

    def label(part: str) -> None:
        if part == "metadata":
            world.server.before_write = lambda _: None
            world.server.label(uid)

    world.server.before_write = label
    world.server.delete(uid)
    await world.run(200)
    assert world.server.bodies == {}
    assert world.cells.living() == []


async def test_other_finalizers_are_left_alone(world: World) -> None:
    uid = await ready(world)
    world.server.finalize(uid, "other/one", "caas-operator.dev/cleanup", "other/two")
    world.server.delete(uid)
    await world.run(60)
    assert world.server.finalizers(uid) == ["other/one", "other/two"]
    assert world.boxes.things == {}
    writes = len(world.server.writes)
    await world.run(600)
    assert len(world.server.writes) == writes


async def test_a_list_that_fails_blocks_a_deletion_and_drops_nothing(world: World) -> None:
    uid = await ready(world)
    await world.restart()
    world.boxes.always["list"] = Unavailable("no", status=503)
    world.server.delete(uid)
    await world.run(300)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.server.finalizers(uid)
    del world.boxes.always["list"]
    await world.run(120)
    assert world.server.bodies == {}
    assert world.boxes.things == {}
