"""What request bodies of all clouds need beside pydantic's own types."""

from typing import Annotated, TypeVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

Value = TypeVar("Value")


def _not_null(value: object) -> object:
    if value is None:
        raise PydanticCustomError("null", "Input should not be null")
    return value


Omissible = Annotated[Value | None, BeforeValidator(_not_null)]
"""may be left out, but is not nullable"""
