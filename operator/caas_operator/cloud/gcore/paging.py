"""Whole lists out of pages that shift while they are read.

Gcore pages by offset. When something is deleted between two pages, all that follows moves up, and what was
first on the next page is never seen: a live container would look as if it were gone. So each page repeats the
end of the one before; as long as a page shows a row of its predecessor nothing between them was missed. Where
it does not, or where fewer rows came than the cloud counts, the list is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caas_operator.cloud.call import Call
from caas_operator.cloud.gcore.answers import rows, total
from caas_operator.cloud.transport import Transport
from caas_operator.core.errors import Unavailable
from caas_operator.core.model import JsonObject

PAGE_SIZE = 1000
OVERLAP = 100
_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[JsonObject]
    count: int | None


async def list_all(transport: Transport, call: Call, key: str = "name", limit: int = PAGE_SIZE) -> Sequence[JsonObject]:
    """All rows of a list, each `key` once, in the cloud's order. Raises Unavailable if the list does not hold still."""
    for _ in range(_TRIES):
        found = await _read(transport, call, key, limit)
        if found is not None:
            return found
    raise Unavailable(f"{call.operation}: the list changes faster than it can be read")


async def _read(transport: Transport, call: Call, key: str, limit: int) -> Sequence[JsonObject] | None:
    """One way through the pages; None if rows may have been missed."""
    found: dict[object, JsonObject] = {}
    least: int | None = None
    offset = 0
    while True:
        page = await transport.call(replace(call, params=(*call.params, ("limit", limit), ("offset", offset))), _page)
        fresh = {row.get(key): row for row in page.rows}
        if offset and fresh and fresh.keys().isdisjoint(found):
            return None
        found |= fresh
        if page.count is not None:
            least = page.count if least is None else min(least, page.count)
        end = offset + len(page.rows)
        if not page.rows or (end >= page.count if page.count is not None else len(page.rows) < limit):
            break
        offset = max(offset + 1, end - min(OVERLAP, len(page.rows) // 2))
    return tuple(found.values()) if least is None or len(found) >= least else None


def _page(body: object) -> _Page:
    return _Page(rows(body), total(body))
