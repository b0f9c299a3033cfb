"""What is found under a name: ours, somebody else's, and what becomes of it."""

from caas_operator.core.errors import Unavailable
from caas_operator.core.identity import marker
from caas_operator.core.model import JsonObject
from tests.core.passes import ready
from tests.support.engine.kinds import BOX
from tests.support.engine.world import World


async def test_what_somebody_else_made_is_a_conflict_and_stays_untouched(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(600)
    assert world.server.says(uid) == "False Conflict"
    assert world.server.says(uid, "Stalled") == "True Conflict"
    assert world.boxes.mutations() == 0
    assert world.server.finalizers(uid) == []
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert len(world.boxes.things) == 1


async def test_a_conflict_ends_when_the_other_resource_goes(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    world.boxes.things.clear()
    await world.run(130)
    assert world.server.says(uid) == "True Available"


async def test_adoption_policy_always_takes_what_is_found_and_signs_it(world: World) -> None:
    world.boxes.put("one", image="a")
    uid = world.server.apply("Box", "one", image="a", adoptionPolicy="Always")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.things["1/one"].wire["marker"]
    assert world.boxes.calls["create"] == 0
    assert "Adopted" in world.process.events.reasons()


async def test_an_edit_to_always_ends_a_conflict(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    world.server.edit(uid, adoptionPolicy="Always")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.things["1/one"].wire["image"] == "a"


async def test_what_must_never_be_adopted_is_not_even_with_always(world: World) -> None:
    world.boxes.put("one", image="a", foreign="it belongs to another service")
    uid = world.server.apply("Box", "one", image="a", adoptionPolicy="Always")
    await world.run(60)
    assert world.server.says(uid) == "False Conflict"
    assert world.boxes.mutations() == 0


async def test_what_must_never_be_adopted_is_not_even_with_our_marker(world: World) -> None:
    """Whoever made it of one of ours has copied the description with it."""
    uid = world.server.apply("Box", "one", image="a", adoptionPolicy="Always")
    ours = marker(BOX, "c1", world.server.resource(uid))
    world.boxes.put("one", image="a", marker=ours, foreign="it belongs to another service")
    await world.run(60)
    assert world.server.says(uid, "Stalled") == "True Conflict"
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.boxes.mutations() == 0


async def test_before_what_was_adopted_is_changed_status_and_an_event_say_what(world: World) -> None:
    world.boxes.put("one", image="theirs", size=1)
    reports: list[tuple[int, list[str], list[str]]] = []

    def note(_type: str, body: JsonObject) -> None:
        differing = body["status"].get("observed", {}).get("differing")
        if differing:
            reports.append((world.boxes.calls["update"], differing, list(world.process.events.reasons())))

    world.server.listeners.append(note)
    uid = world.server.apply("Box", "one", image="a", size=1, adoptionPolicy="Always")
    await world.run(30)
    assert reports[0] == (0, ["description", "image"], ["Adopted"])
    [told] = [message for _, reason, message in world.process.events.told if reason == "Adopted"]
    assert told == "took 1/one under management; to be changed there: description, image"
    assert world.server.says(uid) == "True Available"
    assert "differing" not in world.server.status(uid)["observed"]
    assert world.server.writes == ["metadata", "status", "status", "status"], "adopt 2, edit 2"


async def test_what_was_said_of_an_adopted_resource_is_said_once(world: World) -> None:
    """Killed between the announcement and the change, the next process goes on with the change."""
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a", adoptionPolicy="Always")
    world.boxes.fail("update", Unavailable("bad gateway", status=502))
    await world.run(0.5, step=0.1)
    assert world.server.status(uid)["externalId"] == "1/one"
    assert world.boxes.things["1/one"].wire["image"] == "theirs"
    world.server.writes.clear()
    await world.restart()
    await world.run(60)
    assert world.boxes.things["1/one"].wire["image"] == "a"
    assert world.server.says(uid) == "True Available"
    assert world.server.writes == ["status"], "nothing is announced again"
    assert world.process.events.reasons() == []


async def test_a_conflict_names_what_was_found_and_the_ways_out(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    for part in ("1/one", "choose another name", "delete it in the cloud", "adoptionPolicy: Always"):
        assert part in shown["message"]


async def rebuild(world: World, cluster: str) -> World:
    """The cluster is thrown away; the same manifest comes to a new one."""
    new = World()
    new.clock = world.clock
    new.server.clock = world.clock
    new.boxes, new.cells, new.account.clouds = world.boxes, world.cells, world.clouds
    new.start(cluster)
    return new


async def test_a_cluster_rebuilt_with_its_id_takes_its_fleet_back_with_two_writes(world: World) -> None:
    await ready(world)
    new = await rebuild(world, "c1")
    new.server.apply("Box", "other", image="x")
    uid = new.server.apply("Box", "one", image="a")
    await new.run(60)
    assert new.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 1, "only the other one"
    assert world.boxes.calls["update"] == world.boxes.calls["delete"] == 0
    await new.process.stop()


async def test_adopting_costs_two_writes(world: World) -> None:
    await ready(world)
    new = await rebuild(world, "c1")
    new.server.apply("Box", "one", image="a")
    await new.run(60)
    assert new.server.writes == ["metadata", "status"]
    await new.process.stop()


async def test_a_cluster_with_another_id_touches_nothing(world: World) -> None:
    await ready(world)
    new = await rebuild(world, "c2")
    uid = new.server.apply("Box", "one", image="a")
    await new.run(60)
    assert new.server.says(uid) == "False Conflict"
    new.server.delete(uid)
    await new.run(60)
    assert new.server.bodies == {}
    assert world.boxes.mutations() == 0
    await new.process.stop()


async def test_a_resource_that_was_signed_over_to_somebody_else_is_not_deleted(world: World) -> None:
    uid = await ready(world)
    world.boxes.things["1/one"].wire["marker"] = "theirs"
    await world.run(90)
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert list(world.boxes.things) == ["1/one"]
    told = [message for _, reason, message in world.process.events.told if reason == "Deleted"]
    assert told == [], "nothing was deleted, so nobody is told so"
