"""Troubles of an account and of its capacity, as its objects tell them: once, and in the same words from try to try."""

import pytest

from caas_operator.core import errors
from caas_operator.core.outcome import Reason
from caas_operator.core.problems import SLOWED, explain, explain_task

CAPACITY = "The region 6 has reached the limit of flavor inference-4vcpu-16gib"


@pytest.mark.parametrize("step", ["list", "locate", "check"])
def test_what_is_forbidden_to_every_object_is_the_credentials_trouble(step: str) -> None:
    outcome = explain(errors.Forbidden("no such right", status=403), step)
    assert (outcome.reason, outcome.message) == (Reason.CREDENTIALS_INVALID, "no such right")


@pytest.mark.parametrize("step", ["create", "update", "delete"])
def test_a_change_that_is_forbidden_is_the_objects_own_trouble(step: str) -> None:
    outcome = explain(errors.Forbidden("not this one", status=403), step)
    assert (outcome.reason, outcome.message) == (Reason.CLOUD_ERROR, f"{step} (HTTP 403): not this one")


@pytest.mark.parametrize("step", ["list", "create", "check"])
def test_a_refused_credential_reads_the_same_from_the_cloud_and_from_our_own_gate(step: str) -> None:
    told = explain(errors.Unauthenticated("the credential is not accepted", status=401), "create")
    assert told == explain(errors.Held("the credential is not accepted", code="credentials"), step)
    assert told.reason is Reason.CREDENTIALS_INVALID


def test_a_forbidden_list_reads_the_same_from_the_cloud_and_from_our_own_gate() -> None:
    told = explain(errors.Forbidden("no such right", status=403), "list")
    assert told == explain(errors.Held("no such right", code="credentials", retry_after=60), "list")


@pytest.mark.parametrize("step", ["list", "update"])
def test_a_slowed_account_reads_the_same_from_the_cloud_and_from_our_own_gate(step: str) -> None:
    told = explain(errors.Throttled("too many requests (TooManyRequests)", status=429, retry_after=7), "create")
    assert told == explain(errors.Held("the cloud asked", code="frozen", retry_after=3), step)
    assert (told.reason, told.message) == (Reason.RATE_LIMITED, SLOWED)


def test_a_call_that_was_held_for_want_of_the_lease_says_nothing() -> None:
    with pytest.raises(errors.NotLeading):
        explain(errors.Held("not the leader", code="not-leading"), "create")


def test_a_region_without_capacity_is_waited_for_without_a_deadline() -> None:
    outcome = explain_task(CAPACITY, "create", serves=False)
    assert (outcome.reason, outcome.deadline) == (Reason.QUOTA_EXCEEDED, False)
    assert outcome.message == f"create task: {CAPACITY}"
