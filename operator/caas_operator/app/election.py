"""The election of a leader: stand by until the Lease is ours, renew it, notice its loss, let go of it.

What is safe follows from three rules. Others respect a claim for its `duration` after they saw it change. We count from
the moment we began to send the last renewal that succeeded, which is earlier, and only `renew_deadline`, which is less.
And all of that is counted by a clock that nobody sets and that goes on while the process is stopped.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from caas_operator.app.fence import Fence
from caas_operator.core.ports import Clock
from caas_operator.kube.errors import ClusterError, ClusterUnavailable
from caas_operator.kube.lease import LeaseState

logger = logging.getLogger("caas_operator.election")

LOOK_SECONDS = 0.25
"""Between two looks of a standby: a Lease that was released is taken over within this."""

T = TypeVar("T")


class Lease(Protocol):
    """See `kube.lease.Lease`."""

    async def read(self, *, latest: bool = True) -> LeaseState | None: ...

    async def take(self, seen: LeaseState | None, holder: str, duration_seconds: int) -> LeaseState: ...

    async def renew(self, seen: LeaseState) -> LeaseState: ...

    async def release(self, seen: LeaseState) -> LeaseState: ...


@dataclass(frozen=True)
class Times:
    """Seconds. `retry` is from one renewal, or try, to the next."""

    duration: int
    renew_deadline: float
    retry: float

    @property
    def call(self) -> float:
        """What a call to the API server may take; a second one fits before the deadline."""
        return self.renew_deadline / 2


@dataclass
class Election:
    """One process' part in it. `holder` names this process and no other; nobody else opens or shuts the fence."""

    lease: Lease
    holder: str
    clock: Clock
    times: Times
    fence: Fence
    won: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: LeaseState | None = None
    _seen_at: float = 0.0
    """When `_seen` was first seen by a standby."""
    _renewed_at: float = 0.0
    _tried_at: float = 0.0
    _trouble: str = ""

    async def run(self) -> str:
        """Stand by, set `won` when the Lease is ours, renew it. Returns why, when it is lost."""
        while not await self._stand_by():
            pass
        logger.info("leading, as %s", self.holder)
        self.won.set()
        why = None
        while why is None:
            why = await self._hold()
        self.fence.shut()
        return why

    async def resign(self) -> None:
        """Shut the fence and leave the Lease to others if it is ours. To be called when `run` has ended."""
        self.fence.shut()
        try:
            # What we know may be old: a call that we gave up may have been carried out.
            while not await self._released():
                pass
        except ClusterError as error:
            logger.warning("the lease cannot be released, others will wait until it expires: %s", error)

    async def _released(self) -> bool:
        found = await self._answer(self.lease.read())
        if found is None or found.holder != self.holder:
            return True
        try:
            await self._answer(self.lease.release(found))
        except ClusterError as error:
            if error.status != 409:
                raise
            return False
        logger.info("the lease is released")
        return True

    # -- standing by ------------------------------------------------------------------------------------------------

    async def _stand_by(self) -> bool:
        """Look once, and take the Lease if it is free; whether it is ours. If not, returns when to look again."""
        looked = self.clock.now()
        try:
            found = await self._answer(self.lease.read(latest=False))
            if self._is_free(found):
                started = self.clock.now()
                self._renewed(started, await self._answer(self.lease.take(found, self.holder, self.times.duration)))
                return True
            self._trouble = ""
        except ClusterError as error:
            self._say("the lease cannot be had", error)
        await self.clock.sleep_until(looked + LOOK_SECONDS)
        return False

    def _is_free(self, found: LeaseState | None) -> bool:
        """A Lease that was deleted still binds its last holder, who will make it again."""
        if found is not None and (self._seen is None or found.spec != self._seen.spec):
            self._seen, self._seen_at = found, self.clock.now()
            if found.holder and found.holder != self.holder:
                logger.debug("standing by, %s leads", found.holder)
        if self._seen is None or self._seen.holder in {"", self.holder}:
            return True
        return self.clock.now() >= self._seen_at + self._seen.duration_seconds

    # -- leading ----------------------------------------------------------------------------------------------------

    async def _hold(self) -> str | None:
        """Renew once, when it is time to; says why if the Lease is lost."""
        when, deadline = max(self._renewed_at, self._tried_at) + self.times.retry, self._deadline
        await self.clock.sleep_until(min(when, deadline) if self._tried_at < deadline else when)
        self._tried_at = self.clock.now()
        try:
            state = await self._renew()
        except ClusterError as error:
            self._say("the lease cannot be renewed", error)
            return None if self.clock.now() < self._deadline else f"it could not be renewed: {error}"
        if state is None:
            return "another process has taken it"
        self._renewed(self._tried_at, state)
        return None

    async def _renew(self) -> LeaseState | None:
        """None: somebody else has it. That our write is taken proves that nobody had it meanwhile, however late it is.

        A 409 may come of a renewal of ours that was carried out and never answered, a 404 of a deletion by hand.
        """
        assert self._seen is not None  # noqa: S101 - the caller leads
        late, until = self._tried_at >= self._deadline, self._tried_at + self.times.call
        if not late:
            until = min(until, self._deadline)
        try:
            return await self._answer(self.lease.renew(self._seen), until)
        except ClusterError as error:
            if error.status not in {404, 409}:
                raise
        found = await self._answer(self.lease.read(), until)
        if late if found is None else found.holder != self.holder:
            return None
        return await self._answer(self.lease.take(found, self.holder, self.times.duration), until)

    # -- both -------------------------------------------------------------------------------------------------------

    @property
    def _deadline(self) -> float:
        return self._renewed_at + self.times.renew_deadline

    def _renewed(self, started: float, state: LeaseState) -> None:
        self._seen, self._renewed_at, self._trouble = state, started, ""
        self.fence.let_through(self._deadline)

    async def _answer(self, call: Coroutine[Any, Any, T], until: float | None = None) -> T:
        """What the call answers by `until`, by our own clock; raises ClusterUnavailable after that."""
        task = asyncio.ensure_future(call)
        task.add_done_callback(_forget)
        alarm = asyncio.ensure_future(
            self.clock.sleep_until(self.clock.now() + self.times.call if until is None else until)
        )
        try:
            await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClusterUnavailable("no answer from the API server in time")
        finally:
            task.cancel()
            alarm.cancel()

    def _say(self, what: str, error: ClusterError) -> None:
        """Once each trouble, not each try; to lose a race for the Lease is none."""
        if error.status != 409 and str(error) != self._trouble:
            self._trouble = str(error)
            logger.warning("%s: %s", what, error)


def _forget(task: asyncio.Task[Any]) -> None:
    """What a call that was given up ends with concerns nobody."""
    if not task.cancelled():
        task.exception()
