"""The workers: what each way in which a pass can end means for the queue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from caas_operator.app.cache import Cache
from caas_operator.app.telemetry import logs
from caas_operator.app.worker import CLUSTER_TROUBLE_WAIT, DEFECT_WAIT, NOT_LEADING_WAIT, Workers
from caas_operator.core.errors import NotLeading, ObjectGone, StaleObject
from caas_operator.core.model import Key, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.reconciler import Visit
from caas_operator.kube.errors import ClusterUnavailable
from tests.core.build import resource
from tests.support.clock import FakeClock, settle

KEY = Key("Box", "uid-1")
SERVING = Outcome(State.SERVING, Reason.AVAILABLE)


class Objects:
    """What app.objects does when an object has to be read again."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.answer: Resource | None = resource(version=7)

    async def look_again(self, obj: Resource) -> Resource | None:
        if self.answer is None:
            self.cache.drop(obj.key)
        else:
            self.cache.put(self.answer)
        return self.answer


class Desk:
    def __init__(self) -> None:
        self.clock, self.cache = FakeClock(), Cache()
        self.queue = WorkQueue(self.clock, 2)
        self.objects, self.seen = Objects(self.cache), list[int]()
        self.forgotten: list[Key] = []
        self.passed: list[tuple[str, str]] = []
        self.answers: list[Visit | BaseException | Callable[[], Awaitable[Visit]]] = []
        self.workers = Workers(
            queue=self.queue,
            cache=self.cache,
            objects=self.objects,  # type: ignore[arg-type]
            visits={"Box": self.visit},
            forget=self.forgotten.append,
            clock=self.clock,
            passed=lambda kind, outcome, _seconds: self.passed.append((kind, outcome)),
        )

    async def visit(self, obj: Resource) -> Visit:
        self.seen.append(obj.resource_version)
        answer = self.answers.pop(0) if self.answers else Visit()
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Visit) else await answer()

    async def work(self, *answers: Visit | BaseException | Callable[[], Awaitable[Visit]]) -> asyncio.Task[None]:
        self.answers.extend(answers)
        self.cache.put(resource())
        self.queue.add(KEY, Priority.EDIT)
        running = asyncio.create_task(self.workers.run())
        await settle()
        return running


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_pass_is_told_with_its_outcome(desk: Desk) -> None:
    running = await desk.work(Visit(outcome=SERVING))
    assert desk.passed == [("Box", "serving")]
    running.cancel()


async def test_again_at_is_kept(desk: Desk) -> None:
    running = await desk.work(Visit(again_at=desk.clock.now() + 30))
    delays = asyncio.create_task(desk.queue.run_delays())
    await desk.clock.advance(29)
    assert len(desk.seen) == 1
    await desk.clock.advance(2)
    assert len(desk.seen) == 2
    running.cancel()
    delays.cancel()


async def test_a_stale_object_is_read_and_looked_at_again_at_once(desk: Desk) -> None:
    running = await desk.work(StaleObject("x"))
    assert desk.seen == [1, 7]
    running.cancel()


async def test_a_stale_object_that_is_gone_is_forgotten(desk: Desk) -> None:
    desk.objects.answer = None
    running = await desk.work(StaleObject("x"))
    assert desk.forgotten == [KEY]
    assert desk.seen == [1]
    running.cancel()


async def test_an_object_that_is_gone_is_forgotten_and_dropped(desk: Desk) -> None:
    running = await desk.work(ObjectGone("x"))
    assert desk.forgotten == [KEY]
    assert len(desk.cache) == 0
    running.cancel()


async def test_a_key_without_an_object_is_forgotten(desk: Desk) -> None:
    desk.queue.add(Key("Box", "gone"), Priority.FOLLOW)
    running = asyncio.create_task(desk.workers.run())
    await settle()
    assert desk.forgotten == [Key("Box", "gone")]
    assert desk.seen == []
    running.cancel()


async def test_trouble_with_the_api_server_is_waited_out(desk: Desk) -> None:
    running = await desk.work(ClusterUnavailable("no"))
    delays = asyncio.create_task(desk.queue.run_delays())
    await desk.clock.advance(CLUSTER_TROUBLE_WAIT + 1)
    assert len(desk.seen) == 2
    running.cancel()
    delays.cancel()


async def test_a_pass_that_found_out_that_it_may_not_speak_to_the_clouds_is_made_later(desk: Desk) -> None:
    running = await desk.work(NotLeading("another one leads"))
    assert desk.passed == [("Box", "none")]
    delays = asyncio.create_task(desk.queue.run_delays())
    await desk.clock.advance(NOT_LEADING_WAIT + 1)
    assert len(desk.seen) == 2
    running.cancel()
    delays.cancel()


async def test_what_is_logged_in_a_pass_is_about_its_object(desk: Desk) -> None:
    told: list[str] = []

    async def pass_() -> Visit:
        record = logging.makeLogRecord({"msg": "create sent", "levelname": "INFO"})
        told.append(logs.TextFormatter().format(record).split(" ", 1)[1])
        return Visit()

    running = await desk.work(pass_)
    assert told == ["INFO    Box team/one: create sent"]
    running.cancel()


async def test_a_defect_of_ours_stops_no_worker_and_is_no_hot_loop(desk: Desk) -> None:
    running = await desk.work(ZeroDivisionError("ours"))
    assert desk.passed == [("Box", "failed")]
    delays = asyncio.create_task(desk.queue.run_delays())
    await desk.clock.advance(DEFECT_WAIT - 1)
    assert len(desk.seen) == 1
    await desk.clock.advance(2)
    assert len(desk.seen) == 2
    assert not running.done()
    running.cancel()
    delays.cancel()


async def test_a_change_during_the_pass_brings_another_one(desk: Desk) -> None:
    gate = asyncio.Event()

    async def slow() -> Visit:
        await gate.wait()
        return Visit()

    running = await desk.work(slow)
    desk.queue.add(KEY, Priority.EDIT)
    await settle()
    assert len(desk.seen) == 1, "never two at a time"
    gate.set()
    await settle()
    assert len(desk.seen) == 2
    running.cancel()


async def test_draining_waits_for_what_is_under_way_and_takes_no_more(desk: Desk) -> None:
    gate = asyncio.Event()

    async def slow() -> Visit:
        await gate.wait()
        return Visit(outcome=SERVING)

    running = await desk.work(slow)
    draining = asyncio.create_task(desk.workers.drain(5))
    await settle()
    assert not draining.done()
    desk.queue.add(Key("Box", "late"), Priority.URGENT)
    gate.set()
    assert await asyncio.wait_for(draining, 1) == 0
    assert desk.passed == [("Box", "serving")]
    await asyncio.wait_for(running, 1)


async def test_draining_tells_how_many_did_not_end(desk: Desk) -> None:
    async def never() -> Visit:
        await asyncio.Event().wait()
        return Visit()

    await desk.work(never)
    assert await desk.workers.drain(0.01) == 1
    for task in tuple(desk.workers._passes):
        task.cancel()
    await settle()
