"""OpenAI's own API under /v1."""

from dataclasses import dataclass
from typing import Any

from caas_operator.simulator.openai import containers, files
from caas_operator.simulator.openai.schemas import parse_create
from caas_operator.simulator.openai.state import DIRECT
from caas_operator.simulator.wire import ApiError, Call, Reply, Route, dumps, reply_json

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


def create(call: Call) -> Reply:
    sandbox = containers.create(call, DIRECT, parse_create(call.world, call.raw))
    return reply_json(containers.container_json(call.world, sandbox))


def list_containers(call: Call) -> Reply:
    after, name = call.query.get("after"), call.query.get("name")
    items, more = containers.page(call, DIRECT, after=after, name=name)
    data = [containers.container_json(call.world, item) for item in items]
    return reply_json(envelope(call, data, has_more=more))


def get(call: Call) -> Reply:
    sandbox = containers.get(call.world, DIRECT, call.params["container_id"])
    return reply_json(containers.container_json(call.world, sandbox))


def delete(call: Call) -> Reply:
    identifier = call.params["container_id"]
    containers.delete(call.world, DIRECT, identifier)
    return reply_json({"id": identifier, "object": "container.deleted", "deleted": True})


def list_files(call: Call) -> Reply:
    data, more = files.page(call, DIRECT, after=call.query.get("after"))
    return reply_json(envelope(call, data, has_more=more))


def file_content(call: Call) -> Reply:
    return Reply(200, files.content(call, DIRECT), media_type="application/octet-stream")


FILES = CONTAINERS + "/{container_id}/files"
ROUTES = (
    Route("POST", CONTAINERS, "openai.containers.create", create),
    Route("GET", CONTAINERS, "openai.containers.list", list_containers),
    Route("GET", CONTAINERS + "/{container_id}", "openai.containers.get", get, by_id),
    Route("DELETE", CONTAINERS + "/{container_id}", "openai.containers.delete", delete, by_id),
    Route("POST", FILES, "openai.files.create", lambda call: reply_json(files.upload(call, DIRECT)), by_id),
    Route("GET", FILES, "openai.files.list", list_files, by_id),
    Route("GET", FILES + "/{file_id}", "openai.files.get", lambda call: reply_json(files.get(call, DIRECT)), by_id),
    Route("GET", FILES + "/{file_id}/content", "openai.files.content", file_content, by_id),
    Route(
        "DELETE",
        FILES + "/{file_id}",
        "openai.files.delete",
        lambda call: reply_json(files.delete(call, DIRECT)),
        by_id,
    ),
)

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
