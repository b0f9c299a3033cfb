"""Sandboxes: life, activity, expiry, listing. Both the direct API and the gateway stand on this."""

from itertools import islice
from typing import Any

from caas_operator.simulator.openai.schemas import bad_request, missing_container
from caas_operator.simulator.openai.state import Sandbox
from caas_operator.simulator.wire import ApiError, Call
from caas_operator.simulator.world import World

JSON = dict[str, Any]
DEFAULT_MINUTES = 20


def create(call: Call, account: str, body: JSON) -> Sandbox:
    """A new running sandbox; names are never compared with anything."""
    world, now = call.world, call.world.now()
    expires = body.get("expires_after") or {}
    sandbox = Sandbox(
        id=f"cntr_{world.hex(48)}",
        seq=world.sandboxes.take_seq(),
        account=account,
        name=body["name"],
        created_at=int(now),
        last_active_at=now,
        minutes=expires.get("minutes", DEFAULT_MINUTES),
        memory_limit=body.get("memory_limit", "1g"),
        body=body,
        listed_from=now + world.switches.number("create_appear_seconds"),
    )
    sandbox.shown_as.update(call.plan.set)
    world.sandboxes.add(sandbox)
    world.journal.counters.created[call.operation.partition(".")[0]] += 1
    return sandbox


def is_expired(world: World, sandbox: Sandbox) -> bool:
    """Decided on reading, and for good: an expired sandbox never lives again [G-CI]."""
    if not sandbox.expired and world.now() > sandbox.last_active_at + 60 * sandbox.minutes:
        sandbox.expired = True
    return sandbox.expired


def touch(world: World, sandbox: Sandbox) -> None:
    """An operation that counts as activity."""
    if not sandbox.deleted and not is_expired(world, sandbox):
        sandbox.last_active_at = world.now()
        world.journal.counters.activity[sandbox.id] += 1


def find(world: World, account: str, identifier: str) -> Sandbox:
    """A sandbox of the account that is not deleted; raises the 404."""
    sandbox = world.sandboxes.known.get(identifier)
    if sandbox is None or sandbox.account != account or sandbox.deleted:
        raise missing_container(identifier)
    return sandbox


def get(world: World, account: str, identifier: str) -> Sandbox:
    sandbox = world.sandboxes.known.get(identifier)
    if sandbox is None or sandbox.account != account:
        raise missing_container(identifier)
    if sandbox.deleted and world.switches.word("deleted_get") == "not_found":
        raise missing_container(identifier)
    if is_expired(world, sandbox) and world.switches.word("expired_get") == "not_found":
        raise missing_container(identifier)
    touch(world, sandbox)
    return sandbox


def delete(world: World, account: str, identifier: str) -> None:
    sandbox = world.sandboxes.known.get(identifier)
    if sandbox is None or sandbox.account != account:
        raise missing_container(identifier)
    if sandbox.deleted:
        if world.switches.word("deleted_delete") == "ok":
            return
        raise missing_container(identifier)
    if is_expired(world, sandbox) and world.switches.word("expired_delete") == "not_found":
        raise missing_container(identifier)
    discard(world, sandbox)


def discard(world: World, sandbox: Sandbox) -> None:
    """Delete it; LIST may go on showing it for a while (obs)."""
    sandbox.deleted = True
    lag = world.switches.number("delete_list_lag_seconds")
    if lag > 0:
        world.agenda.at(world.now() + lag, lambda _: world.sandboxes.unlist(sandbox))
    else:
        world.sandboxes.unlist(sandbox)


def page(call: Call, account: str, *, after: str | None, name: str | None) -> tuple[list[Sandbox], bool]:
    """One page by the query's `limit` and `order`, and whether there is more."""
    world, now = call.world, call.world.now()
    limit, order = limit_and_order(call)
    start = None
    if after:
        last = world.sandboxes.known.get(after)
        if last is None or last.account != account:
            if world.switches.word("unknown_after") == "empty":
                return [], False
            raise missing_container(after)
        start = last.rank
    items = world.sandboxes.after(account, start, newest_first=order == "desc")
    rule = world.switches.word("name_filter")
    matching = (
        item
        for item in items
        if item.listed_from <= now and (not name or rule == "ignored" or _named(item.name, name, rule))
    )
    found = list(islice(matching, limit + 1))
    if world.switches.word("list_refreshes") == "yes":
        for item in found[:limit]:
            touch(world, item)
    return found[:limit], len(found) > limit


def _named(name: str, wanted: str, rule: str) -> bool:
    return name == wanted if rule == "exact" else wanted in name


def limit_and_order(call: Call) -> tuple[int, str]:
    try:
        limit = call.integer("limit", 20, 1, 100)
    except ValueError as error:
        raise bad_request(f"Invalid 'limit': {error}.", "limit", "invalid_value") from None
    order = call.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise bad_request("Invalid 'order': expected 'asc' or 'desc'.", "order", "invalid_value")
    return limit, order


def status_of(world: World, sandbox: Sandbox) -> str:
    if sandbox.deleted:
        return "deleted"
    if is_expired(world, sandbox):
        return "expired"
    return world.switches.word("running_word")


def container_json(world: World, sandbox: Sandbox) -> JSON:
    """The container object; files, skills and secrets are never echoed [SPEC]."""
    body = sandbox.body
    wire: JSON = {
        "id": sandbox.id,
        "object": "container",
        "created_at": sandbox.created_at,
        "name": sandbox.name,
        "status": status_of(world, sandbox),
        "last_active_at": int(sandbox.last_active_at),
    }
    echo = world.switches.word("defaults_echoed") == "yes"
    if echo or "expires_after" in body:
        wire["expires_after"] = {"anchor": "last_active_at", "minutes": sandbox.minutes}
    if echo or "memory_limit" in body:
        wire["memory_limit"] = sandbox.memory_limit
    if policy := body.get("network_policy"):
        wire["network_policy"] = {k: v for k, v in policy.items() if k != "domain_secrets"}
    elif (unset := world.switches.word("network_policy_unset_echo")) != "absent":
        wire["network_policy"] = {"type": "disabled"} if unset == "disabled" else None
    return wire | sandbox.shown_as


def live(world: World, sandbox: Sandbox) -> None:
    """Refuse a file call on an expired sandbox (obs: 400, others report 404)."""
    if not is_expired(world, sandbox):
        return
    if world.switches.word("expired_file_call") == "not_found":
        raise missing_container(sandbox.id)
    raise ApiError(400, "invalid_request_error", "Container is expired.", param=None, code=None)
