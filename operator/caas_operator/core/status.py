"""The status document of an object: what it is to say after a pass, and whether that is worth a write."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.conditions import RETRYING_REASON, derive, format_time, parse_time
from caas_operator.core.model import (
    FLUX_RECONCILE_REQUESTED,
    RECONCILE_REQUESTED,
    External,
    JsonObject,
    Operation,
    Pin,
    Resource,
)
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.schedule import EXPIRY_MOVE


@dataclass(frozen=True, slots=True)
class Binding:
    """What a pass knows of the object's place in the cloud; None leaves what status says, `forget` drops it.

    `exported`: where the endpoint was published; empty: nowhere any more.
    """

    pin: Pin | None = None
    provider: str = ""
    found: External | None = None
    operation: Operation | None = None
    applied: tuple[str, ...] | None = None
    secrets: Mapping[str, Any] | None = None
    exported: Mapping[str, Any] | None = None
    forget: bool = False


BOUND_FIELDS = ("operation", "appliedFields", "appliedSecrets", "startedAt")
IDENTITY_FIELDS = ("account", "externalId", "externalName", "endpoint", "createdAt", "observed")


def next_status(
    obj: Resource, outcome: Outcome, binding: Binding, now: float, *, since: float | None = None
) -> JsonObject:
    """The whole status after a pass that concluded `outcome`."""
    status: JsonObject = dict(obj.status)
    if binding.forget:
        for name in BOUND_FIELDS + (() if binding.found else IDENTITY_FIELDS):
            status.pop(name, None)
    _bind(status, binding)
    if outcome.state is not State.PAUSED:
        status["observedGeneration"] = obj.generation
    requested = reconcile_request(obj)
    if requested and outcome.state not in (State.PAUSED, State.PAUSED_DELETING):
        status["lastHandledReconcileAt"] = requested
    status["conditions"] = derive(outcome, status.get("conditions", ()), obj.generation, now, since=since)
    return status


def _bind(status: JsonObject, binding: Binding) -> None:
    if pin := binding.pin:
        account = {"kind": pin.account.kind, "name": pin.account.name, "endpoint": pin.endpoint}
        account |= {"provider": binding.provider, "scope": pin.place.scope}
        status["account"] = {key: value for key, value in account.items() if value}
        status["externalName"] = pin.place.name
        if pin.external_id:
            status["externalId"] = pin.external_id
    if operation := binding.operation:
        status["operation"] = {
            "type": str(operation.verb),
            "taskIds": list(operation.task_ids),
            "generation": operation.generation,
            "startedAt": format_time(operation.started_at),
        }
        status.setdefault("startedAt", status["operation"]["startedAt"])
    if found := binding.found:
        status["observed"] = dict(found.observed)
        _set_or_drop(status, "endpoint", found.endpoint)
        _set_or_drop(status, "createdAt", format_time(found.created_at) if found.created_at else "")
    if binding.applied is not None:
        status["appliedFields"] = sorted(binding.applied)
    if binding.secrets:
        status["appliedSecrets"] = dict(binding.secrets)
    if binding.exported is not None:
        _set_or_drop(status, "exportedTo", dict(binding.exported))


def _set_or_drop(status: JsonObject, key: str, value: Any) -> None:
    if value:
        status[key] = value
    else:
        status.pop(key, None)


def worth_writing(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Observed facts alone are not, except an expiry that moved far: they travel with the next change."""
    if _without_observed(before) != _without_observed(after):
        return True
    return abs(_expiry(after) - _expiry(before)) > EXPIRY_MOVE


def _without_observed(status: Mapping[str, Any]) -> JsonObject:
    return {key: value for key, value in status.items() if key != "observed"}


def _expiry(status: Mapping[str, Any]) -> float:
    text = status.get("observed", {}).get("expiresAt")
    return parse_time(text) if text else 0.0


def reconcile_request(obj: Resource) -> str:
    """The latest "reconcile now" of the user, or of Flux in the user's name."""
    return obj.annotations.get(RECONCILE_REQUESTED) or obj.annotations.get(FLUX_RECONCILE_REQUESTED) or ""


def is_retrying(obj: Resource) -> bool:
    """Whether status already says of this generation that something goes wrong and is tried again."""
    return any(
        c["type"] == "Reconciling"
        and c["reason"] == RETRYING_REASON
        and c.get("observedGeneration", -1) >= obj.generation
        for c in obj.status.get("conditions", ())
    )


def is_ready(obj: Resource, generation: int = 0) -> bool:
    """Whether status says Ready, of this generation or a later one."""
    return any(
        c["type"] == "Ready" and c["status"] == "True" and c.get("observedGeneration", 0) >= generation
        for c in obj.status.get("conditions", ())
    )


def is_said_to_go(obj: Resource) -> bool:
    """Whether status already says that the resource is being deleted, or why it is not."""
    going = {Reason.DELETING, Reason.DELETE_BLOCKED}
    return any(c["type"] == "Ready" and c["reason"] in going for c in obj.status.get("conditions", ()))


def is_complete(obj: Resource) -> bool:
    """Whether status says that the life of a transient resource is over."""
    return any(c["type"] == "Complete" and c["status"] == "True" for c in obj.status.get("conditions", ()))


def is_converged(obj: Resource, generation: int | None = None) -> bool:
    """Whether status already says that a generation (this very one) is done, with nothing left to do."""
    wanted = obj.generation if generation is None else generation
    shown = {condition["type"]: condition for condition in obj.status.get("conditions", ())}
    ready, synced = shown.get("Ready"), shown.get("Synced")
    return all(
        condition is not None and condition["status"] == "True" and condition.get("observedGeneration", -1) >= wanted
        for condition in (ready, synced)
    )
