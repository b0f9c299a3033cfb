from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caas_operator.kube.merge import merge_patch

leaves = st.one_of(st.integers(0, 3), st.text("ab", max_size=2), st.lists(st.integers(0, 2), max_size=2))
objects = st.recursive(
    st.dictionaries(st.text("xyz", min_size=1, max_size=1), leaves, max_size=3),
    lambda inner: st.dictionaries(st.text("xyz", min_size=1, max_size=1), st.one_of(leaves, inner), max_size=3),
    max_leaves=12,
)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386, as its section 2 has it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


@given(objects, objects)
def test_applying_the_patch_to_the_old_object_gives_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merged(old, merge_patch(old, new)) == new


@given(objects)
def test_there_is_nothing_to_send_between_equal_objects(value: dict[str, Any]) -> None:
    assert merge_patch(value, value) == {}


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 3}, id="only what differs is sent"),
        pytest.param({"a": 1}, {}, {"a": None}, id="what is gone is null"),
        pytest.param({"m": {"x": 1, "y": 2}}, {"m": {"x": 1}}, {"m": {"y": None}}, id="also inside a map"),
        pytest.param({"m": 1}, {"m": {"x": 1}}, {"m": {"x": 1}}, id="a value becomes a map"),
        pytest.param({}, {"m": {"x": {"y": 1}}}, {"m": {"x": {"y": 1}}}, id="a new map is sent whole"),
        pytest.param({}, {"m": {}}, {"m": {}}, id="an empty map is something"),
        pytest.param({"l": [1, 2]}, {"l": [1]}, {"l": [1]}, id="a list is replaced whole"),
        pytest.param({}, {"a": None}, {}, id="a null where nothing was is nothing"),
        pytest.param({"a": 1}, {"a": None}, {"a": None}, id="a null says the same as absence"),
        pytest.param({}, {"m": {"x": None, "y": 1}}, {"m": {"y": 1}}, id="nulls in a new map are left out"),
    ],
)
def test_the_patch_is_the_smallest_one(old: dict[str, Any], new: dict[str, Any], patch: dict[str, Any]) -> None:
    assert merge_patch(old, new) == patch
