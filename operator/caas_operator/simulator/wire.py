"""What every cloud here speaks: a parsed request, a reply, an error, a route."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, Headers, QueryParams
from starlette.routing import compile_path

from caas_operator.simulator.faults import Plan

if TYPE_CHECKING:
    from caas_operator.simulator.world import World

JSON = dict[str, Any]


def whole(text: str) -> int:
    """An integer of a query. Raises ValueError, with a text for the client."""
    if not re.fullmatch(r"[-+]?\d{1,4000}", text):
        raise ValueError("Input should be a valid integer")
    return int(text)


@dataclass(slots=True)
class Call:
    """One request as a handler sees it; `plan` is what fault rules do to it."""

    world: "World"
    operation: str
    method: str
    path: str
    params: dict[str, str]
    query: QueryParams
    headers: Headers
    raw: bytes
    request_id: str
    form: FormData | None = None
    plan: Plan = field(default_factory=Plan)

    def json_object(self) -> JSON | None:
        """The body as a JSON object, None if it is anything else."""
        try:
            parsed = loads(self.raw)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    def integer(self, name: str, default: int, low: int, high: int | None = None) -> int:
        """A query parameter. Raises ValueError, with a text for the client, outside of the bounds."""
        text = self.query.get(name)
        if text is None:
            return default
        value = whole(text)
        if value < low:
            raise ValueError(f"Input should be greater than or equal to {low}")
        if high is not None and value > high:
            raise ValueError(f"Input should be less than or equal to {high}")
        return value

    def truth(self, name: str) -> bool | None:
        """A query parameter that is true or false. Raises ValueError, with a text for the client."""
        text = self.query.get(name)
        if text is not None and text.lower() not in ("true", "false"):
            raise ValueError("Input should be a valid boolean")
        return None if text is None else text.lower() == "true"


@dataclass(slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


class ApiError(Exception):
    """A refusal; each cloud renders it in its own envelope.

    `kind` is Gcore's exception_class, OpenAI's error type or the gateway's governance type. `extra` holds the
    members only one of them has: info and invalid_fields, or param and code.
    """

    def __init__(self, status: int, kind: str, message: str, **extra: object) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.extra = extra
        self.headers: dict[str, str] = {}


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def loads(raw: bytes) -> Any:
    """Parsed JSON, in which 20.0 is the integer 20, as JSON Schema has it. Raises ValueError for anything else."""
    try:
        return json.loads(raw, parse_float=_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def reply_json(value: object, status: int = 200) -> Reply:
    return Reply(status, dumps(value))


NO_CONTENT = Reply(204)

Handler = Callable[[Call], Reply]
Names = Callable[[Call], tuple[str, ...]]


def name_in_path_or_body(call: Call) -> tuple[str, ...]:
    """The resource a request is about, by what the request itself says."""
    if "name" in call.params:
        return (call.params["name"],)
    if call.method == "POST" and call.raw.startswith(b"{"):
        name = (call.json_object() or {}).get("name")
        return (name,) if isinstance(name, str) else ()
    return ()


@dataclass(frozen=True)
class Route:
    """`path` as Starlette writes it; `operation` is the name that journal, counters and fault rules use."""

    method: str
    path: str
    operation: str
    handler: Handler
    names: Names = name_in_path_or_body


class Routes:
    """Finds the route of a request. Where several paths match, the one with the fewest parameters counts."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        known: dict[str, dict[str, Route]] = {}
        for route in routes:
            known.setdefault(route.path, {})[route.method] = route
        paths = sorted(known, key=lambda path: path.count("{"))
        self._patterns = [(compile_path(path)[0], known[path]) for path in paths]

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """The routes at this path by method, none if it is unknown, and the path's parameters."""
        for pattern, by_method in self._patterns:
            if found := pattern.match(path):
                return by_method, found.groupdict()
        return {}, {}
