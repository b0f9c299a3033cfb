"""Loops that run for as long as the process does: what one round fails on is logged, and the next round comes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from caas_operator.core.ports import Clock

logger = logging.getLogger("caas_operator.loops")

AFTER_A_DEFECT = 10.0
"""Seconds until the next round after one that failed on something that we did not foresee."""


async def forever(name: str, clock: Clock, run: Callable[[], Awaitable[object]]) -> None:
    """Await `run` again and again; it has its own pace. Only a cancellation ends it."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("%s failed; going on in %.0f s", name, AFTER_A_DEFECT)
            await clock.sleep_until(clock.now() + AFTER_A_DEFECT)


class Loops:
    """The tasks of a process. One that ends by an error is told of, and stays dead."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, loop: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(loop)
        task.add_done_callback(_say_if_failed)
        self._tasks.append(task)

    def failed(self) -> int:
        return sum(task.done() and not task.cancelled() and task.exception() is not None for task in self._tasks)

    async def end(self) -> None:
        """Each is cancelled until it ends: `asyncio.wait_for` of Python 3.11 may forget a cancellation."""
        while left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1.0)


def _say_if_failed(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a part of the operator has ended", exc_info=error)
