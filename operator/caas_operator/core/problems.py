"""The one table from what went wrong to what the user is told: errors in, outcomes out."""

from caas_operator.core import errors
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.quota import quota_text

RETRIED: tuple[tuple[type[errors.CloudError], Reason], ...] = (
    (errors.Held, Reason.RATE_LIMITED),
    (errors.Unauthenticated, Reason.CREDENTIALS_INVALID),
    (errors.Throttled, Reason.RATE_LIMITED),
    (errors.QuotaExceeded, Reason.QUOTA_EXCEEDED),
    (errors.Forbidden, Reason.CLOUD_ERROR),
    (errors.NotFound, Reason.CLOUD_ERROR),
    (errors.Conflict, Reason.CLOUD_ERROR),
    (errors.Unavailable, Reason.CLOUD_ERROR),
)
READING = frozenset({"list", "check", "locate"})
"""Steps that every object of the account takes: what is forbidden there is forbidden to the credential.

A change may be forbidden for that one object's sake.
"""
SLOWED = "the account was asked to slow down"


def explain(error: errors.CloudError | errors.InvalidSpec, step: str, *, serves: bool | None = None) -> Outcome:
    """What a failed `step` ("create", "update", "list", ...) means for the object.

    The message is the same from try to try: it never holds a request id, a time or a count, and of an account's trouble
    it is the same whether the cloud said so just now or our own gate remembers it. Raises NotLeading.
    """
    match error:
        case errors.ImmutableField():
            return Outcome(State.REFUSED, Reason.IMMUTABLE_FIELD, str(error), serves)
        case errors.InvalidSpec():
            return Outcome(State.REFUSED, Reason.INVALID_SPEC, str(error), serves)
        case errors.Rejected():
            return Outcome(State.REFUSED, Reason.INVALID_SPEC, _told(step, error), serves)
        case errors.Held(code="not-leading"):
            raise errors.NotLeading(error.message)
    reason = _reason(error, step)
    message = {Reason.CREDENTIALS_INVALID: error.message, Reason.RATE_LIMITED: SLOWED}.get(reason, _told(step, error))
    return Outcome(State.RETRYING, reason, message, serves)


def _reason(error: errors.CloudError, step: str) -> Reason:
    match error:
        case errors.Held(code="credentials"):
            return Reason.CREDENTIALS_INVALID
        case errors.Forbidden() if step in READING:
            return Reason.CREDENTIALS_INVALID
    return next(reason for kind, reason in RETRIED if isinstance(error, kind))


def _told(step: str, error: errors.CloudError) -> str:
    status = f" (HTTP {error.status})" if error.status else ""
    return f"{step}{status}: {error.message}"


def explain_task(text: str, verb: str, *, serves: bool | None) -> Outcome:
    """What a task that ended in ERROR means; quota is told from its text, the only place where the cloud says it."""
    quota = quota_text(text)
    reason = Reason.QUOTA_EXCEEDED if quota else Reason.CLOUD_ERROR
    return Outcome(State.RETRYING, reason, f"{verb} task: {text}", serves, deadline=not quota)
