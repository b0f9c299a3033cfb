"""From `.spec` as stored to a kind's own model, or to InvalidSpec. No value of the input is ever repeated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from caas_operator.core.errors import InvalidSpec
from caas_operator.kinds.fields.model import SpecModel

S = TypeVar("S", bound=SpecModel)

NOT_YET = "is not supported yet"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A field that the schema has and the operator cannot serve yet; an object that uses it is told so."""

    field: str
    used: Callable[[Any], bool]


def is_set(attribute: str) -> Callable[[Any], bool]:
    return lambda spec: getattr(spec, attribute) is not None


def equals(attribute: str, value: object) -> Callable[[Any], bool]:
    return lambda spec: bool(getattr(spec, attribute) == value)


def parse_spec(model: type[S], raw: Mapping[str, Any], unsupported: Sequence[Unsupported]) -> S:
    """Raises InvalidSpec with the first violation's field; the others follow in the rule's text."""
    try:
        spec = model.model_validate(raw)
    except ValidationError as error:
        (field, rule), *others = _violations(error)
        raise InvalidSpec(field, "; ".join([rule, *(f"{at}: {broken}" for at, broken in others)])) from None
    for item in unsupported:
        if item.used(spec):
            raise InvalidSpec(f"spec.{item.field}", NOT_YET)
    return spec


def _violations(error: ValidationError) -> Iterator[tuple[str, str]]:
    for item in error.errors(include_url=False, include_input=False):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in item["loc"])
        yield f"spec{path}{item.get('ctx', {}).get('path', '')}", item["msg"]
