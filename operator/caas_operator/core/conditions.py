"""The one place that derives conditions: (outcome, previous conditions, generation, now) in, conditions out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from caas_operator.core.outcome import Outcome, Reason, State

PROGRESS_DEADLINE_SECONDS = 600
"""How long the cloud may say "failed" before a person is called: a Deployment's progressDeadlineSeconds."""

TYPES = ("Ready", "Synced", "Reconciling", "Stalled", "Complete")


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition of a row.

    `reason` None takes the outcome's. `keep` leaves a True as it was, `keep_any` anything.
    """

    status: str
    reason: str | None = None
    keep: bool = False
    keep_any: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The conditions of one state; what is None is absent."""

    ready: Cell | None
    synced: Cell | None = None
    reconciling: Cell | None = None
    stalled: Cell | None = None
    complete: Cell | None = None


TRUE, FALSE, UNKNOWN = Cell("True"), Cell("False"), Cell("Unknown")
IN_SYNC = Cell("True", "InSync")
KEPT = Cell("False", keep=True)
RETRYING_REASON = "ProgressingWithRetry"
RETRY = Cell("True", RETRYING_REASON)

TABLE: Mapping[State, Row] = {
    State.PROVISIONING: Row(ready=FALSE, synced=UNKNOWN, reconciling=TRUE),
    State.SERVING: Row(ready=TRUE, synced=IN_SYNC),
    State.SUSPENDED: Row(ready=TRUE, synced=IN_SYNC),
    State.UPDATING: Row(ready=KEPT, synced=UNKNOWN, reconciling=TRUE),
    State.RETRYING: Row(ready=KEPT, synced=FALSE, reconciling=RETRY),
    State.BROKEN: Row(ready=FALSE, synced=IN_SYNC, reconciling=TRUE),
    State.CREATE_UNKNOWN: Row(ready=FALSE, synced=UNKNOWN, reconciling=TRUE),
    State.REFUSED: Row(ready=KEPT, synced=FALSE, stalled=TRUE),
    State.DRIFTED: Row(ready=Cell("True", Reason.AVAILABLE), synced=FALSE),
    State.PAUSED: Row(ready=Cell("False", keep_any=True), synced=UNKNOWN),
    State.PAUSED_DELETING: Row(ready=Cell("False", Reason.DELETE_BLOCKED), synced=Cell("Unknown", Reason.PAUSED)),
    State.EXPIRED: Row(ready=FALSE, synced=IN_SYNC, reconciling=TRUE),
    State.COMPLETE: Row(ready=None, synced=IN_SYNC, complete=TRUE),
    State.DELETING: Row(ready=FALSE),
    State.DELETE_BLOCKED: Row(ready=FALSE),
}
Condition = dict[str, Any]


def derive(
    outcome: Outcome, previous: Sequence[Mapping[str, Any]], generation: int, now: float, *, since: float | None = None
) -> list[Condition]:
    """The conditions that say what `outcome` means.

    `since` is when the first operation of this generation began (seconds since the epoch): the progress deadline
    counts from it or from Ready's last transition, whichever is later.
    """
    before = {condition["type"]: condition for condition in previous}
    row = TABLE[outcome.state]
    if overdue(outcome, before, generation, now, since):
        late = Cell("True", Reason.PROGRESS_DEADLINE_EXCEEDED)
        row = replace(row, ready=replace(late, status="False"), reconciling=None, stalled=late)
    cells = zip(TYPES, (row.ready, row.synced, row.reconciling, row.stalled, row.complete), strict=True)
    return [
        _condition(kind, cell, outcome, before.get(kind), generation, now) for kind, cell in cells if cell is not None
    ]


def overdue(
    outcome: Outcome, before: Mapping[str, Mapping[str, Any]], generation: int, now: float, since: float | None
) -> bool:
    """Whether what has a deadline has lasted past it; it stays so until the outcome changes."""
    ready, stalled = before.get("Ready"), before.get("Stalled")
    if not outcome.deadline or ready is None or ready["status"] != "False":
        return False
    if stalled and stalled["reason"] == Reason.PROGRESS_DEADLINE_EXCEEDED:
        return bool(stalled["observedGeneration"] == generation)
    return now >= progress_deadline(ready, since)


def progress_deadline(ready: Mapping[str, Any], since: float | None) -> float:
    """When a reported failure becomes Stalled, in seconds since the epoch."""
    return max(parse_time(ready["lastTransitionTime"]), since or 0.0) + PROGRESS_DEADLINE_SECONDS


def _condition(
    kind: str, cell: Cell, outcome: Outcome, before: Mapping[str, Any] | None, generation: int, now: float
) -> Condition:
    if before is not None and _kept(cell, outcome, before):
        return dict(before)
    turned = before is None or before["status"] != cell.status
    return {
        "type": kind,
        "status": cell.status,
        "reason": str(cell.reason or outcome.reason),
        "message": outcome.message,
        "observedGeneration": generation,
        "lastTransitionTime": format_time(now) if turned or before is None else before["lastTransitionTime"],
    }


def _kept(cell: Cell, outcome: Outcome, before: Mapping[str, Any]) -> bool:
    if cell.keep_any:
        return True
    return cell.keep and before["status"] == "True" and outcome.serves is not False


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC with whole seconds, as metav1.Time."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
