"""The work queue: which object is looked at next.

One entry a key and never two workers on one key; a key that changes while it is worked on comes again. Groups
(accounts) take turns and have a limit each, so a throttled or huge one starves nobody; in a group the more urgent go
first.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from caas_operator.core.model import Key
from caas_operator.core.ports import Clock


class Priority(IntEnum):
    URGENT = 0
    """Deletions and keep-alives: they end bills, or keep what would be lost."""
    EDIT = 1
    NEW = 2
    """What is seen for the first time: a thousand created at once, or found at a start, must not delay an edit."""
    FOLLOW = 3
    RESYNC = 4


@dataclass(slots=True)
class Entry:
    """Where a key stands.

    `waiting`: its place in line, `since` when; `due`: its one delayed visit; `again`: it changed meanwhile.
    """

    group: str
    waiting: Priority | None = None
    since: float = 0.0
    working: bool = False
    again: Priority | None = None
    due: float | None = None
    gone: bool = False


@dataclass(slots=True)
class Group:
    name: str
    lanes: tuple[deque[Key], ...] = field(default_factory=lambda: tuple(deque() for _ in Priority))
    working: int = 0

    def pop(self, entries: dict[Key, Entry]) -> Key | None:
        """The next key; those that moved to a more urgent lane meanwhile left a stale place behind."""
        for priority, lane in zip(Priority, self.lanes, strict=True):
            while lane:
                key = lane.popleft()
                entry = entries.get(key)
                if entry is not None and entry.waiting is priority and entry.group == self.name and not entry.working:
                    return key
        return None


class WorkQueue:
    """`waited` is told of each key that is handed out: how urgent it was, and how many seconds it was in line."""

    def __init__(
        self, clock: Clock, workers_per_group: int, waited: Callable[[Priority, float], None] = lambda _p, _s: None
    ) -> None:
        self._clock = clock
        self._waited = waited
        self._limit = workers_per_group
        self._entries: dict[Key, Entry] = {}
        self._groups: dict[str, Group] = {}
        self._turns: deque[str] = deque()
        self._delayed: list[tuple[float, int, Key]] = []
        self._order = itertools.count()
        self._ready = asyncio.Event()
        self._sooner = asyncio.Event()
        self._closed = False

    def add(self, key: Key, priority: Priority, group: str | None = None) -> None:
        """Put a key in line, or further to the front; `group` None leaves it in the one it is in."""
        if self._closed:
            return
        entry = self._entries.setdefault(key, Entry(group or ""))
        if entry.working:
            entry.again = priority if entry.again is None else min(entry.again, priority)
            return
        moved = group is not None and group != entry.group
        if group is not None:
            entry.group = group
        if entry.waiting is None:
            entry.since = self._clock.now()
        if moved or entry.waiting is None or priority < entry.waiting:
            entry.waiting = priority if entry.waiting is None else min(priority, entry.waiting)
            priority = entry.waiting
            self._line(entry.group).lanes[priority].append(key)
            self._ready.set()

    def add_at(self, key: Key, when: float) -> None:
        """Visit the key at `when`; of several such times the earliest counts."""
        entry = self._entries.get(key)
        if self._closed or (entry is not None and entry.due is not None and entry.due <= when):
            return
        entry = self._entries.setdefault(key, Entry(""))
        entry.due = when
        heapq.heappush(self._delayed, (when, next(self._order), key))
        if self._delayed[0][2] == key:
            self._sooner.set()

    async def get(self) -> Key | None:
        """The next key to work on; None when the queue is closed."""
        while not self._closed:
            if (key := self._pop()) is not None:
                return key
            self._ready.clear()
            await self._ready.wait()
        return None

    def done(self, key: Key, *, group: str | None = None, again_at: float | None = None) -> None:
        """The work on a key ended; `group` is where it belongs from now on."""
        entry = self._entries[key]
        left = self._groups[entry.group]
        left.working -= 1
        if not left.working and not any(left.lanes):
            del self._groups[entry.group]
            self._turns.remove(entry.group)
        entry.working = False
        if group is not None:
            entry.group = group
        if again_at is not None:
            self.add_at(key, again_at)
        if entry.again is not None:
            priority, entry.again = entry.again, None
            self.add(key, priority)
        elif entry.gone or (not entry.group and entry.due is None and entry.waiting is None):
            del self._entries[key]
        self._ready.set()

    def forget(self, key: Key) -> None:
        """The object is gone: no delayed visit any more. Called while it is worked on, or not in line."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.due, entry.gone = None, True

    async def run_delays(self) -> None:
        """Move delayed keys into line when their time comes; runs for ever."""
        while True:
            self._sooner.clear()
            now = self._clock.now()
            while self._delayed and self._delayed[0][0] <= now:
                when, _, key = heapq.heappop(self._delayed)
                entry = self._entries.get(key)
                if entry is not None and entry.due == when:
                    entry.due = None
                    self.add(key, Priority.FOLLOW)
            sooner = asyncio.create_task(self._sooner.wait())
            due = self._delayed[0][0] if self._delayed else now + 3600.0
            sleep = asyncio.create_task(self._clock.sleep_until(due))
            try:
                await asyncio.wait((sooner, sleep), return_when=asyncio.FIRST_COMPLETED)
            finally:
                sooner.cancel()
                sleep.cancel()

    def close(self) -> None:
        """Hand out no more keys."""
        self._closed = True
        self._ready.set()

    def depth(self) -> dict[Priority, int]:
        waiting = [entry.waiting for entry in self._entries.values()]
        return {priority: waiting.count(priority) for priority in Priority}

    def _line(self, group: str) -> Group:
        if group not in self._groups:
            self._groups[group] = Group(group)
            self._turns.append(group)
        return self._groups[group]

    def _pop(self) -> Key | None:
        for _ in range(len(self._turns)):
            name = self._turns[0]
            self._turns.rotate(-1)
            group = self._groups[name]
            if group.working < self._limit and (key := group.pop(self._entries)) is not None:
                entry = self._entries[key]
                if entry.waiting is not None:
                    self._waited(entry.waiting, self._clock.now() - entry.since)
                entry.waiting, entry.working = None, True
                group.working += 1
                return key
        return None
