"""What one pass over an object concluded, in the words of the API."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The reasons of conditions and events; part of the API, so none is ever renamed."""

    AVAILABLE = "Available"
    SUSPENDED = "Suspended"
    PROVISIONING = "Provisioning"
    UPDATING = "Updating"
    DELETING = "Deleting"
    DELETE_BLOCKED = "DeleteBlocked"
    PAUSED = "Paused"
    EXPIRED = "Expired"
    INVALID_SPEC = "InvalidSpec"
    IMMUTABLE_FIELD = "ImmutableField"
    CONFLICT = "Conflict"
    NOT_FOUND = "NotFound"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    QUOTA_EXCEEDED = "QuotaExceeded"
    RATE_LIMITED = "RateLimited"
    CLOUD_ERROR = "CloudError"
    CREATE_OUTCOME_UNKNOWN = "CreateOutcomeUnknown"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    DRIFT_DETECTED = "DriftDetected"


class State(StrEnum):
    """The rows of the condition table; see `conditions.py`."""

    PROVISIONING = "provisioning"
    SERVING = "serving"
    SUSPENDED = "suspended"
    UPDATING = "updating"
    RETRYING = "retrying"
    BROKEN = "broken"
    CREATE_UNKNOWN = "create-unknown"
    REFUSED = "refused"
    DRIFTED = "drifted"
    PAUSED = "paused"
    PAUSED_DELETING = "paused-deleting"
    EXPIRED = "expired"
    COMPLETE = "complete"
    DELETING = "deleting"
    DELETE_BLOCKED = "delete-blocked"


CONVERGED = frozenset({State.SERVING, State.SUSPENDED, State.DRIFTED, State.COMPLETE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row of the table, with its words.

    `serves` says whether something serves meanwhile: True or None (not known) leave Ready as it was, False makes it
    False. `deadline` marks a failure that the cloud reports, or an address that does not answer: lasting for
    long, it needs a person.
    """

    state: State
    reason: Reason
    message: str = ""
    serves: bool | None = None
    deadline: bool = False

    @property
    def converged(self) -> bool:
        return self.state in CONVERGED
