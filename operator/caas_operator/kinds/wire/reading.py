"""Reading what a cloud answers: of a LIST every row, or none of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from caas_operator.core.errors import Unavailable
from caas_operator.core.model import External

MALFORMED = "malformed"
_NOT_UNDERSTOOD = (AttributeError, KeyError, TypeError, ValueError)


def externals(rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], External]) -> list[External]:
    """Raises Unavailable for a row that is not understood: without it, something would count as absent."""
    try:
        return [read(row) for row in rows]
    except _NOT_UNDERSTOOD:
        # Without the cause: it quotes what was read.
        raise Unavailable("a row of the cloud's list is not understood", code=MALFORMED) from None


def readable(wire: Mapping[str, Any], read: Callable[[Mapping[str, Any]], External]) -> External | None:
    """What a mutation answered, or None: what was done must not fail over how it was told."""
    try:
        return read(wire)
    except _NOT_UNDERSTOOD:
        return None
