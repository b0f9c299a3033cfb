"""A Bifrost-style gateway: surface A in OpenAI's form under /openai, surface B its own under /v1."""

from collections.abc import Callable
from typing import Any, TypeVar

from caas_operator.simulator.openai import containers, files
from caas_operator.simulator.openai.gateway_wire import (
    AZURE_OPERATIONS,
    PROVIDERS,
    Target,
    compact,
    cursor,
    extra_fields,
    read_cursor,
    refused,
)
from caas_operator.simulator.openai.schemas import bad_request, parse_create
from caas_operator.simulator.openai.state import Sandbox
from caas_operator.simulator.wire import ApiError, Call, Reply, dumps, reply_json

JSON = dict[str, Any]
Found = TypeVar("Found")
CREATE_FIELDS = ("name", "expires_after", "file_ids", "memory_limit", "metadata")
"""what a create body is read into, empty members as absent ones; surface A drops all others without a word"""


def target(call: Call) -> Target:
    """Surface, provider and keys of a request; raises what the gateway refuses by itself."""
    surface = "a" if call.path.startswith("/openai") else "b"
    provider = _provider(call)
    if not provider:
        if surface == "b":
            raise refused("provider is required")
        provider = "openai"
    if provider not in PROVIDERS:
        raise refused(f"unknown provider: {provider}")
    allowed = provider == "openai" or (provider == "azure" and _azure(call))
    if not allowed:
        raise refused(f"{call.operation} is not supported by {provider} provider", "unsupported_operation")
    return Target(surface, provider, provider_keys(call, provider))


def _provider(call: Call) -> str:
    if call.operation == "gateway.containers.create":
        given = (call.json_object() or {}).get("provider", "")
        return given if isinstance(given, str) else str(given)
    if call.form is not None and isinstance(field := call.form.get("provider"), str):
        return field
    return call.query.get("provider", "")


def _azure(call: Call) -> bool:
    listed = call.operation == "gateway.containers.list"
    return call.operation in AZURE_OPERATIONS or (listed and call.world.switches.word("azure_list") == "allowed")


def provider_keys(call: Call, provider: str) -> tuple[str, ...]:
    """All keys of the provider, or the one that a header pins by name or id."""
    keys = tuple(call.world.keys["gateway_provider"]) if provider == "openai" else ("azure-key",)
    pinned = call.headers.get("x-bf-api-key") or call.headers.get("x-bf-api-key-id")
    if pinned is None:
        return keys
    if pinned not in keys:
        raise refused(f"no key {pinned} for provider {provider}")
    return (pinned,)


def passed_through(call: Call) -> str:
    """The account that /openai_passthrough reaches: the pinned key's, else the first one's (SIM)."""
    if call.world.switches.word("passthrough") == "model_blocked":
        raise ApiError(403, "model_blocked", "The virtual key gives no access to a model.", governance=True)
    return Target("a", "openai", provider_keys(call, "openai")[:1]).accounts()[0]


def _any_key(goal: Target, attempt: Callable[[str], Found]) -> Found:
    """Try every key in turn and raise the last error."""
    error: ApiError | None = None
    for account in goal.accounts():
        try:
            return attempt(account)
        except ApiError as refusal:
            error = refusal
    raise error or refused("no keys found for provider")


def _sandbox(call: Call, goal: Target, sandbox: Sandbox, sent: object) -> Reply:
    raw = containers.container_json(call.world, sandbox)
    shown = {name: value for name, value in raw.items() if name != "network_policy"}
    if call.world.switches.word("gateway_metadata") == "echoed" and sandbox.body.get("metadata"):
        shown["metadata"] = sandbox.body["metadata"]
    shown = compact(shown, "memory_limit", "expires_after", "last_active_at", "status", "metadata")
    return reply_json(shown | {"extra_fields": extra_fields(call, goal.provider, sent, raw)})


