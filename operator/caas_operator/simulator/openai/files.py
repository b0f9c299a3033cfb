"""Files of a sandbox. Every call counts as activity: adding and deleting by the guide, reading by our choice."""

from typing import Any

from starlette.datastructures import UploadFile

from caas_operator.simulator.openai.containers import find, limit_and_order, live, touch
from caas_operator.simulator.openai.schemas import bad_request
from caas_operator.simulator.openai.state import File, Sandbox
from caas_operator.simulator.wire import ApiError, Call
from caas_operator.simulator.world import World

JSON = dict[str, Any]
FOLDER = "/mnt/data/"


def _open(call: Call, account: str) -> Sandbox:
    sandbox = find(call.world, account, call.params["container_id"])
    live(call.world, sandbox)
    touch(call.world, sandbox)
    return sandbox


def _file(sandbox: Sandbox, identifier: str) -> File:
    found = sandbox.files.get(identifier)
    if found is None:
        raise ApiError(404, "invalid_request_error", "File not found.", param=None, code=None)
    return found


def file_json(sandbox: Sandbox, item: File) -> JSON:
    return {
        "id": item.id,
        "object": "container.file",
        "container_id": sandbox.id,
        "created_at": item.created_at,
        "bytes": len(item.content),
        "path": item.path,
        "source": item.source,
    }


def upload(call: Call, account: str, *, filename: str | None = None, multipart_only: bool = False) -> JSON:
    """F1: a multipart part `file`, or JSON (or a form field) `file_id`; `filename` overrides the part's own."""
    sandbox = _open(call, account)
    part = call.form.get("file") if call.form is not None else None
    if isinstance(part, UploadFile):
        name = filename or part.filename or "file"
        return file_json(sandbox, put_file(call.world, sandbox, name, part.file.read()))
    field = call.form.get("file_id") if call.form is not None else (call.json_object() or {}).get("file_id")
    if multipart_only or not isinstance(field, str) or not field:
        raise bad_request("Missing required parameter: 'file'.", "file", "missing_required_parameter")
    return file_json(sandbox, put_file(call.world, sandbox, field, b""))


def put_file(world: World, sandbox: Sandbox, name: str, content: bytes) -> File:
    prefix = f"{world.hex(12)}-" if world.switches.word("file_path_prefix") == "prefixed" else ""
    item = File(
        f"cfile_{world.hex(32)}",
        world.sandboxes.take_seq(),
        int(world.now()),
        f"{FOLDER}{prefix}{name.removeprefix(FOLDER)}",
        content,
    )
    sandbox.files[item.id] = item
    return item


def page(call: Call, account: str, *, after: str | None) -> tuple[list[JSON], bool]:
    sandbox = _open(call, account)
    limit, order = limit_and_order(call)
    items = sorted(sandbox.files.values(), key=lambda item: item.seq, reverse=order == "desc")
    if after:
        position = items.index(_file(sandbox, after))
        items = items[position + 1 :]
    return [file_json(sandbox, item) for item in items[:limit]], len(items) > limit


def get(call: Call, account: str) -> JSON:
    sandbox = _open(call, account)
    return file_json(sandbox, _file(sandbox, call.params["file_id"]))


def content(call: Call, account: str) -> bytes:
    return _file(_open(call, account), call.params["file_id"]).content


def delete(call: Call, account: str) -> JSON:
    sandbox = _open(call, account)
    item = _file(sandbox, call.params["file_id"])
    del sandbox.files[item.id]
    return {"id": item.id, "object": "container.file.deleted", "deleted": True}
