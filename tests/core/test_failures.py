"""Resources and tasks that fail, lists that fail, and the progress deadline."""

from caas_operator.core.errors import Unavailable
from caas_operator.core.model import Health
from tests.core.passes import ready
from tests.support.engine.world import World


async def test_what_the_cloud_reports_as_failed_is_a_cloud_error_and_stays_one(world: World) -> None:
    uid = await ready(world)
    thing = world.boxes.things["1/one"]
    thing.health, thing.message = Health.BROKEN, "crash loop"
    await world.run(300)
    assert world.server.says(uid) == "False CloudError"
    assert world.server.says(uid, "Synced") == "True InSync"
    assert world.server.writes == ["status"]


async def test_a_failure_for_ten_minutes_is_stalled_and_recovery_clears_it(world: World) -> None:
    uid = await ready(world)
    thing = world.boxes.things["1/one"]
    thing.health = Health.BROKEN
    await world.run(560)
    assert world.server.says(uid, "Stalled") == "-"
    await world.run(160)
    assert world.server.says(uid) == "False ProgressDeadlineExceeded"
    assert world.server.says(uid, "Stalled") == "True ProgressDeadlineExceeded"
    assert world.server.says(uid, "Reconciling") == "-"
    await world.run(3600, step=5)
    assert world.server.writes == ["status", "status"]
    thing.health = Health.SERVING
    await world.run(90)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Stalled") == "-"


async def test_a_failing_object_stays_cloud_error_over_a_restart(world: World) -> None:
    uid = await ready(world)
    world.boxes.things["1/one"].health = Health.BROKEN
    await world.run(120)
    world.server.writes.clear()
    await world.restart()
    await world.run(120)
    assert world.server.says(uid) == "False CloudError"
    assert world.server.writes == []


async def test_a_create_task_that_fails_is_told_with_the_words_of_the_cloud(world: World) -> None:
    world.boxes.task_errors.append("the image is bad")
    uid = world.server.apply("Box", "one", image="a")
    await world.run(4)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["reason"]) == ("False", "CloudError")
    assert "the image is bad" in shown["message"]
    assert len([one for one in world.process.events.told if "the image is bad" in one[2]]) == 1


async def test_an_update_task_that_fails_is_tried_again_without_end(world: World) -> None:
    uid = await ready(world)
    world.boxes.task_errors.extend(["no"] * 3)
    world.server.edit(uid, image="b")
    await world.run(900)
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert world.server.says(uid) == "True Available"


async def test_quota_never_stalls(world: World) -> None:
    uid = await ready(world)
    world.boxes.task_errors.extend(["Quota exceeded"] * 100)
    world.server.edit(uid, image="b")
    await world.run(3600, step=5)
    assert world.server.says(uid, "Synced") == "False QuotaExceeded"
    assert world.server.says(uid, "Stalled") == "-"
    assert world.server.says(uid) == "True Available"


async def test_a_failed_list_writes_nothing_to_converged_objects(world: World) -> None:
    await ready(world)
    world.boxes.always["list"] = Unavailable("no", status=503)
    await world.run(7200, step=5)
    assert world.server.writes == []


async def test_a_failed_list_at_first_is_told(world: World) -> None:
    world.boxes.always["list"] = Unavailable("no", status=503)
    uid = world.server.apply("Box", "one", image="a")
    await world.run(60)
    assert world.server.says(uid) == "False CloudError"
    assert world.boxes.mutations() == 0
    del world.boxes.always["list"]
    await world.run(120)
    assert world.server.says(uid) == "True Available"


async def test_a_change_that_came_while_lists_failed_is_not_lost(world: World) -> None:
    world.reader.put("s", value="old")
    uid = await ready(world, secrets=["s"])
    world.boxes.always["list"] = Unavailable("no", status=503)
    world.reader.put("s", value="new")
    await world.run(200)
    del world.boxes.always["list"]
    await world.run(300)
    assert world.boxes.things["1/one"].wire["secret-s"] == "new"
    assert world.server.says(uid) == "True Available"
