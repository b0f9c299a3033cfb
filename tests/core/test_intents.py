"""The annotation that users can write: copied, forged, stripped, garbage."""

import json

import pytest

from tests.core.passes import BOTH, ready
from tests.support.engine.world import World


def forged(world: World, uid: str, **more: object) -> str:
    intent = {
        "uid": uid,
        "account": {"kind": "CloudAccount", "name": "main"},
        "endpoint": world.account.endpoint,
        "scope": "1",
        "name": "one",
        "at": "2027-01-15T08:00:00Z",
    }
    return json.dumps(intent | more)


@BOTH
async def test_a_copied_intent_is_ignored(world: World, kind: str) -> None:
    first = await ready(world, kind)
    copied = world.server.annotation(first, "create-intent")
    second = world.server.apply(kind, "two", {"caas-operator.dev/create-intent": copied or ""}, image="b")
    await world.run(60)
    assert world.server.says(second) == "True Available"
    assert len(world.cloud(kind).living()) == 2
    world.server.delete(second)
    await world.run(120)
    assert world.server.says(first) == "True Available"
    assert len(world.cloud(kind).living()) == 1


async def test_a_forged_intent_deletes_nothing_of_others(world: World) -> None:
    world.boxes.put("victim", image="theirs")
    uid = world.server.apply("Box", "one", image="a")
    world.server.finalize(uid, "caas-operator.dev/cleanup")
    world.server.annotate(uid, create_intent=forged(world, uid, name="victim"))
    world.server.delete(uid)
    await world.run(300)
    assert list(world.boxes.things) == ["1/victim"]
    assert world.boxes.mutations() == 0
    assert world.server.bodies == {}


async def test_a_forged_adopted_intent_changes_nothing_of_others(world: World) -> None:
    world.boxes.put("victim", image="theirs")
    uid = world.server.apply("Box", "one", image="a", name="victim")
    world.server.finalize(uid, "caas-operator.dev/cleanup")
    world.server.annotate(uid, create_intent=forged(world, uid, name="victim", adopted=True))
    await world.run(100)
    assert world.boxes.things["1/victim"].wire["image"] == "theirs"
    assert world.boxes.mutations() == 0


@BOTH
async def test_a_stripped_intent_is_written_again_and_nothing_is_made(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.server.annotate(uid, create_intent=None)
    await world.run(60)
    assert world.server.annotation(uid, "create-intent")
    assert world.cloud(kind).mutations() == 0
    assert world.server.says(uid) == "True Available"


@BOTH
async def test_a_removed_finalizer_is_put_back(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.server.finalize(uid)
    await world.run(60)
    assert world.server.finalizers(uid) == ["caas-operator.dev/cleanup"]
    assert world.cloud(kind).mutations() == 0


async def test_a_sandbox_whose_intent_was_stripped_is_not_taken_for_expired(world: World) -> None:
    """The LIST goes back to the oldest of ours by what status says; the annotation may be rewritten any day."""
    uid = await ready(world, "Cell")
    await world.run(120)
    world.server.annotate(uid, create_intent=None)
    await world.run(300)
    assert world.server.says(uid, "Complete") == "-"
    assert world.server.says(uid) == "True Available"


async def test_a_sandbox_whose_intent_was_rewritten_is_found_after_a_restart(world: World) -> None:
    uid = await ready(world, "Cell")
    await world.run(120)
    world.server.annotate(uid, create_intent=None)
    await world.run(10)
    await world.restart()
    await world.run(300)
    assert world.server.says(uid, "Complete") == "-"
    world.server.delete(uid)
    await world.run(300)
    assert world.cells.living() == []
    assert world.server.bodies == {}


GARBAGE = (
    "{",
    "[]",
    "null",
    '"text"',
    '{"uid": "uid-1"}',
    '{"uid": "uid-1", "account": "main", "endpoint": "e", "scope": "1", "name": "one", "at": "2027-01-15T08:00:00Z"}',
)


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_in_the_intent_is_no_intent(world: World, garbage: str) -> None:
    uid = world.server.apply("Box", "one", {"caas-operator.dev/create-intent": garbage}, image="a")
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.calls["create"] == 1


@pytest.mark.parametrize(
    "more",
    [
        {"number": float("inf")},
        {"scope": ["1"]},
        {"scope": 1},
        {"name": {"a": 1}},
        {"endpoint": ["x"]},
        {"account": {"kind": [], "name": {}}},
        {"scope": "garbage"},
        {"at": "0001-01-01T00:00:00+23:59"},
    ],
    ids=str,
)
async def test_a_forged_intent_of_wrong_types_breaks_no_pass(world: World, more: dict[str, object]) -> None:
    uid = world.server.apply("Box", "one", image="a")
    world.server.annotate(uid, create_intent=forged(world, uid, **more))
    await world.run(60)
    world.server.delete(uid)
    await world.run(300)
    assert world.server.bodies == {}


async def test_an_intent_from_the_far_future_does_not_keep_an_object_for_ever(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a")
    world.server.annotate(uid, create_intent=forged(world, uid, at="2999-01-01T00:00:00Z"))
    await world.run(200)
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["operation"]["startedAt"] < "2027-02"
    world.server.delete(uid)
    await world.run(300)
    assert world.server.bodies == {}
    assert world.boxes.things == {}
