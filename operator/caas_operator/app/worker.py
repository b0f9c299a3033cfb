"""The workers: they take keys from the queue and let the engine look at each."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from caas_operator.app.cache import Cache
from caas_operator.app.objects import CachedObjects
from caas_operator.app.telemetry import logs
from caas_operator.core.errors import NotLeading, ObjectGone, StaleObject
from caas_operator.core.model import Key, Resource
from caas_operator.core.ports import Clock
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.reconciler import Visit
from caas_operator.kube.errors import ClusterError

logger = logging.getLogger("caas_operator.worker")

CLUSTER_TROUBLE_WAIT = 5.0
NOT_LEADING_WAIT = 15.0
DEFECT_WAIT = 60.0
"""Seconds until an object is looked at again on which the operator itself failed."""

Look = Callable[[Resource], Awaitable[Visit]]
Passed = Callable[[str, str, float], None]
"""Told of each pass: kind, outcome, seconds."""


@dataclass
class Workers:
    """As many passes at a time as the queue's groups allow; `visits` has what looks at each kind."""

    queue: WorkQueue
    cache: Cache
    objects: CachedObjects
    visits: dict[str, Look]
    forget: Callable[[Key], None]
    clock: Clock
    passed: Passed = lambda _kind, _outcome, _seconds: None
    _passes: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until the queue is closed."""
        while (key := await self.queue.get()) is not None:
            task = asyncio.create_task(self._pass(key))
            self._passes.add(task)
            task.add_done_callback(self._passes.discard)

    async def drain(self, seconds: float) -> int:
        """Take no more keys and wait for the passes under way; returns how many had to be left."""
        self.queue.close()
        if self._passes:
            await asyncio.wait(self._passes, timeout=seconds)
        return len(self._passes)

    def abandon(self) -> None:
        """Cut off the passes that are still under way."""
        for task in self._passes:
            task.cancel()

    async def _pass(self, key: Key) -> None:
        started, visit, outcome = time.perf_counter(), Visit(), "failed"
        obj = self.cache.get(key)
        try:
            with logs.about(obj):
                visit, outcome = await self._guarded(key, obj)
        finally:
            self.queue.done(key, group=visit.group or None, again_at=visit.again_at)
            self.passed(key.kind, outcome, time.perf_counter() - started)

    async def _guarded(self, key: Key, obj: Resource | None) -> tuple[Visit, str]:
        """One broken object must neither stop a worker nor delay others."""
        try:
            visit = await self._look(key, obj)
        except Exception:
            logger.exception("the operator failed on this object; looking at it again in %d s", DEFECT_WAIT)
            return Visit(again_at=self.clock.now() + DEFECT_WAIT), "failed"
        return visit, str(visit.outcome.state) if visit.outcome else "none"

    async def _look(self, key: Key, obj: Resource | None) -> Visit:
        if obj is None:
            self._gone(key)
            return Visit()
        try:
            return await self.visits[key.kind](obj)
        except StaleObject:
            # Written by somebody else since we read it: read it and look again at once.
            if await self.objects.look_again(obj) is None:
                self._gone(key)
            else:
                self.queue.add(key, Priority.EDIT)
        except ObjectGone:
            self.cache.drop(key)
            self._gone(key)
        except NotLeading:
            return Visit(again_at=self.clock.now() + NOT_LEADING_WAIT)
        except ClusterError as error:
            logger.warning("the API server: %s", error)
            return Visit(again_at=self.clock.now() + CLUSTER_TROUBLE_WAIT)
        return Visit()

    def _gone(self, key: Key) -> None:
        self.forget(key)
        self.queue.forget(key)
