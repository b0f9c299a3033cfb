"""From watch events to the queue: urgency, the complete first list, and what went without a word."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from caas_operator.app import intake as intake_module
from caas_operator.app.cache import Cache
from caas_operator.app.intake import Intake, urgency
from caas_operator.core.model import CREATE_INTENT, FINALIZER, PAUSED, RECONCILE_REQUESTED, Key, Resource
from caas_operator.core.queue import Priority, WorkQueue
from tests.core.build import AT, condition, resource
from tests.support.clock import FakeClock, settle

OLD = resource(
    finalizers=(FINALIZER,), annotations={CREATE_INTENT: "x"}, status={"conditions": [condition("Ready", "True")]}
)


@pytest.mark.parametrize(
    ("sentence", "after", "expected"),
    [
        ("spec was edited", replace(OLD, generation=2), Priority.EDIT),
        ("it is to go", replace(OLD, generation=2, deleting_since=AT), Priority.URGENT),
        ("it was paused", replace(OLD, annotations={**OLD.annotations, PAUSED: "true"}), Priority.EDIT),
        ("reconcile it now", replace(OLD, annotations={**OLD.annotations, RECONCILE_REQUESTED: "x"}), Priority.EDIT),
        ("our finalizer was removed", replace(OLD, finalizers=()), Priority.EDIT),
        ("our intent was removed", replace(OLD, annotations={}), Priority.EDIT),
        ("its status was wiped", replace(OLD, status={}), Priority.EDIT),
        ("our own status write", replace(OLD, status={"conditions": []}), None),
        ("somebody's label", replace(OLD, resource_version=9), None),
        ("somebody's annotation", replace(OLD, annotations={**OLD.annotations, "a": "b"}), None),
        ("somebody's finalizer", replace(OLD, finalizers=(FINALIZER, "other/one")), None),
    ],
)
def test_what_changed_says_how_soon_it_matters(sentence: str, after: Resource, expected: Priority | None) -> None:
    assert urgency(OLD, after) is expected, sentence


def test_a_new_object_comes_after_edits_and_a_deleting_one_is_urgent() -> None:
    assert urgency(None, OLD) is Priority.NEW
    assert urgency(None, replace(OLD, deleting_since=AT)) is Priority.URGENT


def test_a_forged_intent_is_looked_at_no_sooner_than_anything_else() -> None:
    forged = replace(OLD, annotations={CREATE_INTENT: "forged"})
    assert urgency(OLD, forged) is None


def body(uid: str = "uid-1", version: int = 1, generation: int = 1, **meta: Any) -> Mapping[str, Any]:
    return {
        "kind": "Box",
        "metadata": {
            "uid": uid,
            "name": uid,
            "namespace": "team",
            "generation": generation,
            "resourceVersion": str(version),
            "creationTimestamp": AT,
            **meta,
        },
        "spec": {},
    }


class Desk:
    def __init__(self) -> None:
        self.cache, self.queue = Cache(), WorkQueue(FakeClock(), 10)
        self.there: set[str] = set()
        self.arrived: list[str] = []
        self.vanished: list[tuple[str, bool]] = []
        self.intake = Intake(
            self.cache,
            self.queue,
            FakeClock(),
            self.existing,
            lambda obj: self.arrived.append(obj.uid),
            lambda obj, seen: self.vanished.append((obj.uid, seen)),
        )

    async def existing(self) -> frozenset[Key]:
        await asyncio.sleep(0)
        return frozenset(Key("Box", uid) for uid in self.there)

    def waiting(self) -> int:
        return sum(self.queue.depth().values())


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(intake_module, "RECOUNT_AFTER", 0.01)
    return Desk()


async def test_an_event_is_cached_and_queued(desk: Desk) -> None:
    desk.intake.receive("ADDED", body())
    assert desk.waiting() == 1
    assert desk.arrived == ["uid-1"]
    assert len(desk.cache) == 1


async def test_an_older_event_is_ignored(desk: Desk) -> None:
    desk.intake.receive("MODIFIED", body(version=5))
    desk.intake.receive("MODIFIED", body(version=4, generation=9))
    assert desk.arrived == ["uid-1"]
    known = desk.cache.get(Key("Box", "uid-1"))
    assert known is not None
    assert known.generation == 1


async def test_our_own_write_coming_back_queues_nothing(desk: Desk) -> None:
    desk.intake.receive("ADDED", body())
    await desk.queue.get()
    desk.queue.done(Key("Box", "uid-1"))
    desk.cache.put(resource(version=2))
    desk.intake.receive("MODIFIED", body(version=2))
    assert desk.waiting() == 0


async def test_a_deletion_drops_it_and_lets_the_engine_forget(desk: Desk) -> None:
    desk.intake.receive("ADDED", body())
    desk.intake.receive("DELETED", body(version=2))
    assert desk.vanished == [("uid-1", True)]
    assert len(desk.cache) == 0
    assert desk.waiting() == 1


async def test_an_object_that_is_made_again_under_its_name_is_another_one(desk: Desk) -> None:
    desk.intake.receive("ADDED", body("a", 1))
    desk.intake.receive("ADDED", body("b", 5))
    desk.intake.receive("DELETED", body("a", 4))
    assert desk.cache.keys() == {Key("Box", "b")}


async def test_the_first_list_is_complete_when_every_uid_has_come(desk: Desk) -> None:
    desk.there = {"a", "b"}
    waiting = asyncio.create_task(desk.intake.wait_until_complete())
    await settle()
    desk.intake.receive(None, body("a"))
    await settle()
    assert not waiting.done()
    desk.intake.receive(None, body("b"))
    await asyncio.wait_for(waiting, 1)


async def test_what_came_before_we_asked_counts(desk: Desk) -> None:
    desk.there = {"a"}
    desk.intake.receive(None, body("a"))
    await asyncio.wait_for(desk.intake.wait_until_complete(), 1)


async def test_an_empty_cluster_is_complete_at_once(desk: Desk) -> None:
    await asyncio.wait_for(desk.intake.wait_until_complete(), 1)


async def test_what_was_deleted_while_we_waited_is_not_waited_for(desk: Desk) -> None:
    desk.there = {"a", "b"}
    waiting = asyncio.create_task(desk.intake.wait_until_complete())
    await settle()
    desk.intake.receive(None, body("a"))
    desk.there = {"a"}
    await asyncio.wait_for(waiting, 1)


async def test_what_came_and_went_while_we_waited_is_not_waited_for(desk: Desk) -> None:
    desk.there = {"a"}
    waiting = asyncio.create_task(desk.intake.wait_until_complete())
    await settle()
    desk.intake.receive("ADDED", body("a"))
    desk.intake.receive("DELETED", body("a", 2))
    await asyncio.wait_for(waiting, 1)


async def test_after_a_late_list_what_no_longer_exists_is_dropped(desk: Desk) -> None:
    """After a 410 the watch lists again and does not say what was deleted meanwhile."""
    running = asyncio.create_task(desk.intake.run())
    desk.there = {"a", "b"}
    desk.intake.receive(None, body("a"))
    desk.intake.receive(None, body("b"))
    await desk.intake.wait_until_complete()
    desk.there = {"b"}
    desk.intake.receive(None, body("b"))
    for _ in range(100):
        if desk.vanished:
            break
        await asyncio.sleep(0.005)
    assert desk.vanished == [("a", False)]
    assert desk.cache.keys() == {Key("Box", "b")}
    running.cancel()


async def test_what_was_made_during_the_recount_is_not_dropped(desk: Desk) -> None:
    running = asyncio.create_task(desk.intake.run())
    await desk.intake.wait_until_complete()
    original = desk.existing

    async def slow() -> frozenset[Key]:
        counted = await original()
        desk.intake.receive("ADDED", body("new"))
        return counted

    desk.intake.existing = slow
    desk.intake.receive(None, body("old"))
    desk.there = {"old"}
    for _ in range(100):
        if Key("Box", "new") in frozenset(desk.cache.keys()):
            break
        await asyncio.sleep(0.005)
    await settle()
    assert desk.cache.keys() == {Key("Box", "old"), Key("Box", "new")}
    running.cancel()


async def test_a_recount_that_fails_is_made_again(desk: Desk) -> None:
    """The API server may be away for a moment; what went meanwhile must still be noticed. The loop is begun again."""

    async def again_and_again() -> None:
        while True:
            with contextlib.suppress(ConnectionError):
                await desk.intake.run()

    running = asyncio.create_task(again_and_again())
    desk.there = {"a", "b"}
    for uid in "ab":
        desk.intake.receive(None, body(uid))
    await desk.intake.wait_until_complete()
    original, failures = desk.existing, [1]

    async def failing() -> frozenset[Key]:
        if failures:
            failures.pop()
            raise ConnectionError("no answer")
        return await original()

    desk.intake.existing = failing
    desk.there = {"b"}
    desk.intake.receive(None, body("b"))
    for _ in range(40):
        if desk.vanished:
            break
        await asyncio.sleep(0.005)
    running.cancel()
    assert desk.vanished == [("a", False)]


async def test_an_idle_one_keeps_the_cache_and_no_queue_until_it_begins(desk: Desk) -> None:
    """A standby's queue would only grow."""
    desk.intake.idle = True
    desk.intake.receive("ADDED", body("one"))
    desk.intake.receive("ADDED", body("two", deletionTimestamp=AT))
    desk.intake.receive("ADDED", body("three"))
    desk.intake.receive("DELETED", body("three", version=2))
    assert desk.waiting() == 0
    assert len(desk.cache) == 2
    desk.intake.begin()
    assert desk.queue.depth()[Priority.URGENT] == 1
    assert desk.queue.depth()[Priority.NEW] == 1
    desk.intake.receive("ADDED", body("four"))
    assert desk.waiting() == 3
