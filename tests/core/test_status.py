"""The status document: what a pass says, what is forgotten, and what is worth a write."""

from typing import Any

import pytest

from caas_operator.core.model import (
    FLUX_RECONCILE_REQUESTED,
    RECONCILE_REQUESTED,
    AccountRef,
    Operation,
    Pin,
    Place,
    Verb,
)
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.status import Binding, is_converged, next_status, reconcile_request, worth_writing
from tests.core.build import AT, NOW, condition, external, resource

SERVING = Outcome(State.SERVING, Reason.AVAILABLE)
PIN = Pin(AccountRef("CloudAccount", "main"), "https://cloud.example", Place("1", "one"), "1/one")
OPERATION = Operation(Verb.CREATE, ("t1",), 1, NOW)
FOUND = external(endpoint="https://one.example", observed={"cloudStatus": "ready"}, created_at=NOW)


def after(obj: Any = None, outcome: Outcome = SERVING, **binding: Any) -> dict[str, Any]:
    return next_status(obj or resource(), outcome, Binding(**binding), NOW)


def test_a_pass_says_where_the_resource_is() -> None:
    status = after(pin=PIN, provider="gcore", found=FOUND, operation=OPERATION, applied=("size", "env"))
    assert status["account"] == {
        "kind": "CloudAccount",
        "name": "main",
        "endpoint": "https://cloud.example",
        "provider": "gcore",
        "scope": "1",
    }
    assert status["externalId"] == "1/one"
    assert status["externalName"] == "one"
    assert status["operation"] == {"type": "Create", "taskIds": ["t1"], "generation": 1, "startedAt": AT}
    assert status["startedAt"] == status["createdAt"] == AT
    assert status["endpoint"] == "https://one.example"
    assert status["observed"] == {"cloudStatus": "ready"}
    assert status["appliedFields"] == ["env", "size"]


def test_what_a_pass_does_not_know_stays() -> None:
    old = after(pin=PIN, found=FOUND, operation=OPERATION, applied=("size",))
    new = next_status(resource(status=old), SERVING, Binding(), NOW)
    assert new == old


def test_the_document_before_is_not_changed_in_place() -> None:
    old = after(pin=PIN, found=FOUND, operation=OPERATION)
    kept = {**old, "conditions": [dict(one) for one in old["conditions"]]}
    next_status(
        resource(status=old, generation=2), Outcome(State.BROKEN, Reason.CLOUD_ERROR), Binding(forget=True), NOW
    )
    assert old == kept


def test_the_first_create_dates_the_object() -> None:
    old = after(operation=OPERATION)
    later = Operation(Verb.UPDATE, (), 2, NOW + 60)
    new = next_status(resource(status=old), SERVING, Binding(operation=later), NOW)
    assert new["startedAt"] == AT
    assert new["operation"]["type"] == "Update"


def test_an_id_that_is_not_known_yet_is_not_said() -> None:
    status = after(pin=Pin(PIN.account, PIN.endpoint, PIN.place))
    assert "externalId" not in status


def test_an_endpoint_that_went_is_no_longer_said() -> None:
    old = after(found=FOUND)
    new = next_status(resource(status=old), SERVING, Binding(found=external()), NOW)
    assert "endpoint" not in new
    assert "createdAt" not in new


def test_forgetting_leaves_what_is_observed_and_no_pin() -> None:
    old = after(pin=PIN, found=FOUND, operation=OPERATION, applied=("size",)) | {"appliedSecrets": {"keyId": "k"}}
    new = next_status(resource(status=old), SERVING, Binding(pin=PIN, found=FOUND, forget=True), NOW)
    assert not {"operation", "appliedFields", "appliedSecrets", "startedAt"} & set(new)
    assert new["externalId"] == "1/one"


def test_forgetting_what_is_not_there_leaves_no_identity() -> None:
    old = after(pin=PIN, found=FOUND, operation=OPERATION)
    new = next_status(resource(status=old), SERVING, Binding(forget=True), NOW)
    assert set(new) == {"observedGeneration", "conditions"}


def test_observed_generation_is_this_one_but_for_a_paused_object() -> None:
    obj = resource(generation=7, status={"observedGeneration": 3})
    assert after(obj)["observedGeneration"] == 7
    assert after(obj, Outcome(State.PAUSED, Reason.PAUSED))["observedGeneration"] == 3


@pytest.mark.parametrize("annotation", [RECONCILE_REQUESTED, FLUX_RECONCILE_REQUESTED])
def test_a_reconcile_request_is_answered(annotation: str) -> None:
    obj = resource(annotations={annotation: "now"})
    assert reconcile_request(obj) == "now"
    assert after(obj)["lastHandledReconcileAt"] == "now"


# -- whether to write ------------------------------------------------------------------------------------------------


def observed(**facts: Any) -> dict[str, Any]:
    return {"observed": facts, "conditions": []}


def test_nothing_new_is_not_worth_a_write() -> None:
    assert not worth_writing(observed(a=1), observed(a=1))


def test_observed_facts_alone_are_not_worth_a_write() -> None:
    assert not worth_writing(observed(replicas=1), observed(replicas=2))
    assert not worth_writing({"conditions": []}, observed(replicas=2))


@pytest.mark.parametrize(
    ("before", "after_", "worth"),
    [
        ("2027-01-15T08:00:00Z", "2027-01-15T08:05:00Z", False),
        ("2027-01-15T08:00:00Z", "2027-01-15T08:05:01Z", True),
        ("2027-01-15T08:05:01Z", "2027-01-15T08:00:00Z", True),
    ],
)
def test_an_expiry_that_moved_by_more_than_five_minutes_is(before: str, after_: str, worth: bool) -> None:  # noqa: FBT001 - a table
    assert worth_writing(observed(expiresAt=before), observed(expiresAt=after_)) is worth


@pytest.mark.parametrize("field", ["conditions", "externalId", "operation", "endpoint", "appliedFields", "createdAt"])
def test_anything_else_is_worth_a_write(field: str) -> None:
    assert worth_writing({field: "a"}, {field: "b"})
    assert worth_writing({}, {field: "b"})
    assert worth_writing({field: "a"}, {})


# -- converged -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "converged"),
    [
        ([condition("Ready", "True"), condition("Synced", "True")], True),
        ([condition("Ready", "True"), condition("Synced", "False")], False),
        ([condition("Ready", "True"), condition("Synced", "Unknown")], False),
        ([condition("Ready", "False"), condition("Synced", "True")], False),
        ([condition("Ready", "True", generation=0), condition("Synced", "True")], False),
        ([condition("Ready", "True")], False),
        ([condition("Synced", "True"), condition("Complete", "True")], False),
        ([], False),
    ],
)
def test_converged_is_ready_and_synced_at_this_generation(conditions: list[Any], converged: bool) -> None:  # noqa: FBT001 - a table
    assert is_converged(resource(status={"conditions": conditions})) is converged


def test_a_later_generation_converged_includes_an_earlier_operation() -> None:
    conditions = [condition("Ready", "True", generation=3), condition("Synced", "True", generation=3)]
    obj = resource(generation=4, status={"conditions": conditions})
    assert not is_converged(obj)
    assert is_converged(obj, 2)
