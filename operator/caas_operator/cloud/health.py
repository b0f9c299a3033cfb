"""Whether an account works, as its own status shows it: told apart from the troubles of single objects."""

from collections.abc import Callable
from dataclasses import dataclass

from caas_operator.core.errors import CloudError, Held, Rejected, Throttled, Unauthenticated, Unavailable

FORGET_SECONDS = 900.0
"""A scope whose LIST failed and that nobody listed since is no news any more: the object that asked for it is gone."""


@dataclass(frozen=True, slots=True)
class Health:
    """`error` is None while the account works, `since` when that became so (seconds since the epoch).

    The error was never raised, so it drags no traceback along. `scope` names the collection whose LIST fails, where it
    is not the account as a whole.
    """

    error: CloudError | None
    since: float
    scope: str = ""
    last_success: float | None = None


@dataclass(frozen=True, slots=True)
class _Trouble:
    error: CloudError
    ticket: int
    since: float
    seen: float


class HealthRecord:
    """What went wrong and is not known to be over, by scope ("" for the account as a whole).

    A call that was let out before the one that failed proves nothing by its success: of 30 calls in flight
    one is answered 429.
    """

    def __init__(self, now: float, on_change: Callable[[Health], None]) -> None:
        self._troubles: dict[str, _Trouble] = {}
        self._on_change = on_change
        self._last_success: float | None = None
        self._shown = Health(None, now)

    def current(self) -> Health:
        shown = self._shown
        return Health(shown.error, shown.since, shown.scope, self._last_success)

    def failed(self, error: CloudError, *, ticket: int, scope: str, listing: bool, now: float) -> None:
        where = _where(error, scope, listing=listing)
        if where is not None:
            before = self._troubles.get(where)
            since = before.since if before is not None and _alike(before.error, error) else now
            self._troubles[where] = _Trouble(_copy(error), ticket, since, now)
        self._show(now)

    def succeeded(self, *, ticket: int, scope: str, listing: bool, now: float) -> None:
        self._last_success = now
        if self._troubles:
            for where in ("", scope) if listing else ("",):
                trouble = self._troubles.get(where)
                if trouble is not None and trouble.ticket < ticket:
                    del self._troubles[where]
            self._show(now)

    def _show(self, now: float) -> None:
        for where in [w for w, t in self._troubles.items() if w and t.seen < now - FORGET_SECONDS]:
            del self._troubles[where]
        where = "" if "" in self._troubles else min(self._troubles, default="")
        trouble = self._troubles.get(where)
        error = trouble.error if trouble else None
        shown = self._shown
        if shown.scope == where and _alike(shown.error, error):
            return
        self._shown = Health(error, trouble.since if trouble else now, where)
        self._on_change(self.current())


def _where(error: CloudError, scope: str, *, listing: bool) -> str | None:
    """Whose trouble an error is: the account's (""), a scope's, or (None) that of the one object which asked."""
    if isinstance(error, Held):
        return None
    unreachable = isinstance(error, Unavailable) and error.status is None
    if unreachable or error.retry_after is not None or isinstance(error, Unauthenticated | Throttled):
        return ""
    # Nothing else would show it: objects that have converged are not written for a LIST that failed.
    return scope if listing and not isinstance(error, Rejected) else None


def _alike(one: CloudError | None, other: CloudError | None) -> bool:
    if one is None or other is None:
        return one is other
    return type(one) is type(other) and one.message == other.message


def _copy(error: CloudError) -> CloudError:
    return type(error)(error.message, status=error.status, code=error.code, request_id=error.request_id)
