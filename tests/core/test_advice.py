"""What the cloud adds to "no more": which limit it is, or where there is room."""

import pytest

from caas_operator.core.advice import HOLDS_SECONDS
from caas_operator.core.errors import QuotaExceeded, Unavailable
from caas_operator.core.model import Health
from tests.core.passes import ready
from tests.support.engine.world import World

FULL = "Quota limit exceeded"
ADVICE = "over the limit of boxes (3)"


def message(world: World, uid: str) -> str:
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    return str(shown["message"])


async def test_a_refused_create_says_which_limit_it_met_and_is_asked_once(world: World) -> None:
    world.boxes.always["create"] = QuotaExceeded(FULL, status=400)
    world.boxes.advice = ADVICE
    uid = world.server.apply("Box", "one", image="a")
    await world.run(HOLDS_SECONDS - 60, step=5.0)
    assert world.server.says(uid) == "False QuotaExceeded"
    assert message(world, uid) == f"create (HTTP 400): {FULL}; {ADVICE}"
    assert world.boxes.calls["create"] > 2
    assert world.boxes.calls["advise"] == 1
    assert world.server.writes == ["metadata", "status"], "a try costs no write"


async def test_a_failed_task_says_which_limit_it_met(world: World) -> None:
    world.boxes.task_errors = [FULL] * 9
    world.boxes.advice = ADVICE
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    assert message(world, uid) == f"the cloud says: {FULL}; {ADVICE}"


async def test_a_failed_task_of_an_edit_says_it_too(world: World) -> None:
    uid = await ready(world)
    world.boxes.task_errors, world.boxes.cures = [FULL] * 9, False
    world.boxes.advice = ADVICE
    world.server.edit(uid, image="b")
    await world.run(30)
    assert message(world, uid) == ""
    shown = world.server.condition(uid, "Synced")
    assert shown is not None
    assert shown["message"] == f"update task: {FULL}; {ADVICE}"


async def test_a_refused_edit_says_it_too(world: World) -> None:
    uid = await ready(world)
    world.boxes.always["update"] = QuotaExceeded(FULL, status=400)
    world.boxes.advice = ADVICE
    world.server.edit(uid, image="b")
    await world.run(30)
    shown = world.server.condition(uid, "Synced")
    assert shown is not None
    assert shown["message"] == f"update (HTTP 400): {FULL}; {ADVICE}"
    assert world.server.says(uid) == "True Available"


async def test_a_region_without_room_says_where_there_is_some(world: World) -> None:
    uid = await ready(world)
    thing = world.boxes.things["1/one"]
    thing.health, thing.message = Health.BROKEN, "The region 6 has reached the limit of flavor big"
    world.boxes.advice = "no big is free in 6; free in 42"
    await world.run(90)
    assert world.server.says(uid) == "False CloudError"
    assert message(world, uid).endswith("of flavor big; no big is free in 6; free in 42")


async def test_what_was_said_is_asked_again_after_a_while_and_when_something_changes(world: World) -> None:
    world.boxes.always["create"] = QuotaExceeded(FULL, status=400)
    world.boxes.advice = ADVICE
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    world.boxes.advice = "over the limit of boxes (9)"
    await world.run(HOLDS_SECONDS + 330, step=5.0)
    assert message(world, uid).endswith("(9)")
    assert world.boxes.calls["advise"] == 2


@pytest.mark.parametrize("says", ["nothing", "an error"])
async def test_without_advice_the_failure_speaks_for_itself(world: World, says: str) -> None:
    world.boxes.always["create"] = QuotaExceeded(FULL, status=400)
    if says == "an error":
        world.boxes.always["advise"] = Unavailable("bad gateway", status=502)
    uid = world.server.apply("Box", "one", image="a")
    await world.run(60)
    assert message(world, uid) == f"create (HTTP 400): {FULL}"
    assert world.boxes.calls["advise"] == 1


async def test_no_other_failure_is_asked_about(world: World) -> None:
    world.boxes.always["create"] = Unavailable("bad gateway", status=502)
    world.boxes.task_errors = ["no more bits"]
    world.server.apply("Box", "one", image="a")
    await world.run(300, step=5.0)
    assert world.boxes.calls["advise"] == 0
