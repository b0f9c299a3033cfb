"""What went wrong, in the words of the API."""

import pytest

from caas_operator.core import errors
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.problems import explain, explain_task

TABLE: list[tuple[errors.CloudError | errors.InvalidSpec, State, Reason]] = [
    (errors.Rejected("bad", status=422), State.REFUSED, Reason.INVALID_SPEC),
    (errors.InvalidSpec("spec.image", "is bad"), State.REFUSED, Reason.INVALID_SPEC),
    (errors.ImmutableField("spec.name", "cannot change"), State.REFUSED, Reason.IMMUTABLE_FIELD),
    (errors.Unauthenticated("no", status=401), State.RETRYING, Reason.CREDENTIALS_INVALID),
    (errors.Forbidden("no", status=403), State.RETRYING, Reason.CLOUD_ERROR),
    (errors.NotFound("no", status=404), State.RETRYING, Reason.CLOUD_ERROR),
    (errors.Conflict("busy", status=409), State.RETRYING, Reason.CLOUD_ERROR),
    (errors.Throttled("slow", status=429), State.RETRYING, Reason.RATE_LIMITED),
    (errors.QuotaExceeded("quota", status=400), State.RETRYING, Reason.QUOTA_EXCEEDED),
    (errors.Unavailable("no", status=503), State.RETRYING, Reason.CLOUD_ERROR),
    (errors.Held("frozen"), State.RETRYING, Reason.RATE_LIMITED),
    (errors.Held("breaker", code="credentials"), State.RETRYING, Reason.CREDENTIALS_INVALID),
]


@pytest.mark.parametrize(("error", "state", "reason"), TABLE, ids=lambda value: type(value).__name__)
def test_an_error_is_told_by_what_helps(error: errors.CloudError, state: State, reason: Reason) -> None:
    outcome = explain(error, "create")
    assert (outcome.state, outcome.reason) == (state, reason)


def test_the_table_has_every_error() -> None:
    known = {type(error) for error, _, _ in TABLE}
    assert known >= set(errors.CloudError.__subclasses__()) | {errors.InvalidSpec, errors.ImmutableField}


@pytest.mark.parametrize("serves", [True, False, None])
def test_whether_something_serves_is_passed_on(serves: bool | None) -> None:  # noqa: FBT001 - a table
    for error, _, _ in TABLE:
        assert explain(error, "update", serves=serves).serves is serves


def test_a_message_names_the_step_and_the_status_and_nothing_that_changes() -> None:
    error = errors.Unavailable("no", status=503, request_id="req-1", retry_after=17.0)
    assert explain(error, "update").message == "update (HTTP 503): no"
    assert explain(errors.Unavailable("no answer in time"), "list").message == "list: no answer in time"


def test_a_refused_task_is_tried_again_and_has_a_deadline() -> None:
    assert explain_task("the image is bad", "create", serves=False) == Outcome(
        State.RETRYING, Reason.CLOUD_ERROR, "create task: the image is bad", serves=False, deadline=True
    )


@pytest.mark.parametrize("text", ["Quota exceeded: cpu", "your quota is used up"])
def test_quota_is_told_from_the_text_of_a_task_and_never_has_a_deadline(text: str) -> None:
    outcome = explain_task(text, "create", serves=None)
    assert (outcome.reason, outcome.deadline) == (Reason.QUOTA_EXCEEDED, False)
