"""From watch events to the queue: what has changed, how soon it matters, and what has gone without a word."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caas_operator.app.cache import Cache
from caas_operator.core.model import CREATE_INTENT, FINALIZER, PAUSED, Key, Resource
from caas_operator.core.ports import Clock
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.status import reconcile_request

logger = logging.getLogger("caas_operator.intake")

RECOUNT_AFTER = 5.0
"""Seconds after the last event of a late list until we ask which objects still exist."""


def urgency(before: Resource | None, after: Resource) -> Priority | None:
    """How urgently an object is to be looked at; None for what we wrote ourselves and for what does not concern us."""
    if after.deleting and (before is None or not before.deleting):
        return Priority.URGENT
    if before is None:
        return Priority.NEW
    if _asked(before) != _asked(after) or _taken_away(before, after):
        return Priority.EDIT
    return None


def _asked(obj: Resource) -> tuple[object, ...]:
    return obj.generation, obj.annotations.get(PAUSED), reconcile_request(obj)


def _taken_away(before: Resource, after: Resource) -> bool:
    """Somebody removed what we put on the object; each pass mends it."""
    finalizer = FINALIZER in before.finalizers and FINALIZER not in after.finalizers
    intent = CREATE_INTENT in before.annotations and CREATE_INTENT not in after.annotations
    return finalizer or intent or ("conditions" in before.status and "conditions" not in after.status)


@dataclass
class Intake:
    """Keeps the cache as the watch has it, and the queue fed, but for an `idle` one, whose queue would only grow.

    `existing` asks the API server which uids there are. The watch says neither when its first list is complete nor,
    after it had to list again, what was deleted meanwhile; those uids tell.
    """

    cache: Cache
    queue: WorkQueue
    clock: Clock
    existing: Callable[[], Awaitable[frozenset[Key]]]
    arrived: Callable[[Resource], None]
    vanished: Callable[[Resource, bool], None]
    group_of: Callable[[Resource], str | None] = lambda _: None
    idle: bool = False
    _complete: asyncio.Event = field(default_factory=asyncio.Event)
    _awaited: frozenset[Key] = frozenset()
    _recount: asyncio.Event = field(default_factory=asyncio.Event)

    def receive(self, type_: str | None, body: Mapping[str, Any]) -> None:
        obj = Resource.from_body(body)
        if type_ == "DELETED":
            self._drop(obj, seen=True)
            return
        if type_ is None and self._complete.is_set():
            self._recount.set()
        before = self.cache.put(obj)
        if before is obj:
            return  # older than what we know
        self.arrived(obj)
        priority = urgency(before, obj)
        if priority is not None and not self.idle:
            self.queue.add(obj.key, priority, self.group_of(obj))
        if self._awaited:
            self._awaited -= {obj.key}
            if not self._awaited:
                self._complete.set()

    def begin(self) -> None:
        """Idle no more: the work begins, with every object there is.

        The oldest first: of two that want one name it is the one to have it.
        """
        self.idle = False
        for obj in sorted(self.cache, key=lambda obj: obj.created_at):
            if (priority := urgency(None, obj)) is not None:
                self.queue.add(obj.key, priority, self.group_of(obj))

    async def wait_until_complete(self) -> None:
        """Until the cache holds every object that there was when this was called."""
        self._awaited = await self.existing() - self.cache.keys()
        while self._awaited:
            try:
                async with asyncio.timeout(RECOUNT_AFTER):
                    await self._complete.wait()
            except TimeoutError:
                # What was deleted while we waited will never arrive.
                self._awaited &= await self.existing()
                self._awaited -= self.cache.keys()
        self._complete.set()

    async def run(self) -> None:
        """After a late list, drop what no longer exists; runs for ever."""
        while True:
            await self._recount.wait()
            await asyncio.sleep(RECOUNT_AFTER)
            self._recount.clear()
            known = self.cache.keys()
            try:
                existing = await self.existing()
            except BaseException:
                self._recount.set()
                raise
            for key in known - existing:
                if (gone := self.cache.get(key)) is not None:
                    self._drop(gone, seen=False)

    def _drop(self, obj: Resource, *, seen: bool) -> None:
        """Told as it was last known; our own last write may have taken it from the cache before."""
        self.vanished(self.cache.drop(obj.key) or obj, seen)
        if not self.idle:
            self.queue.add(obj.key, Priority.FOLLOW)
