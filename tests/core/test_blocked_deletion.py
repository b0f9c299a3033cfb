"""Deletions that fail: only on proof of ownership, gone only on proof of absence, and nothing dropped meanwhile."""

import pytest

from caas_operator.core.errors import Forbidden, NotFound, QuotaExceeded, Rejected, Unauthenticated, Unavailable
from caas_operator.core.model import Health
from tests.core.passes import BOTH, ready
from tests.support.engine.cloud import no_answer
from tests.support.engine.world import World


@pytest.mark.parametrize(
    "error",
    [
        Unauthenticated("no", status=401),
        Forbidden("no", status=403),
        Unavailable("no", status=503),
        Rejected("it is locked", status=400),
        no_answer(),
    ],
    ids=lambda error: type(error).__name__,
)
@BOTH
async def test_a_delete_that_fails_is_blocked_says_why_and_goes_on_later(
    world: World, kind: str, error: Exception
) -> None:
    uid = await ready(world, kind)
    cloud = world.cloud(kind)
    cloud.always["delete"] = error  # type: ignore[assignment]
    world.server.delete(uid)
    await world.run(600)
    assert world.server.says(uid) == "False DeleteBlocked"
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert "kubectl patch" in shown["message"]
    assert "DeleteBlocked" in world.process.events.reasons()
    assert world.server.finalizers(uid)
    assert cloud.calls["delete"] <= 20
    del cloud.always["delete"]
    if isinstance(error, Rejected):
        world.server.annotate(uid, reconcile_requested_at="now")
    await world.run(600)
    assert world.server.bodies == {}
    assert cloud.living() == []


@BOTH
async def test_a_delete_that_keeps_failing_costs_no_write_a_try(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.cloud(kind).always["delete"] = Unavailable("no", status=503)
    world.server.delete(uid)
    await world.run(900)
    assert world.cloud(kind).calls["delete"] > 3
    said_before = kind == "Cell"  # that it goes
    assert world.server.writes == ["status"] * (1 + said_before)


async def test_a_create_that_succeeded_after_a_failure_is_not_forgotten(world: World) -> None:
    """The retry was answered and its task runs; then the account is taken away and the object deleted."""
    world.boxes.task_seconds = 30
    world.boxes.fail("create", QuotaExceeded("no quota", status=400))
    uid = world.server.apply("Box", "one", image="a")
    await world.run(10)
    assert world.boxes.calls["create"] == 2
    world.account.allowed = False
    world.server.delete(uid)
    await world.run(120)
    assert uid in world.server.bodies, "the resource lives and the policy is Delete"
    assert world.server.says(uid) == "False DeleteBlocked"


@pytest.mark.parametrize(
    "kind",
    [
        "Box",
        "Cell",
    ],
)
async def test_a_refused_delete_ends_when_somebody_deletes_it_in_the_cloud(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.cloud(kind).always["delete"] = Rejected("it is locked", status=400)
    world.server.delete(uid)
    await world.run(60)
    assert world.server.says(uid) == "False DeleteBlocked"
    world.cloud(kind).things.clear()
    await world.run(300)
    assert world.server.bodies == {}


@BOTH
async def test_one_failed_delete_of_an_old_object_drops_nothing(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    await world.run(1200, step=5)
    world.cloud(kind).always["delete"] = Unavailable("no", status=503)
    world.server.delete(uid)
    await world.run(100)
    assert world.server.finalizers(uid), "the resource lives"
    assert len(world.cloud(kind).living()) == 1


async def test_a_delete_whose_answer_was_lost_is_found_done(world: World) -> None:
    uid = await ready(world)
    world.boxes.fail("delete", no_answer(), done=True)
    world.server.delete(uid)
    await world.run(120)
    assert world.server.bodies == {}


@BOTH
async def test_what_is_gone_already_lets_the_object_go(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.cloud(kind).things.clear()
    world.server.delete(uid)
    await world.run(200)
    assert world.server.bodies == {}


async def test_a_404_alone_proves_nothing(world: World) -> None:
    """A changed project or key answers so as well; the LIST still shows it, so it is still there."""
    uid = await ready(world)
    world.boxes.always["delete"] = NotFound("no such project", status=404)
    world.server.delete(uid)
    await world.run(600)
    assert uid in world.server.bodies
    assert len(world.boxes.living()) == 1


async def test_a_404_while_the_list_shows_it_is_no_hot_loop(world: World) -> None:
    uid = await ready(world)
    world.boxes.always["delete"] = NotFound("no such thing", status=404)
    world.server.delete(uid)
    await world.run(600)
    assert world.boxes.calls["delete"] <= 25
    assert world.server.says(uid) == "False DeleteBlocked"


async def test_a_404_of_a_cell_that_the_list_shows_keeps_the_object(world: World) -> None:
    uid = await ready(world, "Cell")
    world.cells.always["delete"] = NotFound("no such thing", status=404)
    world.server.delete(uid)
    await world.run(600)
    assert uid in world.server.bodies
    assert len(world.cells.living()) == 1


async def test_a_delete_task_that_fails_is_blocked_and_tried_again(world: World) -> None:
    uid = await ready(world)
    world.boxes.task_errors.append("it is busy")
    world.server.delete(uid)
    await world.run(120)
    assert world.server.bodies == {}
    assert world.boxes.calls["delete"] == 2
    assert world.process.events.reasons().count("DeleteBlocked") == 1


@BOTH
async def test_retain_leaves_the_resource(world: World, kind: str) -> None:
    uid = await ready(world, kind, deletionPolicy="Retain")
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert len(world.cloud(kind).living()) == 1
    assert world.cloud(kind).mutations() == 0
    assert world.server.writes == ["metadata"]


@BOTH
async def test_retain_needs_no_account(world: World, kind: str) -> None:
    uid = await ready(world, kind, deletionPolicy="Retain")
    world.accounts.clear()
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}


@BOTH
async def test_without_its_account_a_deletion_is_blocked(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.accounts.clear()
    await world.restart()
    world.server.delete(uid)
    await world.run(120)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.server.finalizers(uid)
    assert len(world.cloud(kind).living()) == 1
    world.accounts.append(world.account)
    await world.run(120)
    assert world.server.bodies == {}
    assert world.cloud(kind).living() == []


async def test_an_adopted_resource_is_not_forgotten_when_its_account_goes_before_it_serves(world: World) -> None:
    """Taken back after a rebuild and still deploying: the finalizer and our intent say that it is ours."""
    marker = "[ours]"
    first = await ready(world)
    marker = world.boxes.things["1/one"].wire["marker"]
    del world.server.bodies[first]
    await world.process.stop()
    world.start()
    world.boxes.things["1/one"].health = Health.CHANGING
    assert world.boxes.things["1/one"].wire["marker"] == marker
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    assert world.server.finalizers(uid)
    world.accounts.clear()
    await world.restart()
    world.server.delete(uid)
    await world.run(120)
    assert uid in world.server.bodies, "the resource lives and the policy is Delete"
    assert world.server.says(uid) == "False DeleteBlocked"


async def test_deletion_protection_holds_until_it_is_switched_off(world: World) -> None:
    uid = await ready(world, deletionProtection=True)
    world.server.delete(uid)
    await world.run(60)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.boxes.calls["delete"] == 0
    world.server.edit(uid, deletionProtection=False)
    await world.run(60)
    assert world.server.bodies == {}


async def test_an_object_that_is_gone_leaves_no_ghost_in_the_cache(world: World) -> None:
    """The watch tells of the end before the answer to our last write has come."""
    uid = await ready(world)
    world.process.told_at_once()
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert len(world.process.cache) == 0
