"""What the cloud refuses, for now or for good, and what is told of it."""

import pytest

from caas_operator.core.errors import Forbidden, QuotaExceeded, Rejected, Throttled, Unavailable
from tests.core.passes import BOTH, ready
from tests.support.engine.world import World


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Forbidden("no capacity", status=403), "False CloudError"),
        (QuotaExceeded("no quota", status=400), "False QuotaExceeded"),
        (Throttled("too fast", status=429, retry_after=20), "False RateLimited"),
        (Unavailable("cannot connect", code="connect"), "False CloudError"),
    ],
)
@BOTH
async def test_a_create_that_fails_for_now_is_tried_again_with_one_write_a_cause(
    world: World, kind: str, error: Exception, said: str
) -> None:
    cloud = world.cloud(kind)
    cloud.always["create"] = error  # type: ignore[assignment]
    uid = world.server.apply(kind, "one", image="a")
    await world.run(1200)
    assert world.server.says(uid) == said
    assert world.server.says(uid, "Reconciling") == "True ProgressingWithRetry"
    assert world.server.says(uid, "Stalled") == "-"
    assert 5 <= cloud.calls["create"] <= 30
    assert world.server.writes.count("status") <= 1 + world.server.writes.count("metadata")
    del cloud.always["create"]
    await world.run(400)
    assert world.server.says(uid) == "True Available"
    assert len(cloud.living()) == 1


@BOTH
async def test_a_failing_create_writes_one_status_and_one_intent(world: World, kind: str) -> None:
    world.cloud(kind).always["create"] = Forbidden("no capacity", status=403)
    world.server.apply(kind, "one", image="a")
    await world.run(1200)
    assert world.server.writes == ["metadata", "status"]


@BOTH
async def test_a_refused_create_is_stalled_and_not_repeated_until_an_edit(world: World, kind: str) -> None:
    cloud = world.cloud(kind)
    cloud.fail("create", Rejected("image: no such", status=422))
    uid = world.server.apply(kind, "one", image="a")
    await world.run(3600, step=5)
    assert world.server.says(uid) == "False InvalidSpec"
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    assert cloud.calls["create"] == 1
    world.server.edit(uid, image="b")
    await world.run(30)
    assert world.server.says(uid) == "True Available"


async def test_a_reconcile_request_tries_a_refused_create_again(world: World) -> None:
    world.boxes.fail("create", Rejected("no", status=422))
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    world.server.annotate(uid, reconcile_requested_at="now")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["lastHandledReconcileAt"] == "now"


async def test_a_reconcile_request_on_a_converged_object_looks_anew(world: World) -> None:
    uid = await ready(world)
    await world.run(3)
    world.server.annotate(uid, reconcile_requested_at="now")
    world.boxes.things["1/one"].wire["image"] = "by hand"
    await world.run(10)
    assert world.boxes.things["1/one"].wire["image"] == "a"
    assert world.server.status(uid)["lastHandledReconcileAt"] == "now"


async def test_a_spec_that_cannot_be_parsed_touches_nothing(world: World) -> None:
    uid = world.server.apply("Box", "one", image="bad")
    await world.run(60)
    assert world.server.says(uid) == "False InvalidSpec"
    assert world.boxes.mutations() == 0
    assert world.server.finalizers(uid) == []


async def test_an_edit_refused_while_the_old_generation_serves_leaves_ready_true(world: World) -> None:
    uid = await ready(world)
    world.boxes.always["update"] = Rejected("no such image", status=422)
    world.server.edit(uid, image="b")
    await world.run(600)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 1)
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    assert world.server.says(uid, "Synced") == "False InvalidSpec"
    assert world.server.writes == ["status"]
    assert world.boxes.calls["update"] == 1


async def test_a_bad_spec_while_the_old_generation_serves_leaves_ready_true(world: World) -> None:
    uid = await ready(world)
    world.server.edit(uid, image="bad")
    await world.run(600)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    assert world.server.writes == ["status"]


async def test_an_immutable_field_is_stalled_and_serving_goes_on(world: World) -> None:
    uid = await ready(world, flavor="small")
    world.server.edit(uid, flavor="big")
    await world.run(600)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Stalled") == "True ImmutableField"
    assert world.boxes.mutations() == 0
    world.server.edit(uid, flavor="small")
    await world.run(30)
    assert world.server.says(uid, "Stalled") == "-"
