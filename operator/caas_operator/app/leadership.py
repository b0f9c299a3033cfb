"""The right of this process to act: by holding the Lease, or by being alone."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from caas_operator.app.clock import SteadyClock
from caas_operator.app.election import Election, Times
from caas_operator.app.fence import Fence
from caas_operator.app.prerequisites import open_session
from caas_operator.app.settings import Settings
from caas_operator.kube.lease import Lease

logger = logging.getLogger("caas_operator.leadership")


@dataclass
class Leadership:
    """`election` None: nobody else is asked. `lost` says why this process may never act again."""

    fence: Fence
    election: Election | None = None
    lost: str = ""
    _running: asyncio.Task[None] | None = field(default=None, init=False)

    async def win(self, on_loss: Callable[[], None]) -> None:
        """Returns when this process leads; `on_loss` is called when it does no more, at most once."""
        if self.election is not None:
            self._running = asyncio.create_task(self._elect(self.election, on_loss), name="election")
            await self.election.won.wait()

    async def resign(self) -> None:
        """From here on every call is refused, and another process may lead."""
        self.fence.shut()
        if self._running is None or self.election is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        if not self.lost:
            await self.election.resign()

    async def _elect(self, election: Election, on_loss: Callable[[], None]) -> None:
        try:
            why = await election.run()
        except Exception:
            logger.exception("the election failed")
            why = "the election failed"
        self.fence.shut()
        self.lost = why
        logger.error("this process leads no more, and ends: %s", why)
        on_loss()


@asynccontextmanager
async def leadership(settings: Settings) -> AsyncIterator[Leadership]:
    """As the settings have it. The Lease has connections of its own, where no work is before it in line."""
    if not settings.elects:
        yield Leadership(Fence.open())
        return
    clock = SteadyClock()
    fence = Fence(clock.now)
    times = Times(settings.lease_duration_seconds, settings.lease_renew_deadline_seconds, settings.lease_retry_seconds)
    async with open_session(settings) as session:
        lease = Lease(session, settings.lease_namespace or settings.operator_namespace, settings.lease_name)
        yield Leadership(fence, Election(lease, _own_name(), clock, times, fence))


def _own_name() -> str:
    """In a pod the host's name is the pod's; the rest tells this process from the one before it."""
    return f"{socket.gethostname()}_{secrets.token_hex(6)}"
