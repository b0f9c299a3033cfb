"""What an object wants, for tests of the mappings, and what a cloud has."""

from collections.abc import Iterable, Mapping
from typing import Any

from caas_operator.core.model import External, Place
from caas_operator.core.ports import Inputs, Kind, Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.container.observe import external as container_external
from caas_operator.kinds.inference.observe import external as deployment_external
from caas_operator.kinds.registry import KINDS
from caas_operator.kinds.sandbox.mapping import external as sandbox_external

CONTAINER, DEPLOYMENT, SANDBOX = KINDS

MARKER = "0123456789"
PLACES = {
    CONTAINER.name: Place("1/76", "web"),
    DEPLOYMENT.name: Place("1", "llama"),
    SANDBOX.name: Place("", f"notebook-{MARKER}-1"),
}

Values = Mapping[str, Mapping[str, str]]


def inputs(values: Values) -> Inputs:
    """`{"Secret/name": {"key": "value"}}`."""
    by_object: dict[tuple[str, str], dict[str, Sealed]] = {}
    for path, data in values.items():
        kind, name = path.split("/")
        by_object[kind, name] = {key: Sealed(value) for key, value in data.items()}
    return Inputs(by_object)


def a_wanted(
    kind: Kind,
    spec: Mapping[str, Any],
    *,
    values: Values | None = None,
    applied: Iterable[str] = (),
    scope: str | None = None,
) -> Wanted:
    place = PLACES[kind.name]
    if scope is not None:
        place = Place(scope, place.name)
    return Wanted(kind.parse(spec), place, MARKER, inputs(values or {}), frozenset(applied))


def an_external(kind: Kind, wire: Mapping[str, Any]) -> External:
    scope = PLACES[kind.name].scope
    if kind is CONTAINER:
        return container_external(wire, scope)
    if kind is DEPLOYMENT:
        return deployment_external(wire, scope)
    return sandbox_external(wire)
