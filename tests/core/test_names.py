"""Two objects, one name."""

import asyncio

import pytest

from caas_operator.core.errors import QuotaExceeded
from caas_operator.core.model import Key
from tests.core.passes import ready
from tests.support.engine.cloud import no_answer
from tests.support.engine.world import World


async def test_of_two_objects_of_one_name_the_older_has_it(world: World) -> None:
    first = world.server.apply("Box", "first", image="a", name="shared")
    await world.clock.advance(5)
    second = world.server.apply("Box", "second", image="b", name="shared")
    await world.run(60)
    assert world.server.says(first) == "True Available"
    assert world.server.says(second) == "False Conflict"
    shown = world.server.condition(second, "Ready")
    assert shown is not None
    assert "team/first" in shown["message"]
    assert world.boxes.calls["create"] == 1


async def test_deleting_the_loser_leaves_the_winners_resource(world: World) -> None:
    first = world.server.apply("Box", "first", image="a", name="shared")
    second = world.server.apply("Box", "second", image="b", name="shared")
    await world.run(60)
    world.server.delete(second)
    await world.run(60)
    assert second not in world.server.bodies
    assert world.server.says(first) == "True Available"
    assert len(world.boxes.living()) == 1
    assert world.boxes.calls["delete"] == 0


async def test_the_loser_gets_the_name_when_the_winner_goes(world: World) -> None:
    first = world.server.apply("Box", "first", image="a", name="shared")
    second = world.server.apply("Box", "second", image="b", name="shared")
    await world.run(60)
    world.server.delete(first)
    await world.run(60)
    assert world.server.says(second) == "True Available"
    assert world.boxes.living()[0].wire["image"] == "b"


async def test_the_loser_gets_the_name_when_the_winner_takes_another(world: World) -> None:
    """Before it has a pin an object's name may change; whoever waits for the old one is looked at again."""
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    first = world.server.apply("Box", "first", image="a", name="shared")
    await world.clock.advance(2)
    second = world.server.apply("Box", "second", image="b", name="shared")
    await world.run(30)
    assert world.server.says(second) == "False Conflict"
    world.server.edit(first, name="another")
    await world.run(5)
    del world.boxes.always["create"]
    await world.run(600)
    assert world.server.says(first) == "True Available"
    assert world.server.says(second) == "True Available"


async def test_the_loser_gets_the_name_when_the_winner_only_observes(world: World) -> None:
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    first = world.server.apply("Box", "first", image="a", name="shared")
    await world.clock.advance(2)
    second = world.server.apply("Box", "second", image="b", name="shared")
    await world.run(30)
    assert world.server.says(second) == "False Conflict"
    del world.boxes.always["create"]
    world.server.edit(first, managementPolicy="ObserveOnly")
    await world.run(600)
    assert world.server.says(second) == "True Available"


async def test_a_pinned_object_keeps_its_name_from_an_older_newcomer(world: World) -> None:
    old = world.server.apply("Box", "old", image="a", name="elsewhere", project="bad image")
    world.server.edit(old, image="bad")
    await world.clock.advance(5)
    young = await ready(world, name="young")
    world.server.edit(old, image="a", name="young", project=None)
    await world.run(60)
    assert world.server.says(young) == "True Available"
    assert world.server.says(old) == "False Conflict"


async def test_an_older_object_does_not_take_a_name_whose_post_is_under_way(world: World) -> None:
    """The younger has sent its POST and does not know yet how it went: it is before whoever only asks."""
    old = world.server.apply("Box", "old", image="bad", name="elsewhere")
    await world.clock.advance(5)
    world.boxes.fail("create", no_answer(), lands_after=20)
    young = world.server.apply("Box", "young", image="y", name="shared")
    await world.run(3)
    world.server.edit(old, image="a", name="shared")
    await world.run(300)
    assert world.server.says(young) == "True Available"
    assert world.server.says(old) == "False Conflict"
    assert world.boxes.living()[0].wire["image"] == "y"


async def test_two_workers_never_both_find_a_name_free(world: World) -> None:
    for number in range(10):
        world.server.apply("Box", f"n{number}", image=str(number), name="shared")
    await world.run(60)
    assert world.boxes.calls["create"] == 1
    assert sum(world.server.says(uid) == "True Available" for uid in world.server.bodies) == 1


async def test_who_waits_for_the_cloud_gives_way_to_an_older_one_that_comes_meanwhile(world: World) -> None:
    """The younger has found the name free in memory; before it binds it, it looks whether that still holds."""
    old = world.server.apply("Box", "old", image="bad", name="elsewhere")
    await world.run(5)
    world.boxes.held = asyncio.Event()
    young = world.server.apply("Box", "young", image="y", name="shared")
    await world.run(1)
    world.server.edit(old, image="a", name="shared")
    await world.run(1)
    world.boxes.held.set()
    await world.run(60)
    assert world.server.says(old) == "True Available"
    assert world.server.says(young) == "False Conflict"
    assert world.boxes.calls["create"] == 1
    assert world.boxes.living()[0].wire["image"] == "a"


@pytest.mark.parametrize("first", ["old", "young"])
async def test_of_two_that_a_restart_finds_unbound_the_older_has_it(world: World, first: str) -> None:
    await world.process.stop()
    old = world.server.apply("Box", "old", image="a", name="shared")
    await world.clock.advance(5)
    young = world.server.apply("Box", "young", image="y", name="shared")
    order = sorted(world.server.bodies.items(), key=lambda item: item[1]["metadata"]["name"] != first)
    world.server.bodies.clear()
    world.server.bodies.update(order)
    world.start()
    await world.run(60)
    assert world.server.says(old) == "True Available"
    assert world.server.says(young) == "False Conflict"
    assert world.boxes.calls["create"] == 1


