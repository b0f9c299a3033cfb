"""From `.spec` as stored to a kind's own model, or to InvalidSpec. No value of the input is ever repeated."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from caas_operator.core.errors import InvalidSpec
from caas_operator.kinds.fields.model import SpecModel

S = TypeVar("S", bound=SpecModel)


def parse_spec(model: type[S], raw: Mapping[str, Any]) -> S:
    """Raises InvalidSpec with the first violation's field; the others follow in the rule's text."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        (field, rule), *others = _violations(error)
        raise InvalidSpec(field, "; ".join([rule, *(f"{at}: {broken}" for at, broken in others)])) from None


def _violations(error: ValidationError) -> Iterator[tuple[str, str]]:
    for item in error.errors(include_url=False, include_input=False):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in item["loc"])
        yield f"spec{path}{item.get('ctx', {}).get('path', '')}", item["msg"]
