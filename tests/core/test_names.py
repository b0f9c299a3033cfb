"""Two objects, one name."""

from caas_operator.core.errors import QuotaExceeded
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
