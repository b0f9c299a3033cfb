"""Transient resources that are kept alive, renewed, replaced, ended: what the other tests of cells leave out."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from caas_operator.core.errors import Unavailable
from tests.support.engine.cloud import no_answer
from tests.support.engine.transient import MortalWorld

RENEWED = {"expiryPolicy": "Recreate", "activeDeadlineSeconds": 300.0}


@pytest.fixture
async def world() -> AsyncIterator[MortalWorld]:
    made = MortalWorld()
    made.start()
    yield made
    await made.process.stop()


async def ready(world: MortalWorld, **spec: Any) -> str:
    uid = world.server.apply("Cell", "one", image="a", **spec)
    await world.run(20)
    assert world.server.says(uid) == "True Available"
    return uid


@pytest.mark.parametrize("more", [{}, {"files": "f"}])
async def test_a_renewed_sandbox_ends_at_the_deadline_and_is_not_made_again(
    world: MortalWorld, more: dict[str, Any]
) -> None:
    """The second create is told from the first by its time alone: neither has a task."""
    uid = await ready(world, **RENEWED, **more)
    world.cells.expire(world.cells.living()[0])
    await world.run(1200, step=10)
    assert world.cells.calls["create"] == 2
    assert world.cells.living() == []
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_the_record_of_a_renewed_sandbox_is_of_its_own_create(world: MortalWorld) -> None:
    uid = await ready(world, **RENEWED)
    before = world.server.status(uid)
    world.cells.expire(world.cells.living()[0])
    await world.run(90)
    after = world.server.status(uid)
    assert after["operation"]["startedAt"] > before["operation"]["startedAt"]
    assert after["startedAt"] == before["startedAt"]


async def test_a_sandbox_past_its_deadline_is_deleted_although_its_spec_is_refused(world: MortalWorld) -> None:
    uid = await ready(world, activeDeadlineSeconds=300.0)
    world.server.edit(uid, size=2)
    await world.run(60)
    assert world.server.says(uid, "Stalled") == "True ImmutableField"
    await world.run(400, step=5)
    assert world.cells.living() == []
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_a_sandbox_whose_spec_is_refused_is_seen_to_be_gone(world: MortalWorld) -> None:
    """A refusal is in force until an edit; the sandbox goes without one."""
    uid = await ready(world)
    world.server.edit(uid, size=2)
    await world.run(90)
    world.cells.things.clear()
    await world.run(300)
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_what_is_only_observed_is_not_kept_alive_and_no_hot_loop(world: MortalWorld) -> None:
    world.cells.idle_seconds = 1200.0
    uid = await ready(world, keepAlive=120.0, activeDeadlineSeconds=400.0, ttlSecondsAfterFinished=30.0)
    world.server.edit(uid, managementPolicy="ObserveOnly")
    await world.run(20)
    passes = world.process.passes
    await world.run(1500, step=10)
    assert world.cells.calls["touch"] == world.cells.calls["delete"] == 0
    assert world.process.passes - passes < 40
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_a_double_goes_before_the_sandbox_that_is_past_its_deadline(world: MortalWorld) -> None:
    await ready(world, activeDeadlineSeconds=300.0)
    (first,) = world.cells.living()
    world.cells.put(first.name, **first.wire)
    await world.run(400, step=5)
    assert world.cells.living() == []


async def test_a_keep_alive_that_fails_is_tried_again_in_time(world: MortalWorld) -> None:
    world.cells.idle_seconds = 240.0
    uid = await ready(world, keepAlive=120.0)
    world.cells.fail("touch", Unavailable("no", status=503))
    await world.run(600, step=5)
    assert len(world.cells.living()) == 1
    assert world.cells.calls["create"] == 1
    assert world.cells.calls["touch"] == 6
    assert world.server.says(uid) == "True Available"


async def test_a_delete_at_the_deadline_that_fails_is_tried_again(world: MortalWorld) -> None:
    uid = await ready(world, activeDeadlineSeconds=300.0)
    world.cells.fail("delete", Unavailable("no", status=503))
    await world.run(600, step=5)
    assert world.cells.living() == []
    assert world.cells.calls["delete"] == 2
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_an_unknown_create_of_a_replacement_is_not_repeated_beside_the_one_that_is_retained(
    world: MortalWorld,
) -> None:
    uid = await ready(world, replacePolicy="Recreate", deletionPolicy="Retain")
    world.cells.fail("create", no_answer(), lands_after=30.0)
    world.server.edit(uid, image="b")
    await world.run(300)
    assert world.cells.calls["create"] == 2
    assert [one.wire["image"] for one in world.cells.living()] == ["a", "b"]
    assert world.server.says(uid) == "True Available"


async def test_the_deadline_of_an_unknown_create_that_was_done_is_kept(world: MortalWorld) -> None:
    world.cells.idle_seconds = 240.0
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a", activeDeadlineSeconds=600.0, keepAlive=120.0)
    await world.run(300)
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["startedAt"] == "2027-01-15T08:00:00Z"
    await world.run(400)
    assert world.cells.living() == []
    assert world.cells.calls["create"] == 1
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_an_unknown_create_that_was_done_and_is_gone_later_is_not_repeated(world: MortalWorld) -> None:
    """By then it is bound as any other: its life is over."""
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a")
    await world.run(100)
    world.cells.things.clear()
    await world.run(600)
    assert world.cells.calls["create"] == 1
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_an_unknown_create_that_expired_before_it_was_seen_is_not_repeated_when_lists_forget_it(
    world: MortalWorld,
) -> None:
    world.cells.fail("create", no_answer(), done=True)
    uid = world.server.apply("Cell", "one", image="a")
    await world.process.work()
    world.cells.expire(world.cells.living()[0])
    await world.run(100)
    world.cells.things.clear()
    await world.restart()
    await world.run(600)
    assert world.cells.calls["create"] == 1
    assert world.server.says(uid, "Complete") == "True Expired"


async def test_an_unknown_create_that_was_done_is_bound_although_an_edit_is_refused(world: MortalWorld) -> None:
    world.cells.fail("create", no_answer(), lands_after=20.0)
    uid = world.server.apply("Cell", "one", image="a", activeDeadlineSeconds=300.0)
    await world.process.work()
    world.server.edit(uid, size=2)
    await world.run(100)
    (made,) = world.cells.living()
    assert world.server.says(uid, "Stalled") == "True ImmutableField"
    assert world.server.status(uid)["externalId"] == made.id
    await world.run(400, step=5)
    assert world.cells.living() == []
    assert world.server.says(uid, "Complete") == "True Expired"
