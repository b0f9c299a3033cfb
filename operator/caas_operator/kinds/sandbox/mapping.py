"""SandboxContainer: spec to the body of POST, what differs, and what a response means. Pure. Source: [SPEC, SDK].

There is no call that changes a sandbox, so there is no body of an update.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from caas_operator.core.conditions import format_time
from caas_operator.core.errors import ImmutableField, InvalidSpec
from caas_operator.core.lifespan import Lifespan
from caas_operator.core.model import External, Health, JsonObject
from caas_operator.core.ports import Wanted
from caas_operator.kinds.sandbox import contents
from caas_operator.kinds.sandbox.parts import NetworkPolicy
from caas_operator.kinds.sandbox.spec import NOT_THROUGH_A_GATEWAY, SandboxContainerSpec
from caas_operator.kinds.wire.tree import pruned, set_paths

OPTIONAL = ("expires_after", "file_ids", "memory_limit", "network_policy", "skills", "metadata")

EXPIRES_AFTER_MINUTES = 20
MEMORY_LIMIT = "1g"
NO_NETWORK = "disabled"

HEALTH = {
    "running": Health.SERVING,
    "active": Health.SERVING,
    "expired": Health.EXPIRED,
    "deleted": Health.EXPIRED,
}
"""By status: an open string. Any other word says nothing, and nothing is done about it."""

_NUMBERED = re.compile(r"(?s).*-(?P<marker>[0-9a-f]+)-(?P<number>[1-9][0-9]*)")


def applied(spec: SandboxContainerSpec) -> tuple[str, ...]:
    return tuple(path for path in set_paths(spec, OPTIONAL) if "." not in path)


def furnished(spec: SandboxContainerSpec) -> tuple[str, ...]:
    return ("files",) if spec.files else ()


def refuse_for_account(spec: SandboxContainerSpec, provider: str) -> None:
    """Raise InvalidSpec for fields that the account cannot serve. `provider`: a gateway's, or empty for OpenAI itself.

    A gateway drops network policy and skills without a word, and the names of files.
    """
    if not provider:
        for attribute in ("provider", "metadata"):
            if getattr(spec, attribute) is not None:
                raise InvalidSpec(f"spec.{attribute}", "needs the account of a gateway")
        return
    for attribute, field in zip(NOT_THROUGH_A_GATEWAY, ("networkPolicy", "skills", "files"), strict=True):
        if getattr(spec, attribute) is not None:
            raise InvalidSpec(f"spec.{field}", "a gateway drops it: use an account of OpenAI itself")


def create_body(wanted: Wanted) -> JsonObject:
    """The body of POST, without `provider`. Raises InvalidSpec."""
    spec: SandboxContainerSpec = wanted.spec
    refuse_for_account(spec, wanted.place.scope)
    body = {
        "name": wanted.place.name,
        "expires_after": spec.expires_after and {"anchor": "last_active_at", "minutes": spec.expires_after.minutes},
        "file_ids": spec.file_ids,
        "memory_limit": spec.memory_limit,
        "network_policy": spec.network_policy and contents.network_policy(spec.network_policy, wanted.inputs),
        "skills": None if spec.skills is None else [contents.skill(one, wanted.inputs) for one in spec.skills],
        "metadata": spec.metadata,
    }
    sent: JsonObject = pruned(body)
    return sent


def drift(wanted: Wanted, found: External) -> tuple[str, ...]:
    """What differs, of all that a response repeats: file ids, skills and secrets never come back.

    An optional field that has left the spec differs too, for nothing can take it out of the sandbox.
    """
    spec: SandboxContainerSpec = wanted.spec
    if found.health is Health.EXPIRED:
        return ()
    differs: set[str] = set()
    if not spec.observe_only:
        differs |= set(wanted.applied).difference(applied(spec), furnished(spec))
    if spec.expires_after is not None and spec.expires_after.minutes != _minutes(found.wire):
        differs.add("expiresAfter")
    if spec.memory_limit is not None and spec.memory_limit != (found.wire.get("memory_limit") or MEMORY_LIMIT):
        differs.add("memoryLimit")
    through_gateway = bool(wanted.place.scope)
    if spec.network_policy is not None and not through_gateway and _network_differs(spec.network_policy, found.wire):
        differs.add("networkPolicy")
    return tuple(sorted(differs))


def _network_differs(policy: NetworkPolicy, wire: Mapping[str, Any]) -> bool:
    """No policy in a response is `disabled`; the domains may be left out of it, and have no order."""
    found = wire.get("network_policy") or {}
    domains = found.get("allowed_domains")
    if (found.get("type") or NO_NETWORK) != policy.type:
        return True
    return domains is not None and set(domains) != set(policy.allowed_domains or ())


def immutable(drifted: Sequence[str]) -> ImmutableField:
    """What an update comes to: there is no call for one."""
    return ImmutableField(f"spec.{drifted[0]}", "a sandbox cannot be changed: make a new object")


def external(wire: Mapping[str, Any]) -> External:
    """Expiry is the cloud's word in `health`, our sum in `expires_at`."""
    status = str(wire.get("status") or "")
    numbered = _NUMBERED.fullmatch(wire.get("name") or "")
    created_at = float(wire.get("created_at") or 0)
    active_at = float(wire.get("last_active_at") or created_at)
    expires_at = active_at + 60 * _minutes(wire)
    observed = {
        "cloudStatus": status,
        "memoryLimit": wire.get("memory_limit") or "",
        "lastActiveAt": format_time(active_at),
        "expiresAt": format_time(expires_at),
    }
    return External(
        id=wire["id"],
        name=wire.get("name") or "",
        health=HEALTH.get(status.lower(), Health.CHANGING),
        wire=wire,
        marker=numbered["marker"] if numbered else None,
        number=int(numbered["number"]) if numbered else 0,
        created_at=created_at,
        active_at=active_at,
        expires_at=expires_at,
        observed={name: value for name, value in observed.items() if value},
    )


def _minutes(wire: Mapping[str, Any]) -> int:
    return int((wire.get("expires_after") or {}).get("minutes") or EXPIRES_AFTER_MINUTES)


def lifespan(spec: SandboxContainerSpec) -> Lifespan:
    """Kept alive by one use at half of its minutes: the other half is for our being late."""
    minutes = spec.expires_after.minutes if spec.expires_after else EXPIRES_AFTER_MINUTES
    return Lifespan(
        keep_alive=minutes * 30.0 if spec.keep_alive else None,
        deadline=spec.active_deadline_seconds,
        renew=spec.expiry_policy == "Recreate",
        replace=spec.replace_policy == "Recreate",
        kept_after=spec.ttl_seconds_after_finished,
    )
