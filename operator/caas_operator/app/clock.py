"""The clocks behind `core.ports.Clock`: the system's, a steady one, and one that follows a simulator that is moved."""

import asyncio
import contextlib
import logging
import time
from typing import Self

import aiohttp

_logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""Real seconds between two looks at the simulator's clock."""


class SystemClock:
    """Wall time as it was at the start, carried on by the monotonic clock: no step of the wall clock moves it back."""

    def __init__(self) -> None:
        self._zero = time.time() - time.monotonic()

    def now(self) -> float:
        return self._zero + time.monotonic()

    async def sleep_until(self, when: float) -> None:
        while (left := when - self.now()) > 0:  # noqa: ASYNC110 - a timer may wake early; nothing is polled
            await asyncio.sleep(left)


class SteadyClock:
    """Seconds since some moment, whatever is done to the wall clock, and counted while the machine sleeps too."""

    _id = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def now(self) -> float:
        return time.clock_gettime(self._id)

    async def sleep_until(self, when: float) -> None:
        while (left := when - self.now()) > 0:  # noqa: ASYNC110 - a timer may wake early; nothing is polled
            await asyncio.sleep(left)


class FollowingClock:
    """The system's clock plus what a simulator at `url` has been moved by; for tests, where hours take seconds.

    A jump wakes those who sleep towards a time that has come by it. It never goes back: when the offset shrinks, time
    stands until it has caught up. Use as an async context manager, which enters when the first offset is known.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/clock"
        self._system = SystemClock()
        self._offset = 0.0
        self._latest = 0.0
        self._moved = asyncio.Event()
        self._session: aiohttp.ClientSession
        self._following: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        try:
            self._set(await self._ask(self._session))
        except BaseException:
            await self._session.close()
            raise
        self._following = asyncio.create_task(self._follow(self._session), name="following-clock")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._following
        await self._session.close()

    def now(self) -> float:
        self._latest = max(self._latest, self._system.now() + self._offset)
        return self._latest

    async def sleep_until(self, when: float) -> None:
        while (left := when - self.now()) > 0:
            moved = self._moved
            with contextlib.suppress(TimeoutError):
                # Not wait_for, which in Python 3.11 forgets a cancellation that comes with the move.
                async with asyncio.timeout(left):
                    await moved.wait()

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self._set(await self._ask(session))
            except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
                _logger.debug("the clock at %s does not answer: %s", self._url, error)

    async def _ask(self, session: aiohttp.ClientSession) -> float:
        async with session.get(self._url, raise_for_status=True) as answer:
            return float((await answer.json())["offset_seconds"])

    def _set(self, offset: float) -> None:
        if offset != self._offset:
            self._offset = offset
            self._moved.set()
            self._moved = asyncio.Event()
