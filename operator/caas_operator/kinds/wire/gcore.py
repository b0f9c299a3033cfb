"""What the two Gcore kinds share on the wire: description, triggers, logging, addresses, times.

Facts are from the create, PATCH and response schemas [S1, S2, SPEC] unless a tag says otherwise.
"""

from collections.abc import Collection, Mapping
from typing import Any

from caas_operator.core.conditions import parse_time
from caas_operator.core.errors import ImmutableField
from caas_operator.core.model import JsonObject
from caas_operator.core.ports import Wanted
from caas_operator.kinds.fields.gcore import Logging, ReadinessCheck
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.wire import marker
from caas_operator.kinds.wire.tree import covers

MESSAGE_LENGTH = 500

LOGGING_OFF = {"enabled": False}


def removed(wanted: Wanted, applied: Collection[str]) -> frozenset[str]:
    """What our hand had put into the cloud and the spec no longer asks for. ObserveOnly takes nothing back."""
    return frozenset() if wanted.spec.observe_only else wanted.applied - frozenset(applied)


def description(
    wanted: Wanted, gone: Collection[str], found: Mapping[str, Any] | None, longest: int | None = None
) -> str | None:
    """The description to have, with our marker; None where nothing of it is managed (ObserveOnly without one).

    `found` is None before the create. A text that the spec never set stays, and is signed.
    """
    text = wanted.spec.description
    if wanted.spec.observe_only:
        return None if text is None or found is None else _as_observed(text, found)
    if text is None and found is not None and "description" not in gone:
        return marker.resign(found.get("description"), wanted.marker, longest)
    return marker.sign(text or "", wanted.marker)


def _as_observed(text: str, found: Mapping[str, Any]) -> str:
    """Under ObserveOnly the text alone counts, whoever signed it."""
    _, signature = marker.split(found.get("description"))
    return marker.sign(text, signature) if signature else text


def triggers(part: SpecModel | None, default: JsonObject | None) -> JsonObject:
    """`{"triggers": ...}` for a scale: all of them where the spec sets any, `default` where it sets none.

    A trigger that is not named is None, for it must not be there; so an empty object means no triggers [RUN: TF0].
    """
    if part is None:
        return {} if default is None else {"triggers": default}
    names = type(part).model_fields
    values = {name: getattr(part, name) for name in names}
    return {"triggers": {name: value and value.model_dump(exclude_none=True) for name, value in values.items()}}


def logging(part: Logging | None, gone: Collection[str]) -> JsonObject | None:
    """Logging that is off is sent as just that; a part of it that is not set is not managed."""
    if part is None:
        return LOGGING_OFF if "logging" in gone else None
    if not part.enabled:
        return LOGGING_OFF
    target: JsonObject = {"enabled": True}
    if part.destination_region_id is not None:
        target["destination_region_id"] = part.destination_region_id
    if part.topic_name is not None:
        target["topic_name"] = part.topic_name
    if part.retention_policy is not None:
        target["retention_policy"] = {"period": part.retention_policy.period}
    return target


def logging_off_alone(body: JsonObject) -> JsonObject:
    """The body with logging that is to be off said without the parts that it had."""
    off = body.get("logging") is not None and not body["logging"]["enabled"]
    return {**body, "logging": LOGGING_OFF} if off else body


def seen_logging(found: Mapping[str, Any] | None) -> JsonObject:
    """What a response says of logging, in one form.

    It may be null, its parts may be null, `""` or 0 for unset, and the retention a bare number [LAB].
    """
    found = found or {}
    retention = found.get("retention_policy")
    period = retention.get("period") if isinstance(retention, Mapping) else retention
    return {
        "enabled": bool(found.get("enabled")),
        "destination_region_id": found.get("destination_region_id") or None,
        "topic_name": found.get("topic_name") or None,
        "retention_policy": {"period": period} if period else None,
    }


def refuse_removed(wanted: Wanted, gone: Collection[str], found: Mapping[str, Any], fields: Mapping[str, str]) -> None:
    """Raise ImmutableField for a removed field that no known call takes out of the cloud.

    `fields`: spec name to wire name. Whether a PATCH replaces `logging` or merges into it is unknown too, so a part of
    it cannot be taken back while it is on.
    """
    checked = [(name, found.get(wire)) for name, wire in fields.items()]
    if wanted.spec.logging is not None and wanted.spec.logging.enabled:
        checked += [(name, found["logging"].get(wire)) for name, wire in LOGGING_PARTS.items()]
    for name, value in checked:
        if name in gone and value not in (None, "", []):
            raise ImmutableField(
                f"spec.{name}", "cannot be removed: no call takes it back; set it again or make a new object"
            )


LOGGING_PARTS = {
    "logging.destinationRegionId": "destination_region_id",
    "logging.topicName": "topic_name",
    "logging.retentionPolicy": "retention_policy",
}


def differing(target: Mapping[str, Any], found: Mapping[str, Any], fields: Mapping[str, str]) -> list[str]:
    """The spec fields whose wire value is not as the target has it. `fields`: spec name to wire name."""
    return [name for name, wire in fields.items() if wire in target and not covers(found.get(wire), target[wire])]


def endpoint(address: str | None) -> str:
    """An address as a URL, or nothing: some samples have a scheme [DOC-caas], some have none [SPEC]."""
    if not address:
        return ""
    return address if "://" in address else f"https://{address}"


def checked_url(check: ReadinessCheck, address: str) -> str:
    """What a readinessCheck asks for; nothing while the cloud shows no address."""
    return address and address.rstrip("/") + (check.path or "/")


def created(text: str | None) -> float:
    """Seconds since the epoch; 0 where the cloud does not say. Times with and without `Z` are UTC."""
    try:
        return parse_time(text) if text else 0.0
    except ValueError:
        return 0.0


def said(text: str | None) -> str:
    """The cloud's own explanation, on one line and bounded."""
    return " ".join((text or "").split())[:MESSAGE_LENGTH]


def replicas(deploy_status: Mapping[str, Any] | None) -> tuple[int, int]:
    """Ready and total."""
    deploy_status = deploy_status or {}
    return deploy_status.get("ready") or 0, deploy_status.get("total") or 0
