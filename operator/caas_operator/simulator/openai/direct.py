"""OpenAI's own API under /v1."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caas_operator.simulator.openai import containers, files
from caas_operator.simulator.openai.schemas import parse_create
from caas_operator.simulator.openai.state import DIRECT
from caas_operator.simulator.wire import (
    ApiError,
    Call,
    Handler,
    Reply,
    Route,
    dumps,
    name_in_path_or_body,
    reply_json,
)

JSON = dict[str, Any]
CONTAINERS = "/v1/containers"


def by_id(call: Call) -> tuple[str, ...]:
    """A sandbox is known by its id and by its name."""
    identifier = call.params["container_id"]
    sandbox = call.world.sandboxes.known.get(identifier)
    return (identifier, sandbox.name) if sandbox else (identifier,)


def envelope(call: Call, data: list[JSON], *, has_more: bool) -> JSON:
    """A list; ids of an empty page are not documented."""
    wire: JSON = {"object": "list", "data": data, "has_more": has_more}
    if data:
        wire |= {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
    elif call.world.switches.word("empty_page_ids") == "null":
        wire |= {"first_id": None, "last_id": None}
    return wire


Account = Callable[[Call], str]
Verb = Callable[[Call, str], Reply]


def create(call: Call, account: str) -> Reply:
    sandbox = containers.create(call, account, parse_create(call.world, call.raw))
    return reply_json(containers.container_json(call.world, sandbox))


def list_containers(call: Call, account: str) -> Reply:
    after, name = call.query.get("after"), call.query.get("name")
    items, more = containers.page(call, account, after=after, name=name)
    data = [containers.container_json(call.world, item) for item in items]
    return reply_json(envelope(call, data, has_more=more))


def get(call: Call, account: str) -> Reply:
    sandbox = containers.get(call.world, account, call.params["container_id"])
    return reply_json(containers.container_json(call.world, sandbox))


def delete(call: Call, account: str) -> Reply:
    identifier = call.params["container_id"]
    containers.delete(call.world, account, identifier)
    return reply_json({"id": identifier, "object": "container.deleted", "deleted": True})


def upload(call: Call, account: str) -> Reply:
    return reply_json(files.upload(call, account))


def list_files(call: Call, account: str) -> Reply:
    data, more = files.page(call, account, after=call.query.get("after"))
    return reply_json(envelope(call, data, has_more=more))


def get_file(call: Call, account: str) -> Reply:
    return reply_json(files.get(call, account))


def file_content(call: Call, account: str) -> Reply:
    return Reply(200, files.content(call, account), media_type="application/octet-stream")


def delete_file(call: Call, account: str) -> Reply:
    return reply_json(files.delete(call, account))


VERBS: tuple[tuple[str, str, str, Verb], ...] = (
    ("POST", "", "containers.create", create),
    ("GET", "", "containers.list", list_containers),
    ("GET", "/{container_id}", "containers.get", get),
    ("DELETE", "/{container_id}", "containers.delete", delete),
    ("POST", "/{container_id}/files", "files.create", upload),
    ("GET", "/{container_id}/files", "files.list", list_files),
    ("GET", "/{container_id}/files/{file_id}", "files.get", get_file),
    ("GET", "/{container_id}/files/{file_id}/content", "files.content", file_content),
    ("DELETE", "/{container_id}/files/{file_id}", "files.delete", delete_file),
)
"""method, tail of the path, operation, what it does in one account"""


def routes(prefix: str, cloud: str, account: Account) -> tuple[Route, ...]:
    """The whole API at a path, for the account that `account` finds for a request."""

    def of(verb: Verb) -> Handler:
        return lambda call: verb(call, account(call))

    return tuple(
        Route(method, prefix + tail, f"{cloud}.{operation}", of(verb), by_id if tail else name_in_path_or_body)
        for method, tail, operation, verb in VERBS
    )


ROUTES = routes(CONTAINERS, "openai", lambda _: DIRECT)

INJECTED = {
    400: ("invalid_request_error", "Invalid request.", None),
    401: ("invalid_request_error", "Incorrect API key provided.", "invalid_api_key"),
    403: ("invalid_request_error", "You have insufficient permissions for this operation.", None),
    404: ("invalid_request_error", "Not found.", None),
    409: ("conflict_error", "The request conflicts with another.", None),
    422: ("invalid_request_error", "Unprocessable.", None),
    429: ("requests", "Rate limit reached.", "rate_limit_exceeded"),
    503: ("server_error", "The server is overloaded.", None),
}


def injected(status: int) -> ApiError:
    kind, message, code = INJECTED.get(status, ("server_error", "The server had an error.", None))
    return ApiError(status, kind, message, param=None, code=code)


def error_body(error: ApiError) -> JSON:
    """`{message, type, param, code}`; a refusal that another layer made has no param and code."""
    return {
        "message": error.message,
        "type": error.kind if "code" in error.extra else "invalid_request_error",
        "param": error.extra.get("param"),
        "code": error.extra.get("code"),
    }


@dataclass(frozen=True)
class OpenAICloud:
    name: str = "openai"
    routes: tuple[Route, ...] = ROUTES

    def authorize(self, call: Call) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() not in call.world.keys["openai"]:
            raise injected(401)

    def error_reply(self, _: Call, error: ApiError) -> Reply:
        return Reply(error.status, dumps({"error": error_body(error)}))

    def injected(self, status: int) -> ApiError:
        return injected(status)
