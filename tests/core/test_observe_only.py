"""What ObserveOnly reports is no pin, and nothing is ever changed under it."""

import pytest

from caas_operator.core.errors import QuotaExceeded
from caas_operator.core.model import Health
from tests.core.passes import BOTH, ready
from tests.support.engine.world import World


async def test_observe_only_reports_without_finalizer_or_change(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly")
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["externalId"] == "1/one"
    assert world.server.finalizers(uid) == []
    assert world.boxes.mutations() == 0
    world.server.delete(uid)
    await world.run(10)
    assert world.server.bodies == {}
    assert len(world.boxes.things) == 1


async def test_observe_only_reports_the_id_of_what_it_was_told_to_look_at(world: World) -> None:
    thing = world.cells.put("theirs")
    uid = world.server.apply("Cell", "one", managementPolicy="ObserveOnly", importId=thing.id)
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert (world.server.status(uid)["externalId"], world.server.status(uid)["externalName"]) == (thing.id, "theirs")
    await world.run(600)
    assert world.server.writes == ["status"]


async def test_observe_only_of_nothing_is_not_found_until_it_appears(world: World) -> None:
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly")
    await world.run(60)
    assert world.server.says(uid) == "False NotFound"
    assert world.server.says(uid, "Reconciling") == "True ProgressingWithRetry"
    world.boxes.put("one", image="theirs")
    await world.run(70)
    assert world.server.says(uid) == "True Available"


async def test_drift_under_observe_only_is_told_and_left(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", image="a", managementPolicy="ObserveOnly")
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Synced") == "False DriftDetected"
    assert world.boxes.mutations() == 0


@pytest.mark.parametrize("health", [Health.CHANGING, Health.BROKEN])
async def test_drift_under_observe_only_does_not_make_ready_what_does_not_serve(world: World, health: Health) -> None:
    world.boxes.put("one", image="theirs").health = health
    uid = world.server.apply("Box", "one", image="a", managementPolicy="ObserveOnly")
    await world.run(60)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert shown["status"] == "False"


async def test_from_observe_only_to_managed_runs_adoption(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly")
    await world.run(60)
    world.server.edit(uid, managementPolicy="Managed", image="a")
    await world.run(60)
    assert world.server.says(uid, "Stalled") == "True Conflict"
    assert world.boxes.mutations() == 0
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert len(world.boxes.things) == 1


async def test_what_observe_only_saw_is_no_pin_after_a_refused_create(world: World) -> None:
    """It went, we became Managed, our POST was refused, and somebody made it again: theirs."""
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly")
    await world.run(30)
    world.boxes.things.clear()
    world.boxes.fail("create", QuotaExceeded("no quota", status=400))
    world.server.edit(uid, managementPolicy="Managed", image="a")
    await world.run(1)
    world.boxes.put("one", image="theirs again")
    await world.run(300)
    assert world.boxes.things["1/one"].wire["image"] == "theirs again"
    world.server.delete(uid)
    await world.run(120)
    assert list(world.boxes.things) == ["1/one"], "what is not proved ours is not deleted"


@BOTH
async def test_to_observe_only_and_back_keeps_the_resource(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.server.edit(uid, managementPolicy="ObserveOnly")
    await world.run(60)
    assert world.server.finalizers(uid) == []
    assert world.server.says(uid) == "True Available"
    world.server.edit(uid, managementPolicy="Managed")
    await world.run(120)
    assert world.server.finalizers(uid)
    assert world.server.says(uid) == "True Available"
    assert world.cloud(kind).mutations() == 0
    world.server.delete(uid)
    await world.run(120)
    assert world.cloud(kind).living() == []


@BOTH
async def test_deleted_under_observe_only_the_resource_stays(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.server.edit(uid, managementPolicy="ObserveOnly")
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert len(world.cloud(kind).living()) == 1


async def test_an_expired_sandbox_under_observe_only_is_not_ready(world: World) -> None:
    uid = await ready(world, "Cell")
    for thing in world.cells.living():
        thing.health = Health.EXPIRED
    ready_seen = []
    world.server.listeners.append(
        lambda _type, body: ready_seen.append(
            [
                c["status"]
                for c in body["status"].get("conditions", ())
                if c["type"] == "Ready" and c["observedGeneration"] == 2
            ]
        )
    )
    world.server.edit(uid, managementPolicy="ObserveOnly")
    await world.run(60)
    assert ["True"] not in ready_seen


async def test_looking_at_what_is_only_observed_shares_the_list(world: World) -> None:
    for number in range(200):
        world.boxes.put(f"n{number}")
        world.server.apply("Box", f"n{number}", managementPolicy="ObserveOnly")
    await world.run(30)
    world.boxes.calls.clear()
    for uid in world.server.bodies:
        world.process.wake(world.server.resource(uid).key)
        await world.run(0.25, step=0.25)
    assert world.boxes.calls["list"] <= 5
