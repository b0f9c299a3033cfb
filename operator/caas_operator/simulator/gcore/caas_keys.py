"""Keys that callers of a container would show, by project and region. The feature itself is off [S1, SPEC].

The create body, the replies and the key's own name rule are the specification's; that a container named here need
not exist, and what the status words are besides the documented Expired, is ours.
"""

from typing import Any

from pydantic import Field

from caas_operator.simulator.clock import parse_timestamp
from caas_operator.simulator.gcore.errors import read_body
from caas_operator.simulator.gcore.named import created, listed, named
from caas_operator.simulator.gcore.schemas import Moment, Schema
from caas_operator.simulator.gcore.scopes import place_of
from caas_operator.simulator.wire import NO_CONTENT, Call, Reply, reply_json

JSON = dict[str, Any]


class NamespacedName(Schema):
    name: str
    namespace: str


class Create(Schema):
    name: str = Field(pattern=r"\A[a-z][-a-z0-9]{0,62}[a-z0-9]\Z")
    containers: list[NamespacedName]
    description: str = ""
    expire: Moment | None = None
    is_disabled: bool = False


class Update(Schema):
    containers: list[NamespacedName] | None = None
    description: str | None = None
    expire: Moment | None = None
    is_disabled: bool | None = None


def _keys(call: Call) -> dict[str, JSON]:
    return call.world.gcore.caas_keys.setdefault(place_of(call), {})


def _shown(call: Call, item: JSON) -> JSON:
    expired = item["expire"] is not None and parse_timestamp(item["expire"]) <= call.world.now()
    usable = "Disabled" if item["is_disabled"] else "Active"
    return item | {"status": "Expired" if expired else usable}


def list_keys(call: Call) -> Reply:
    return listed(call, [_shown(call, item) for item in _keys(call).values()])


def create_key(call: Call) -> Reply:
    """The secret is in this reply only."""
    known = _keys(call)
    item = read_body(call, Create).model_dump() | {
        "created_at": call.world.stamp(call.world.now()),
        "source": "cloud",
    }
    item = created(known, item, "Key")
    return reply_json(_shown(call, item) | {"secret": f"simulated-{call.world.hex(32)}"})


def get_key(call: Call) -> Reply:
    return reply_json(_shown(call, named(call, _keys(call), "key")))


def update_key(call: Call) -> Reply:
    item = named(call, _keys(call), "key")
    item |= read_body(call, Update).model_dump(exclude_none=True)
    return reply_json(_shown(call, item))


def delete_key(call: Call) -> Reply:
    known = _keys(call)
    del known[named(call, known, "key")["name"]]
    return NO_CONTENT
