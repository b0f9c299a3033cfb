"""The list of sandboxes, page by page.

OpenAI: `after` is the id of the last row, until `has_more` is false [SDK]. A gateway: `after` is an opaque
cursor out of the page before, and an absent `has_more` means the end [BF]; a page may be empty and others
follow, when a provider key has no sandboxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caas_operator.cloud.call import Call
from caas_operator.cloud.errors import malformed
from caas_operator.cloud.transport import Malformed, Parse, Transport
from caas_operator.core.errors import NotFound, Rejected
from caas_operator.core.model import JsonObject

MARGIN_SECONDS = 60.0
"""`oldest` may be a time of our clock (of a create that is not confirmed): corrected by the cloud's, less this."""
_MAX_PAGES = 1000


@dataclass(frozen=True, slots=True)
class _Page:
    rows: Sequence[JsonObject]
    more: bool
    cursor: str


async def list_sandboxes(
    transport: Transport, call: Call, *, oldest: float | None, opaque_cursor: bool
) -> Sequence[JsonObject]:
    """All rows down to `oldest` (None: to the end), each id once.

    What a cursor names may be deleted between two pages, and what a cloud then answers is not known: an error, or
    nothing more. Then the list is read again, once. Behind a gateway the second answer counts, for there an empty
    page is also how a provider key without sandboxes ends the list.
    """
    parse = _gateway_page if opaque_cursor else _openai_page
    for last_try in (False, True):
        found: dict[str, JsonObject] = {}
        try:
            ended = await _read(transport, call, parse, found, oldest)
        except (NotFound, Rejected):
            if last_try or not found:  # on the first page it is the answer to the call itself
                raise
        else:
            if ended or (last_try and opaque_cursor):
                return tuple(found.values())
    raise malformed("GET", 200, "its pages end before they should")


async def _read(
    transport: Transport,
    call: Call,
    parse: Parse[_Page],
    found: dict[str, JsonObject],
    oldest: float | None,
) -> bool:
    """Fill `found`; False if the pages ended with an empty one although another was promised."""
    cursors = {""}
    page = await transport.call(call, parse)
    while True:
        found |= {row["id"]: row for row in page.rows}
        if not page.more or _reached(page, oldest, min(0.0, transport.clock_skew)):
            return bool(page.rows) or len(cursors) == 1
        if page.cursor in cursors or len(cursors) > _MAX_PAGES:
            raise malformed("GET", 200, "its pages do not come to an end")
        cursors.add(page.cursor)
        page = await transport.call(replace(call, params=(*call.params, ("after", page.cursor))), parse)


def _reached(page: _Page, oldest: float | None, skew: float) -> bool:
    created = page.rows[-1].get("created_at") if page.rows and oldest is not None else None
    return isinstance(created, int | float) and created < (oldest or 0.0) + skew - MARGIN_SECONDS


def _openai_page(body: Any) -> _Page:
    rows = _rows(body)
    return _Page(rows, bool(rows) and body.get("has_more") is True, rows[-1]["id"] if rows else "")


def _gateway_page(body: Any) -> _Page:
    rows = _rows(body)
    # Releases without a cursor of their own take the last id, as OpenAI does.
    cursor = body.get("after") or body.get("last_id") or (rows[-1]["id"] if rows else "")
    return _Page(rows, body.get("has_more") is True, cursor if isinstance(cursor, str) else "")


def _rows(body: Any) -> Sequence[JsonObject]:
    data = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(data, list):
        raise Malformed("it has no list of data")
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in data):
        raise Malformed("a row of its data has no id")
    return data
