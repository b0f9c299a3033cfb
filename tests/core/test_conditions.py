"""The table of conditions, row by row, over every state before; and what tools rely on."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caas_operator.core.conditions import PROGRESS_DEADLINE_SECONDS, derive, format_time, parse_time
from caas_operator.core.outcome import Outcome, Reason, State

NOW = 1_800_000_000.0
LATER = NOW + 30

OUTCOMES: dict[State, Outcome] = {
    State.PROVISIONING: Outcome(State.PROVISIONING, Reason.PROVISIONING),
    State.SERVING: Outcome(State.SERVING, Reason.AVAILABLE),
    State.SUSPENDED: Outcome(State.SUSPENDED, Reason.SUSPENDED),
    State.UPDATING: Outcome(State.UPDATING, Reason.UPDATING),
    State.RETRYING: Outcome(State.RETRYING, Reason.RATE_LIMITED, "update (HTTP 429): too fast"),
    State.BROKEN: Outcome(State.BROKEN, Reason.CLOUD_ERROR, "crash loop", serves=False, deadline=True),
    State.CREATE_UNKNOWN: Outcome(State.CREATE_UNKNOWN, Reason.CREATE_OUTCOME_UNKNOWN),
    State.REFUSED: Outcome(State.REFUSED, Reason.INVALID_SPEC, "spec.image: is bad"),
    State.DRIFTED: Outcome(State.DRIFTED, Reason.DRIFT_DETECTED, "image"),
    State.PAUSED: Outcome(State.PAUSED, Reason.PAUSED),
    State.PAUSED_DELETING: Outcome(State.PAUSED_DELETING, Reason.PAUSED, "paused"),
    State.EXPIRED: Outcome(State.EXPIRED, Reason.EXPIRED),
    State.COMPLETE: Outcome(State.COMPLETE, Reason.EXPIRED),
    State.DELETING: Outcome(State.DELETING, Reason.DELETING),
    State.DELETE_BLOCKED: Outcome(State.DELETE_BLOCKED, Reason.DELETE_BLOCKED, "why"),
}

ROWS: dict[State, str] = {
    State.PROVISIONING: "Ready=False/Provisioning Synced=Unknown/Provisioning Reconciling=True/Provisioning",
    State.SERVING: "Ready=True/Available Synced=True/InSync",
    State.SUSPENDED: "Ready=True/Suspended Synced=True/InSync",
    State.UPDATING: "Ready=False/Updating Synced=Unknown/Updating Reconciling=True/Updating",
    State.RETRYING: "Ready=False/RateLimited Synced=False/RateLimited Reconciling=True/ProgressingWithRetry",
    State.BROKEN: "Ready=False/CloudError Synced=True/InSync Reconciling=True/CloudError",
    State.CREATE_UNKNOWN: "Ready=False/CreateOutcomeUnknown Synced=Unknown/CreateOutcomeUnknown "
    "Reconciling=True/CreateOutcomeUnknown",
    State.REFUSED: "Ready=False/InvalidSpec Synced=False/InvalidSpec Stalled=True/InvalidSpec",
    State.DRIFTED: "Ready=True/Available Synced=False/DriftDetected",
    State.PAUSED: "Ready=False/Paused Synced=Unknown/Paused",
    State.PAUSED_DELETING: "Ready=False/DeleteBlocked Synced=Unknown/Paused",
    State.EXPIRED: "Ready=False/Expired Synced=True/InSync Reconciling=True/Expired",
    State.COMPLETE: "Synced=True/InSync Complete=True/Expired",
    State.DELETING: "Ready=False/Deleting",
    State.DELETE_BLOCKED: "Ready=False/DeleteBlocked",
}
"""On an object without conditions."""

PAIRS = list(itertools.product(State, State))

KEEP_TRUE = {State.UPDATING, State.RETRYING, State.REFUSED, State.PAUSED}
"""What leaves a True Ready as it was, at its old generation."""


def show(conditions: Sequence[dict[str, Any]]) -> str:
    return " ".join(f"{one['type']}={one['status']}/{one['reason']}" for one in conditions)


def one(conditions: Sequence[dict[str, Any]], type_: str) -> dict[str, Any]:
    return next(condition for condition in conditions if condition["type"] == type_)


def before(state: State, generation: int = 1, now: float = NOW) -> list[dict[str, Any]]:
    return derive(OUTCOMES[state], (), generation, now)


def test_the_table_has_every_state() -> None:
    assert set(ROWS) == set(OUTCOMES) == set(State)


@pytest.mark.parametrize("state", State)
def test_a_row_on_a_new_object(state: State) -> None:
    conditions = derive(OUTCOMES[state], (), 3, NOW)
    assert show(conditions) == ROWS[state]
    assert all(condition["observedGeneration"] == 3 for condition in conditions)
    assert all(condition["lastTransitionTime"] == format_time(NOW) for condition in conditions)


@pytest.mark.parametrize(("was", "is_"), PAIRS)
def test_a_row_after_any_other(was: State, is_: State) -> None:
    previous = before(was)
    conditions = derive(OUTCOMES[is_], previous, 2, LATER)
    ready_before = next((one for one in previous if one["type"] == "Ready"), None)
    keeps = is_ in KEEP_TRUE and ready_before is not None and (ready_before["status"] == "True" or is_ is State.PAUSED)
    if keeps:
        assert one(conditions, "Ready") == ready_before, "as it was, generation and times included"
        expected = " ".join(word for word in ROWS[is_].split() if not word.startswith("Ready"))
        assert show([condition for condition in conditions if condition["type"] != "Ready"]) == expected
    else:
        assert show(conditions) == ROWS[is_]
        assert all(condition["observedGeneration"] == 2 for condition in conditions)


@pytest.mark.parametrize(("was", "is_"), PAIRS)
def test_a_transition_time_moves_with_the_status_alone(was: State, is_: State) -> None:
    previous = {condition["type"]: condition for condition in before(was)}
    for condition in derive(OUTCOMES[is_], list(previous.values()), 2, LATER):
        known = previous.get(condition["type"])
        same = known is not None and known["status"] == condition["status"]
        assert condition["lastTransitionTime"] == format_time(NOW if same else LATER)


@pytest.mark.parametrize("state", State)
def test_the_same_outcome_again_changes_nothing(state: State) -> None:
    first = before(state)
    assert derive(OUTCOMES[state], first, 1, LATER) == first


@pytest.mark.parametrize("serves", [True, None])
@pytest.mark.parametrize("state", [State.UPDATING, State.RETRYING, State.REFUSED])
def test_what_serves_or_may_serve_stays_ready_at_its_old_generation(state: State, serves: bool | None) -> None:  # noqa: FBT001 - a table
    outcome = Outcome(state, Reason.CLOUD_ERROR, "x", serves=serves)
    conditions = derive(outcome, before(State.SERVING), 2, LATER)
    ready = one(conditions, "Ready")
    assert (ready["status"], ready["reason"], ready["observedGeneration"]) == ("True", "Available", 1)


@pytest.mark.parametrize("state", [State.UPDATING, State.RETRYING, State.REFUSED])
def test_what_surely_does_not_serve_is_not_ready(state: State) -> None:
    outcome = Outcome(state, Reason.CLOUD_ERROR, "x", serves=False)
    assert one(derive(outcome, before(State.SERVING), 2, LATER), "Ready")["status"] == "False"


def test_a_new_object_that_is_paused_is_not_ready_and_stays_so() -> None:
    first = before(State.PAUSED)
    assert one(first, "Ready")["reason"] == "Paused"
    assert one(derive(OUTCOMES[State.PAUSED], before(State.BROKEN), 2, LATER), "Ready")["reason"] == "CloudError"


def test_a_complete_object_has_no_ready() -> None:
    assert all(one["type"] != "Ready" for one in derive(OUTCOMES[State.COMPLETE], before(State.SERVING), 2, LATER))


# -- the progress deadline -------------------------------------------------------------------------------------------

BROKEN = OUTCOMES[State.BROKEN]
LATE = "Ready=False/ProgressDeadlineExceeded Synced=True/InSync Stalled=True/ProgressDeadlineExceeded"


def test_a_failure_is_stalled_after_ten_minutes_and_not_before() -> None:
    first = derive(BROKEN, before(State.SERVING, now=NOW - 9999), 1, NOW)
    assert show(derive(BROKEN, first, 1, NOW + PROGRESS_DEADLINE_SECONDS - 1)) == ROWS[State.BROKEN]
    assert show(derive(BROKEN, first, 1, NOW + PROGRESS_DEADLINE_SECONDS)) == LATE


def test_an_object_that_served_for_long_is_not_late_at_its_first_failure() -> None:
    assert show(derive(BROKEN, before(State.SERVING, now=NOW - 99_999), 1, NOW)) == ROWS[State.BROKEN]


def test_the_deadline_counts_from_the_operation_where_that_is_later() -> None:
    first = derive(BROKEN, (), 1, NOW)
    begun = NOW + 500
    assert show(derive(BROKEN, first, 1, NOW + 700, since=begun)) == ROWS[State.BROKEN]
    assert show(derive(BROKEN, first, 1, begun + PROGRESS_DEADLINE_SECONDS, since=begun)) == LATE


def test_an_operation_long_ago_does_not_make_a_new_failure_late() -> None:
    first = derive(BROKEN, before(State.SERVING), 1, NOW)
    assert show(derive(BROKEN, first, 1, NOW + 60, since=NOW - 9999)) == ROWS[State.BROKEN]


def test_the_deadline_sticks_while_the_failure_lasts() -> None:
    """A retry begins a new operation; that alone is no progress."""
    late = derive(BROKEN, derive(BROKEN, (), 1, NOW), 1, NOW + 600)
    assert derive(BROKEN, late, 1, NOW + 700, since=NOW + 690) == late


def test_the_deadline_is_lifted_by_recovery() -> None:
    late = derive(BROKEN, derive(BROKEN, (), 1, NOW), 1, NOW + 600)
    assert show(derive(OUTCOMES[State.SERVING], late, 1, NOW + 700)) == ROWS[State.SERVING]


def test_the_deadline_counts_anew_after_an_edit_that_began_an_operation() -> None:
    late = derive(BROKEN, derive(BROKEN, (), 1, NOW), 1, NOW + 600)
    edited = derive(OUTCOMES[State.UPDATING], late, 2, NOW + 900)
    assert "Stalled" not in show(edited)
    assert show(derive(BROKEN, edited, 2, NOW + 960, since=NOW + 900)) == ROWS[State.BROKEN]
    assert show(derive(BROKEN, edited, 2, NOW + 1500, since=NOW + 900)) == LATE


def test_what_the_cloud_does_not_report_has_no_deadline() -> None:
    quota = Outcome(State.RETRYING, Reason.QUOTA_EXCEEDED, "no quota", serves=False)
    first = derive(quota, (), 1, NOW)
    assert derive(quota, first, 1, NOW + 99_999) == first


def test_a_late_failure_keeps_its_message() -> None:
    late = derive(BROKEN, derive(BROKEN, (), 1, NOW), 1, NOW + 600)
    assert one(late, "Stalled")["message"] == one(late, "Ready")["message"] == "crash loop"


# -- what tools rely on ----------------------------------------------------------------------------------------------

outcomes = st.builds(
    Outcome,
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    message=st.sampled_from(["", "a", "b"]),
    serves=st.sampled_from([True, False, None]),
    deadline=st.booleans(),
)
histories = st.lists(
    st.tuples(outcomes, st.integers(0, 1), st.sampled_from([0.0, 1.0, 700.0]), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=80, deadline=None)
@given(histories)
def test_any_history_reads_well(history: list[tuple[Outcome, int, float, bool]]) -> None:
    """Polarity as kstatus has it, each type once, and what metav1.Condition requires."""
    conditions: list[dict[str, Any]] = []
    generation, now = 1, NOW
    for outcome, edited, passed, knows_since in history:
        generation, now = generation + edited, now + passed
        conditions = derive(outcome, conditions, generation, now, since=now - 100 if knows_since else None)
        types = [condition["type"] for condition in conditions]
        assert len(types) == len(set(types))
        assert not {"Reconciling", "Stalled"} <= set(types), "never both"
        for condition in conditions:
            if condition["type"] in ("Reconciling", "Stalled", "Complete"):
                assert condition["status"] == "True", "only while True"
            assert condition["reason"]
            assert set(condition) == {
                "type",
                "status",
                "reason",
                "message",
                "observedGeneration",
                "lastTransitionTime",
            }
            assert condition["observedGeneration"] <= generation
            assert parse_time(condition["lastTransitionTime"]) <= now
        if "Complete" not in types:
            assert "Ready" in types, "a status without Ready counts as done"


@settings(max_examples=80, deadline=None)
@given(histories)
def test_ready_true_at_a_generation_is_only_said_of_what_converged_there(
    history: list[tuple[Outcome, int, float, bool]],
) -> None:
    conditions: list[dict[str, Any]] = []
    generation, converged = 1, 0
    for outcome, edited, _, _ in history:
        generation += edited
        conditions = derive(outcome, conditions, generation, NOW)
        if outcome.state in (State.SERVING, State.SUSPENDED, State.DRIFTED):
            converged = generation
        for condition in conditions:
            if condition["type"] == "Ready" and condition["status"] == "True":
                assert condition["observedGeneration"] <= converged


def test_something_always_goes_on_while_a_generation_has_not_converged() -> None:
    """Kstatus never reads Ready's own observedGeneration: without Reconciling or Stalled an update counts as done."""
    for state in (
        State.PROVISIONING,
        State.UPDATING,
        State.RETRYING,
        State.BROKEN,
        State.CREATE_UNKNOWN,
        State.REFUSED,
    ):
        types = {one["type"] for one in derive(OUTCOMES[state], before(State.SERVING), 2, LATER)}
        assert types & {"Reconciling", "Stalled"}, state


def test_times_are_whole_seconds_in_utc_and_read_back() -> None:
    assert format_time(NOW + 0.9) == "2027-01-15T08:00:00Z"
    assert parse_time("2027-01-15T08:00:00Z") == NOW
    assert parse_time("2027-01-15T09:00:00+01:00") == NOW
    assert parse_time("2027-01-15T08:00:00") == NOW
