"""Loops that run for as long as the process does: what one round fails on is logged, and the next round comes."""

import logging
from collections.abc import Awaitable, Callable

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
