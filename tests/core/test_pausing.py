"""Paused objects are left alone."""

from collections import Counter

from tests.core.passes import ready
from tests.support.engine.world import World


async def test_a_paused_object_is_left_alone_and_says_so(world: World) -> None:
    uid = await ready(world)
    world.server.annotate(uid, paused="true")
    world.boxes.things["1/one"].wire["image"] = "by hand"
    world.server.edit(uid, image="b")
    await world.run(120)
    assert world.boxes.mutations() == 0
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Synced") == "Unknown Paused"
    assert world.server.status(uid)["observedGeneration"] == 1
    world.server.annotate(uid, paused=None)
    await world.run(60)
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert world.server.says(uid, "Synced") == "True InSync"


async def test_a_new_object_that_is_paused_is_not_ready(world: World) -> None:
    uid = world.server.apply("Box", "one", {"caas-operator.dev/paused": ""}, image="a")
    await world.run(60)
    assert world.server.says(uid) == "False Paused"
    assert world.boxes.calls == Counter()
    assert world.server.finalizers(uid) == []


async def test_paused_false_is_not_paused(world: World) -> None:
    uid = world.server.apply("Box", "one", {"caas-operator.dev/paused": "false"}, image="a")
    await world.run(60)
    assert world.server.says(uid) == "True Available"


async def test_a_paused_deletion_waits_and_says_so_by_an_event_as_well(world: World) -> None:
    uid = await ready(world)
    world.server.annotate(uid, paused="true")
    world.server.delete(uid)
    await world.run(60)
    assert world.boxes.mutations() == 0
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.server.says(uid, "Synced") == "Unknown Paused"
    assert "DeleteBlocked" in world.process.events.reasons()
    world.server.annotate(uid, paused=None)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.boxes.things == {}


async def test_a_reconcile_request_while_paused_is_handled_when_the_pause_ends(world: World) -> None:
    uid = await ready(world)
    world.server.annotate(uid, paused="true")
    await world.run(5)
    world.server.annotate(uid, reconcile_requested_at="now")
    await world.run(5)
    assert world.server.status(uid).get("lastHandledReconcileAt") is None