def create(call: Call) -> Reply:
    goal = target(call)
    body = call.json_object() or {}
    if not body.get("name"):
        raise refused("name is required")
    dropped = ("provider", *(name for name in CREATE_FIELDS if body.get(name, "") in (None, "")))
    kept = CREATE_FIELDS if goal.surface == "a" else tuple(body)
    body = {name: body[name] for name in kept if name in body and name not in dropped}
    metadata = body.get("metadata")
    if metadata is not None and not _texts(metadata):
        raise refused("metadata must be a map of strings")
    if metadata and call.world.switches.word("gateway_metadata") == "rejected":
        raise bad_request("Unknown parameter: 'metadata'.", "metadata", "unknown_parameter")
    upstream = parse_create(call.world, dumps({k: v for k, v in body.items() if k != "metadata"}))
    if metadata:
        upstream["metadata"] = metadata
    key = call.world.random.choice(goal.keys)
    return _sandbox(call, goal, containers.create(call, goal.account(key), upstream), body)


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def list_containers(call: Call) -> Reply:
    """`name` is not passed on; pages run key by key, and has_more may mean the next key."""
    goal = target(call)
    index, native = read_cursor(call, goal)
    account = goal.account(goal.keys[index])
    items, more = containers.page(call, account, after=native or None, name=None)
    raw = [containers.container_json(call.world, item) for item in items]
    data = [
        compact(
            {name: value for name, value in item.items() if name != "network_policy"},
            "memory_limit",
            "expires_after",
            "last_active_at",
            "status",
        )
        for item in raw
    ]
    following = ""
    if more:
        following = cursor(index, items[-1].id)
    elif index + 1 < len(goal.keys):
        following = cursor(index + 1, "")
    return _page(call, goal, data, raw, following)


def _page(call: Call, goal: Target, data: list[JSON], raw: list[JSON], following: str) -> Reply:
    wire: JSON = {
        "object": "list",
        "data": data,
        "has_more": bool(following),
        "first_id": data[0]["id"] if data else "",
        "last_id": data[-1]["id"] if data else "",
        "after": following,
        "extra_fields": extra_fields(call, goal.provider, None, {"object": "list", "data": raw}),
    }
    return reply_json(compact(wire, "has_more", "first_id", "last_id", "after"))


def get(call: Call) -> Reply:
    goal, identifier = target(call), call.params["container_id"]
    found = _any_key(goal, lambda account: containers.get(call.world, account, identifier))
    return _sandbox(call, goal, found, None)


def delete(call: Call) -> Reply:
    goal, identifier = target(call), call.params["container_id"]
    _any_key(goal, lambda account: containers.delete(call.world, account, identifier))
    wire = {"id": identifier, "object": "container.deleted", "deleted": True}
    return reply_json(wire | {"extra_fields": extra_fields(call, goal.provider, None, wire)})


def upload(call: Call) -> Reply:
    """Multipart only, to one key of a weighted choice; the file's name becomes `file`."""
    goal = target(call)
    account = goal.account(call.world.random.choice(goal.keys))
    wire = files.upload(call, account, filename="file", multipart_only=True)
    return reply_json(wire | {"extra_fields": extra_fields(call, goal.provider, None, wire)})


def list_files(call: Call) -> Reply:
    goal = target(call)
    _, native = read_cursor(call, goal)
    data, more = _any_key(goal, lambda account: files.page(call, account, after=native or None))
    return _page(call, goal, data, data, cursor(0, data[-1]["id"]) if more else "")


def get_file(call: Call) -> Reply:
    goal = target(call)
    wire = _any_key(goal, lambda account: files.get(call, account))
    return reply_json(wire | {"extra_fields": extra_fields(call, goal.provider, None, wire)})


def file_content(call: Call) -> Reply:
    found = _any_key(target(call), lambda account: files.content(call, account))
    return Reply(200, found, media_type="application/octet-stream")


def delete_file(call: Call) -> Reply:
    goal = target(call)
    wire = _any_key(goal, lambda account: files.delete(call, account))
    return reply_json(wire | {"extra_fields": extra_fields(call, goal.provider, None, wire)})
