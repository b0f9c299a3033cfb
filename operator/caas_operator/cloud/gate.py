"""The gate in front of every call of one credential: how fast, whether at all, what the answers say."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from caas_operator.cloud.bucket import TokenBucket
from caas_operator.cloud.health import Health, HealthRecord
from caas_operator.core.errors import CloudError, Forbidden, Held, Throttled, Unauthenticated
from caas_operator.core.ports import Clock

MAX_FREEZE_SECONDS = 300.0
"""Retry-After is honoured up to this, a time."""
PATIENCE_SECONDS = 1.0
"""A freeze of at most this long is waited out inside `admit`."""
REFUSED_LIST_SECONDS = 60.0
"""How long a scope whose LIST was forbidden is left alone before one call may ask again."""
_FIRST_BACKOFF_SECONDS = 1.0
_MAX_BACKOFF_SECONDS = 60.0


class Cause(StrEnum):
    """Why a call is held; the `code` of a Held."""

    FROZEN = "frozen"
    CREDENTIALS = "credentials"
    NOT_LEADING = "not-leading"


@dataclass(frozen=True, slots=True)
class Blocked:
    """No call goes out until `until` (seconds since the epoch); None: until `close()` or a probe succeeded."""

    cause: Cause
    until: float | None
    message: str


class _Turn:
    """One call in the line for tokens."""

    __slots__ = ("admitted", "left", "wake")

    def __init__(self) -> None:
        self.admitted = False
        self.left = False
        self.wake: asyncio.Future[None] | None = None


def _always() -> bool:
    return True


def _ignore(_: Health) -> None:
    return


class Gate:
    """One per credential. All its calls pass `admit` and report their answer to `succeeded` or `failed`.

    A freeze (429, or Retry-After on any answer) holds the whole account. A 401 opens the breaker for the
    whole account; a 403 on a LIST opens it for that LIST's scope alone, for the project or the provider may
    be one that only a single object asked for. `leading` is asked last before a call goes out. Tickets number
    the calls as they are let out, so that a late answer to an early call (sent with the old credential, or
    before the 429) is not taken for news.
    """

    def __init__(
        self,
        clock: Clock,
        rate: float,
        burst: int,
        *,
        leading: Callable[[], bool] = _always,
        on_change: Callable[[Health], None] = _ignore,
    ) -> None:
        self._clock = clock
        self._bucket = TokenBucket(rate, burst, clock.now())
        self._leading = leading
        self._record = HealthRecord(clock.now(), on_change)
        self._line: list[tuple[int, int, _Turn]] = []
        self._number = itertools.count()
        self._pacing = False
        self._ticket = 0
        self._trusted_from = 0  # tickets up to this one carried an older credential
        self._frozen_until = 0.0
        self._frozen_at = 0  # the last ticket let out when the last freeze began
        self._strikes = 0
        self._refused: dict[str, Blocked] = {}

    def blocked(self, scope: str = "") -> Blocked | None:
        """Whether a call would be held. `scope` as the clients use it; "" asks for the account as a whole."""
        now = self._clock.now()
        if self._frozen_until > now + PATIENCE_SECONDS:
            return Blocked(Cause.FROZEN, self._frozen_until, "the cloud asked the account to slow down")
        for where in dict.fromkeys(("", scope)):
            refused = self._refused.get(where)
            if refused is not None and (refused.until is None or refused.until > now):
                return refused
        return None

    def health(self) -> Health:
        return self._record.current()

    def backlog_seconds(self) -> float:
        """How long a call that is not urgent would wait for its token now."""
        now = self._clock.now()
        waiting = sum(not turn.left for *_, turn in self._line)
        return max(self._frozen_until - now, self._bucket.seconds_to_token(now, waiting))

    async def admit(self, scope: str = "", *, urgent: bool = False, probe: bool = False) -> int:
        """Wait for a token, first come first served but urgent calls first; returns the call's ticket.

        Raises Held when the account is frozen for long or its breaker is open (which a probe passes).
        """
        self.check(scope, probe=probe)
        now = self._clock.now()
        if self._line or self._frozen_until > now or not self._bucket.take(now):
            await self._wait_in_line(scope, urgent=urgent, probe=probe)
        self._ticket += 1
        return self._ticket

    def check(self, scope: str = "", *, probe: bool = False) -> None:
        """Raises Held if a call that was admitted before must not go out after all."""
        if not self._leading():
            raise Held("this process is not the one that may call the cloud", code=Cause.NOT_LEADING)
        blocked = self.blocked(scope)
        if blocked is None or (probe and blocked.cause is Cause.CREDENTIALS):
            return
        left = None if blocked.until is None else blocked.until - self._clock.now()
        raise Held(blocked.message, code=blocked.cause, retry_after=left)

    def succeeded(self, ticket: int, scope: str = "", *, listing: bool = False, probe: bool = False) -> None:
        if ticket > self._frozen_at:
            self._strikes = 0
        if probe and ticket > self._trusted_from:
            self._refused.pop("", None)
        if listing and self._refused:
            self._refused.pop(scope, None)
        self._record.succeeded(ticket=ticket, scope=scope, listing=listing, now=self._clock.now())

    def failed(self, ticket: int, error: CloudError, scope: str = "", *, listing: bool = False) -> None:
        now = self._clock.now()
        if isinstance(error, Throttled) or error.retry_after is not None:
            self._freeze(ticket, error.retry_after, now)
        if ticket <= self._trusted_from and isinstance(error, Unauthenticated | Forbidden):
            return
        if isinstance(error, Unauthenticated):
            self._refused[""] = Blocked(Cause.CREDENTIALS, None, error.message)
        elif isinstance(error, Forbidden) and listing:
            self._refused[scope] = Blocked(Cause.CREDENTIALS, now + REFUSED_LIST_SECONDS, error.message)
        self._record.failed(error, ticket=ticket, scope=scope, listing=listing, now=now)
        self._wake_all_if_blocked()

    def close(self) -> None:
        """The credential changed: close the breaker. Answers to calls that are still out count no more.

        What `health` shows stays until a call succeeds: a new credential is not yet one that works.
        """
        self._refused.clear()
        self._trusted_from = self._ticket

    def retune(self, rate: float, burst: int) -> None:
        self._bucket.retune(rate, burst, self._clock.now())

    def _freeze(self, ticket: int, retry_after: float | None, now: float) -> None:
        if retry_after is not None and retry_after >= 1:
            seconds = min(retry_after, MAX_FREEZE_SECONDS)
        elif ticket > self._frozen_at:
            seconds = min(_FIRST_BACKOFF_SECONDS * 2.0**self._strikes, _MAX_BACKOFF_SECONDS)
            self._strikes += 1
        else:
            return  # one of many that were out when the account was frozen: the same news again
        self._frozen_at = self._ticket
        self._frozen_until = max(self._frozen_until, now + seconds)
        self._bucket.drain(now, self._frozen_until)
        self._wake_all_if_blocked()

    async def _wait_in_line(self, scope: str, *, urgent: bool, probe: bool) -> None:
        turn = _Turn()
        heapq.heappush(self._line, (0 if urgent else 1, next(self._number), turn))
        try:
            while not turn.admitted:
                if self._pacing:
                    turn.wake = asyncio.get_running_loop().create_future()
                    await turn.wake
                else:
                    await self._pace()
                self.check(scope, probe=probe)
        finally:
            turn.left = True
            self._wake_first()

    async def _pace(self) -> None:
        """Sleep until the next token and give it to the first in line, who need not be the one who slept."""
        self._pacing = True
        try:
            now = self._clock.now()
            ready = max(self._frozen_until, now + self._bucket.seconds_to_token(now))
            if ready > now:
                await self._clock.sleep_until(ready)
        finally:
            self._pacing = False
        now = self._clock.now()
        while self._frozen_until <= now and (turn := self._first()) is not None and self._bucket.take(now):
            heapq.heappop(self._line)
            turn.admitted = True
            _wake(turn)

    def _first(self) -> _Turn | None:
        while self._line and self._line[0][2].left:
            heapq.heappop(self._line)
        return self._line[0][2] if self._line else None

    def _wake_first(self) -> None:
        turn = self._first()
        if turn is not None and not self._pacing:
            _wake(turn)

    def _wake_all_if_blocked(self) -> None:
        if self._line and (self._refused or self._frozen_until > self._clock.now() + PATIENCE_SECONDS):
            for *_, turn in self._line:
                _wake(turn)


def _wake(turn: _Turn) -> None:
    if turn.wake is not None and not turn.wake.done():
        turn.wake.set_result(None)
