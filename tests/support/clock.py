"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools

START = 1_800_000_000.0
"""2027-01-15T08:00:00Z."""


class FakeClock:
    """core.ports.Clock for tests."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    @property
    def sleepers(self) -> int:
        """How many are asleep now."""
        return sum(not future.done() for *_, future in self._sleepers)

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own time and letting it act before the next one wakes."""
        target = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            when, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self._now = max(self._now, when)
                future.set_result(None)
                await settle()
        self._now = target
        await settle()


async def settle(rounds: int = 20) -> None:
    """Let everything that is ready run, and what becomes ready by it; nothing here waits for time to pass."""
    for _ in range(rounds):
        await asyncio.sleep(0)
