"""The shared LIST: one inventory per (account, kind, scope), asked by many objects, called once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field

from caas_operator.core.model import External, Key
from caas_operator.core.ports import Clock

NOTHING_LISTED = 0.0
SPACING = 0.2
"""Seconds between the beginnings of two LISTs: in a burst, those who come meanwhile share the next one."""
REST, LONGEST_REST = 4.0, 2.0
"""And as many times as long as the last one took, up to 2 seconds: a large scope is not listed all the time."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one LIST showed. `begun`: when it was asked for; `oldest`: how far back it went, None for all the way."""

    begun: float
    oldest: float | None = None
    by_id: Mapping[str, External] = field(default_factory=dict)
    by_name: Mapping[str, External] = field(default_factory=dict)
    by_marker: Mapping[str, tuple[External, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, begun: float, oldest: float | None, items: Sequence[External]) -> "Listing":
        marked: dict[str, list[External]] = defaultdict(list)
        for item in items:
            if item.marker:
                marked[item.marker].append(item)
        return cls(
            begun,
            oldest,
            {item.id: item for item in items},
            {item.name: item for item in items},
            {marker: tuple(found) for marker, found in marked.items()},
        )


class Inventory:
    """The last LIST of one scope, single-flight, and who wants to hear of changes in it.

    Objects subscribe by the token under which they look things up: an external id, a name or a marker.
    """

    def __init__(
        self,
        fetch: Callable[[float | None], Awaitable[Sequence[External]]],
        clock: Clock,
        wake: Callable[[Key], None],
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._wake = wake
        self._running: asyncio.Task[Listing] | None = None
        self._waiting: set[Key] = set()
        self._took = 0.0
        self._subscribers: dict[str, set[Key]] = defaultdict(set)
        self._subscriptions: dict[Key, tuple[frozenset[str], float]] = {}
        self.last = Listing(NOTHING_LISTED)

    async def listing(self, begun_after: float, waiter: Key | None = None) -> Listing:
        """A LIST that began later than `begun_after`; callers at the same time share one. Raises CloudError.

        Whoever waits here sees the answer anyway, so it is not woken by it.
        """
        while self.last.begun <= begun_after:
            if self._running is None:
                # In a context of its own: what it logs is not about the one object that happened to come first.
                self._running = asyncio.create_task(self._refresh(), context=Context())
            if waiter is not None:
                self._waiting.add(waiter)
            try:
                # Shielded: one caller that gives up must not take the answer from the others.
                await asyncio.shield(self._running)
            finally:
                if waiter is not None:
                    self._waiting.discard(waiter)
        return self.last

    def subscribe(self, key: Key, tokens: frozenset[str], created_at: float) -> None:
        """`created_at`: when the object's own resource was made at the earliest; the LIST goes back as far as that."""
        if self._subscriptions.get(key) == (tokens, created_at):
            return
        self.unsubscribe(key)
        self._subscriptions[key] = (tokens, created_at)
        for token in tokens:
            self._subscribers[token].add(key)

    def unsubscribe(self, key: Key) -> None:
        tokens, _ = self._subscriptions.pop(key, (frozenset(), 0.0))
        for token in tokens:
            self._subscribers[token].discard(key)
            if not self._subscribers[token]:
                del self._subscribers[token]

    @property
    def wanted(self) -> bool:
        return bool(self._subscriptions)

    async def _refresh(self) -> Listing:
        try:
            await self._clock.sleep_until(self.last.begun + SPACING + min(LONGEST_REST, REST * self._took))
            begun = self._clock.now()
            oldest = min((since for _, since in self._subscriptions.values()), default=begun)
            items = await self._fetch(oldest)
            self._took = self._clock.now() - begun
            before, self.last = self.last, Listing.of(begun, oldest, _shared(self.last, items))
        finally:
            self._running = None
        if before.begun != NOTHING_LISTED:
            self._tell(before, self.last)
        return self.last

    def _tell(self, before: Listing, after: Listing) -> None:
        for old, new in ((before.by_id, after.by_id), (after.by_id, before.by_id)):
            for id_, item in new.items():
                if old.get(id_) is not item:
                    self._wake_for(item)

    def _wake_for(self, item: External) -> None:
        for token in (item.id, item.name, item.marker):
            for key in self._subscribers.get(token or "", frozenset()) - self._waiting:
                self._wake(key)


def _shared(last: Listing, items: Sequence[External]) -> list[External]:
    """The items, with those that did not change taken from the last listing.

    No second copy, and a change shows by identity.
    """
    return [known if (known := last.by_id.get(item.id)) == item else item for item in items]
