"""JSON Schema as pydantic emits it, turned into the structural schema that the API server takes.

Nothing is guessed: a keyword that is not known here is an error, so that no bound is lost on the way.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

KEPT = frozenset(
    {
        "description",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "required",
        "type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-validations",
    }
)
DROPPED = frozenset({"title", "discriminator", "$defs"})
NESTED = frozenset({"items", "additionalProperties"})
UNSAID = (("additionalProperties", False), ("default", None))
"""Unknown fields are pruned, and refused by kubectl; optional is not nullable."""

ORDER = ("description", "type", "format", "enum")


def structural_schema(model: type[BaseModel]) -> Schema:
    """The schema of a model's camelCase form. Raises ValueError for what a CRD cannot say."""
    emitted = model.model_json_schema(by_alias=True, mode="validation")
    return _structural(emitted, emitted.get("$defs", {}), model.__name__)


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Schema:
    flat = _flattened(node, definitions, path)
    schema: Schema = {}
    for keyword, value in flat.items():
        if keyword == "properties":
            children = {name: _structural(child, definitions, f"{path}.{name}") for name, child in value.items()}
            schema["properties"] = children
        elif keyword in NESTED and isinstance(value, Mapping):
            schema[keyword] = _structural(value, definitions, f"{path}[]")
        else:
            schema |= _said_by_a_crd(keyword, value, flat, path)
    if "type" not in schema:
        raise ValueError(f"{path}: no type")
    return {key: schema[key] for key in (*ORDER, *(key for key in schema if key not in ORDER)) if key in schema}


def _said_by_a_crd(keyword: str, value: Any, flat: Mapping[str, Any], path: str) -> Schema:
    if keyword in KEPT:
        return {keyword: value}
    if keyword in DROPPED or (keyword, value) in UNSAID:
        return {}
    if keyword == "const":
        return {"enum": [value]}
    if keyword in {"exclusiveMinimum", "exclusiveMaximum"}:
        return _inclusive(keyword, value, flat, path)
    raise ValueError(f"{path}: a CRD cannot say {keyword}: {value!r}")


def _flattened(node: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Schema:
    """Follow $ref, and take the one branch of `X | None`; what stands beside the reference wins over what it names."""
    outer = dict(node)
    branches = [branch for branch in outer.pop("anyOf", ()) if branch.get("type") != "null"]
    branches += outer.pop("allOf", ())
    if "$ref" in outer:
        branches.append({"$ref": outer.pop("$ref")})
    if not branches:
        return outer
    if len(branches) > 1:
        raise ValueError(f"{path}: a union must be one flat object with an enum `type` and rules")
    inner = dict(branches[0])
    name = inner.pop("$ref", "").removeprefix("#/$defs/")
    inner = {**definitions[name], **inner} if name else inner
    merged = {**_flattened(inner, definitions, path), **outer}
    rules = [*inner.get("x-kubernetes-validations", ()), *outer.get("x-kubernetes-validations", ())]
    return {**merged, "x-kubernetes-validations": rules} if rules else merged


def _inclusive(keyword: str, value: float, flat: Mapping[str, Any], path: str) -> Schema:
    """JSON Schema's numeric exclusive bound, as an inclusive one; only whole numbers have a neighbour."""
    if flat.get("type") != "integer":
        raise ValueError(f"{path}: {keyword} needs an integer")
    return {"minimum": int(value) + 1} if keyword == "exclusiveMinimum" else {"maximum": int(value) - 1}
