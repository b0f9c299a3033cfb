"""Markers, intents and pins: what proves that a resource is an object's own."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caas_operator.core.identity import Intent, in_flight, marker, next_intent_time, operation_of, pin_of
from caas_operator.core.model import CREATE_INTENT, AccountRef, Operation, Place, Verb
from tests.core.build import AT, NOW, resource
from tests.support.engine.kinds import BOX, CELL

INTENT = Intent("uid-1", AccountRef("CloudAccount", "main"), "https://cloud.example", Place("1/76", "one"), 0, NOW)


# -- markers ---------------------------------------------------------------------------------------------------------


def test_a_marker_outlives_the_object_where_names_are_unique() -> None:
    first, second = resource(uid="uid-1"), resource(uid="uid-2", version=9, generation=4)
    assert marker(BOX, "c1", first) == marker(BOX, "c1", second)


@pytest.mark.parametrize(
    ("cluster", "other"),
    [("c2", resource()), ("c1", resource(name="two")), ("c1", resource(namespace="others"))],
)
def test_a_marker_is_of_one_cluster_namespace_and_name(cluster: str, other: object) -> None:
    assert marker(BOX, "c1", resource()) != marker(BOX, cluster, other)  # type: ignore[arg-type]


def test_a_marker_is_of_one_kind() -> None:
    other = replace(BOX, name="Crate")
    assert marker(BOX, "c1", resource()) != marker(other, "c1", resource())


def test_namespace_and_name_do_not_run_into_each_other() -> None:
    assert marker(BOX, "c1", resource(namespace="a", name="b-c")) != marker(
        BOX, "c1", resource(namespace="a-b", name="c")
    )


def test_a_numbered_marker_is_the_objects_own() -> None:
    assert marker(CELL, "c1", resource(uid="uid-1")) != marker(CELL, "c1", resource(uid="uid-2"))
    assert marker(CELL, "c1", resource()) == marker(CELL, "c2", resource(name="two"))


def test_a_marker_is_ten_hexadecimal_digits() -> None:
    assert len(marker(BOX, "c1", resource())) == 10
    assert int(marker(CELL, "c1", resource()), 16) >= 0


# -- intents ---------------------------------------------------------------------------------------------------------


def holding(text: str) -> Intent | None:
    return Intent.of(resource(annotations={CREATE_INTENT: text}))


@given(
    kind=st.sampled_from(["CloudAccount", "ClusterCloudAccount", "Environment"]),
    words=st.lists(st.text(max_size=30), min_size=4, max_size=4),
    number=st.integers(0, 10**6),
    at=st.integers(0, 4_000_000_000),
    adopted=st.booleans(),
)
def test_an_intent_is_read_as_it_was_written(kind: str, words: list[str], number: int, at: int, adopted: bool) -> None:  # noqa: FBT001 - drawn
    account, endpoint, scope, name = words
    intent = Intent("uid-1", AccountRef(kind, account), endpoint, Place(scope, name), number, float(at), adopted)
    assert holding(intent.render()) == intent


def test_an_object_without_the_annotation_has_none() -> None:
    assert Intent.of(resource()) is None


def test_an_intent_of_another_uid_was_copied() -> None:
    assert holding(replace(INTENT, uid="uid-2").render()) is None


def test_what_is_not_an_adoption_in_so_many_words_is_none() -> None:
    raw = json.loads(INTENT.render()) | {"adopted": "true"}
    found = holding(json.dumps(raw))
    assert found is not None
    assert not found.adopted


@given(st.text())
@example("{")
@example("[" * 100_000)
@example('{"uid":"uid-1","number":Infinity}')
@example("null")
def test_any_text_is_an_intent_or_none(text: str) -> None:
    """Whoever may edit the object may write it, and every account looks at it."""
    assert holding(text) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(
    field=st.sampled_from(["account", "endpoint", "scope", "name", "at", "number", "adopted"]),
    value=json_values,
)
@example(field="number", value=float("inf"))
@example(field="number", value=float("nan"))
@example(field="scope", value=["1/76"])
@example(field="name", value={"a": 1})
@example(field="endpoint", value=7)
@example(field="account", value={"kind": [], "name": None})
def test_an_intent_has_text_where_text_belongs_or_is_none(field: str, value: object) -> None:
    raw = json.loads(INTENT.render()) | {field: value}
    found = holding(json.dumps(raw))
    if found is not None:
        words = (found.account.kind, found.account.name, found.endpoint, found.place.scope, found.place.name)
        assert all(isinstance(word, str) for word in words)
        assert isinstance(found.number, int)
        assert isinstance(found.at, float)


def test_an_intent_holds_no_more_than_the_identity() -> None:
    assert set(json.loads(INTENT.render())) == {"uid", "account", "endpoint", "scope", "name", "at"}


# -- whether a POST may be on its way --------------------------------------------------------------------------------


def at(seconds: float) -> Operation:
    return Operation(Verb.CREATE, (), 1, NOW + seconds)


@pytest.mark.parametrize(
    ("sentence", "intent", "operation", "expected"),
    [
        ("died before the intent", None, None, False),
        ("died after the intent, before or after the POST", INTENT, None, True),
        ("the answer was recorded in the same second", INTENT, at(0), False),
        ("the answer was recorded later", INTENT, at(30), False),
        ("a new intent after an old operation", INTENT, at(-1), True),
        ("adopted: no POST was sent", replace(INTENT, adopted=True), None, False),
        ("an intent was stripped, the operation stayed", None, at(0), False),
    ],
)
def test_a_post_may_be_in_flight_until_an_answer_is_recorded(
    sentence: str,
    intent: Intent | None,
    operation: Operation | None,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    assert in_flight(intent, operation) is expected, sentence


@given(now=st.floats(0, 4e9), begun=st.one_of(st.none(), st.integers(0, 4_000_000_000)))
def test_a_new_intent_is_younger_than_every_operation_and_survives_its_own_rendering(
    now: float, begun: int | None
) -> None:
    operation = None if begun is None else Operation(Verb.UPDATE, (), 1, float(begun))
    intent = replace(INTENT, at=next_intent_time(now, operation))
    assert in_flight(intent, operation)
    assert holding(intent.render()) == intent


def test_the_clock_going_back_over_a_restart_hides_no_post() -> None:
    recorded = Operation(Verb.CREATE, (), 1, NOW + 500)
    assert in_flight(replace(INTENT, at=next_intent_time(NOW, recorded)), recorded)


# -- pins ------------------------------------------------------------------------------------------------------------

STATUS = {
    "externalId": "1/76/one",
    "externalName": "one",
    "account": {"kind": "CloudAccount", "name": "main", "endpoint": "https://cloud.example", "scope": "1/76"},
    "operation": {"type": "Create", "taskIds": ["t"], "generation": 3, "startedAt": AT},
}


def test_a_pin_is_what_status_says_of_a_managed_object() -> None:
    pin = pin_of(resource(status=STATUS))
    assert pin is not None
    assert (str(pin.account), pin.endpoint, pin.place, pin.external_id) == (
        "CloudAccount/main",
        "https://cloud.example",
        Place("1/76", "one"),
        "1/76/one",
    )


@pytest.mark.parametrize("missing", ["externalId", "account"])
def test_half_a_pin_is_none(missing: str) -> None:
    assert pin_of(resource(status={name: value for name, value in STATUS.items() if name != missing})) is None


def test_what_observe_only_reports_is_no_pin() -> None:
    assert pin_of(resource(status={name: value for name, value in STATUS.items() if name != "operation"})) is None


def test_an_adopted_object_is_pinned_by_what_it_applied() -> None:
    status = {name: value for name, value in STATUS.items() if name != "operation"} | {"appliedFields": []}
    assert pin_of(resource(status=status)) is not None


def test_an_operation_is_read_as_it_was_written() -> None:
    assert operation_of(resource(status=STATUS)) == Operation(Verb.CREATE, ("t",), 3, NOW)
    assert operation_of(resource()) is None
