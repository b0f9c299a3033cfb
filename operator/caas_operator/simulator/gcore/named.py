"""What the small synchronous resources share: they are known by their names, and listed by pages."""

from collections.abc import Iterable
from typing import Any

from caas_operator.simulator.gcore.errors import conflict, not_found, page
from caas_operator.simulator.wire import Call, Reply, reply_json

JSON = dict[str, Any]


def named(call: Call, known: dict[str, JSON], what: str) -> JSON:
    """The item that the path names; raises the 404."""
    found = known.get(call.params["name"])
    if found is None:
        raise not_found(what)
    return found


def created(known: dict[str, JSON], item: JSON, what: str) -> JSON:
    """The item, kept; raises the conflict when its name is taken."""
    if item["name"] in known:
        raise conflict(f"{what} {item['name']} already exists")
    known[item["name"]] = item
    return item


def listed(call: Call, items: Iterable[JSON], default: int = 1000) -> Reply:
    limit, offset = page(call, default, 1000)
    found = list(items)
    return reply_json({"count": len(found), "results": found[offset : offset + limit]})