async def test_a_restart_leaves_the_name_with_its_holder(world: World) -> None:
    holder = world.server.apply("Box", "holder", image="a", name="shared")
    await world.clock.advance(5)
    loser = world.server.apply("Box", "loser", image="b", name="shared")
    await world.run(60)
    world.server.writes.clear()
    await world.restart()
    await world.run(300)
    assert world.server.says(holder) == "True Available"
    assert world.server.says(loser) == "False Conflict"
    assert world.server.writes == []
    assert world.boxes.mutations() == 1


async def test_the_loser_gets_the_name_of_a_holder_that_went_while_nobody_looked(world: World) -> None:
    holder = world.server.apply("Box", "holder", image="a", name="shared")
    loser = world.server.apply("Box", "loser", image="b", name="shared")
    await world.run(60)
    await world.process.stop()
    del world.server.bodies[holder]
    world.boxes.things.clear()
    world.start()
    await world.run(60)
    assert world.server.says(loser) == "True Available"


async def test_who_takes_what_is_found_takes_nothing_from_another_object_after_a_restart(world: World) -> None:
    """The loser is looked at first, and the holder long after."""
    holder = world.server.apply("Box", "holder", image="a", name="shared")
    await world.run(60)
    loser = world.server.apply("Box", "loser", image="b", name="shared", adoptionPolicy="Always")
    await world.run(60)
    assert world.server.says(loser) == "False Conflict"
    world.server.writes.clear()
    bodies = world.server.bodies
    bodies[holder] = bodies.pop(holder)
    await world.process.stop()
    process = world.start()
    process.queue._entries[Key("Box", holder)].waiting = None  # not in line for now
    await world.run(60)
    assert world.server.says(loser) == "False Conflict"
    assert world.server.writes == []
    assert world.boxes.things["1/shared"].wire["image"] == "a"


async def test_two_that_would_adopt_the_same_resource_do_not_both(world: World) -> None:
    world.boxes.put("shared", image="theirs")
    for number in range(5):
        world.server.apply("Box", f"n{number}", image=str(number), name="shared", adoptionPolicy="Always")
    await world.run(60)
    assert sum(world.server.says(uid) == "True Available" for uid in world.server.bodies) == 1
    assert world.boxes.calls["update"] == 1


async def test_the_name_may_change_until_the_pin_exists(world: World) -> None:
    """The first POST was refused: nothing is bound, so the next one uses the new name."""
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    uid = world.server.apply("Box", "one", image="a", name="first")
    await world.run(10)
    del world.boxes.always["create"]
    world.server.edit(uid, name="second")
    await world.run(60)
    assert list(world.boxes.things) == ["1/second"]
    assert world.server.says(uid) == "True Available"


async def test_the_name_may_change_after_a_create_that_was_not_done(world: World) -> None:
    world.boxes.fail("create", no_answer())
    uid = world.server.apply("Box", "one", image="a", name="first")
    await world.run(10)
    world.server.edit(uid, name="second")
    await world.run(300)
    assert list(world.boxes.things) == ["1/second"]
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Stalled") == "-"


async def test_the_name_may_change_when_somebody_else_took_the_one_of_a_create_that_was_not_done(world: World) -> None:
    world.boxes.fail("create", no_answer())
    uid = world.server.apply("Box", "one", image="a", name="first")
    await world.process.work()
    world.boxes.put("first", image="theirs")
    await world.run(100)
    assert world.server.says(uid) == "False Conflict"
    world.server.edit(uid, name="second")
    await world.run(300)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.things["1/second"].wire["image"] == "a"
    assert world.boxes.things["1/first"].wire["image"] == "theirs"


@pytest.mark.parametrize("again", [False, True])
async def test_of_two_that_import_the_same_the_first_has_it_until_it_goes(world: World, *, again: bool) -> None:
    thing = world.cells.put("hand-0123456789-1", marker="0123456789", image="a")
    first = world.server.apply("Cell", "first", image="a", importId=thing.id, deletionPolicy="Retain")
    await world.run(30)
    second = world.server.apply("Cell", "second", image="a", importId=thing.id, deletionPolicy="Delete")
    if again:
        await world.restart()
    await world.run(30)
    assert world.server.says(first) == "True Available"
    assert world.server.says(second) == "False Conflict"
    world.server.delete(second)
    await world.run(30)
    assert [cell.id for cell in world.cells.living()] == [thing.id]
    third = world.server.apply("Cell", "third", image="a", importId=thing.id, deletionPolicy="Retain")
    await world.run(30)
    world.server.delete(first)
    await world.run(90)
    assert world.server.says(third) == "True Available"
    assert [cell.id for cell in world.cells.living()] == [thing.id]


async def test_a_sandbox_that_another_object_made_cannot_be_imported(world: World) -> None:
    made = await ready(world, "Cell", "made")
    (cell,) = world.cells.living()
    taker = world.server.apply("Cell", "taker", image="a", importId=cell.id, deletionPolicy="Delete")
    await world.run(30)
    assert world.server.says(taker) == "False Conflict"
    world.server.delete(taker)
    await world.run(30)
    assert world.server.says(made) == "True Available"
    assert len(world.cells.living()) == 1
