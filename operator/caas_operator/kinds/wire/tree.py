"""Comparing and completing JSON trees: what a spec asks of the wire, against what the cloud reports.

A *target* is a tree in the wire's names that holds what is managed and nothing else. None in it means that
nothing may be there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from caas_operator.core.model import JsonObject
from caas_operator.kinds.fields.model import SpecModel


class Whole(dict[str, Any]):
    """A map whose keys are the user's own: it is compared and replaced as one value."""


def covers(found: Any, target: Any) -> bool:
    """Whether `found` has every leaf of `target`; what the target does not name may be anything."""
    if isinstance(target, Whole):
        return (found or {}) == target
    if isinstance(target, Mapping):
        tree = found if isinstance(found, Mapping) else {}
        return all(covers(tree.get(key), value) for key, value in target.items())
    return bool(found == target)


def overlay(base: Any, top: Any) -> Any:
    """`base` with every leaf of `top` put over it."""
    if isinstance(top, Whole) or not isinstance(top, Mapping) or not isinstance(base, Mapping):
        return top
    return {**base, **{key: overlay(base.get(key), value) for key, value in top.items()}}


def pruned(tree: Any) -> Any:
    """The tree without its nulls, in plain dicts: nobody knows what a null in a PATCH does.

    None is sent but those inside a changed probe (`kinds/inference/probe_wire.py`).
    """
    if isinstance(tree, Mapping):
        return {key: pruned(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list | tuple):
        return [pruned(value) for value in tree]
    return tree


def chosen(part: SpecModel, path: str, removed: Collection[str], defaults: Mapping[str, Any]) -> JsonObject:
    """The optional fields of one part of a spec that are managed, under their wire names, which are the attributes'.

    Managed is what is set, and what has left the spec since it was last applied: that gets its default back.
    """
    managed: JsonObject = {}
    for attribute, default in defaults.items():
        value = getattr(part, attribute)
        if value is not None:
            managed[attribute] = value
        elif f"{path}.{to_camel(attribute)}" in removed:
            managed[attribute] = default
    return managed


def set_paths(part: SpecModel | None, attributes: Iterable[str] | None = None, prefix: str = "") -> Iterator[str]:
    """Dotted camelCase names of the optional fields that are set, nested ones after their parents.

    `attributes` (all where None) are those of `part`; `prefix` is the path of `part`, with a dot behind it.
    """
    if part is None:
        return
    fields = type(part).model_fields
    for attribute in fields if attributes is None else attributes:
        value = getattr(part, attribute)
        path = prefix + to_camel(attribute)
        if value is not None and not fields[attribute].is_required():
            yield path
        if isinstance(value, SpecModel):
            yield from set_paths(value, prefix=f"{path}.")
