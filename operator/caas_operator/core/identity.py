"""Which external resource is an object's own: markers, the create intent and the pin."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from caas_operator.core.conditions import format_time, parse_time
from caas_operator.core.model import CREATE_INTENT, AccountRef, Operation, Pin, Place, Resource, Verb
from caas_operator.core.ports import Kind, Naming

MARKER_LENGTH = 10


def marker(kind: Kind, cluster_id: str, obj: Resource) -> str:
    """What proves that an external resource is this object's.

    For unique names it outlives the object, so that a cluster rebuilt from Git finds its fleet; for numbered ones it
    is the object's own.
    """
    seed = obj.uid if kind.naming is Naming.NUMBERED else f"{cluster_id}/{kind.name}/{obj.namespace}/{obj.name}"
    return hashlib.sha256(seed.encode()).hexdigest()[:MARKER_LENGTH]


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be created, written on the object before the first POST.

    A hint, since whoever may edit the object may write it: status or the marker must confirm it. `at` is when it was
    written; an operation that is not older proves that the POST behind it was answered. `adopted`: no POST was sent.
    `attached`: an attachment may be in the scope.
    """

    uid: str
    account: AccountRef
    endpoint: str
    place: Place
    number: int
    at: float
    adopted: bool = False
    attached: bool = False

    @classmethod
    def of(cls, obj: Resource) -> Self | None:
        """The intent on an object; None if it has none, a broken one, or one that was copied from another object."""
        try:
            raw = json.loads(obj.annotations[CREATE_INTENT])
            intent = cls(
                uid=_text(raw["uid"]),
                account=AccountRef(_text(raw["account"]["kind"]), _text(raw["account"]["name"])),
                endpoint=_text(raw["endpoint"]),
                place=Place(_text(raw["scope"]), _text(raw["name"])),
                number=int(raw.get("number", 0)),
                at=parse_time(raw["at"]),
                adopted=raw.get("adopted") is True,
                attached=raw.get("attached") is True,
            )
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return None
        return intent if intent.uid == obj.uid else None

    def render(self) -> str:
        value: dict[str, Any] = {
            "uid": self.uid,
            "account": {"kind": self.account.kind, "name": self.account.name},
            "endpoint": self.endpoint,
            "scope": self.place.scope,
            "name": self.place.name,
            "at": format_time(self.at),
        }
        if self.number:
            value["number"] = self.number
        if self.adopted:
            value["adopted"] = True
        if self.attached:
            value["attached"] = True
        return json.dumps(value, separators=(",", ":"))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text belongs here")
    return value


def pin_of(obj: Resource) -> Pin | None:
    """The identity that status confirms.

    What ObserveOnly reports is none: it has neither operation nor appliedFields.
    """
    status = obj.status
    managed = "operation" in status or "appliedFields" in status
    if not managed or not status.get("externalId") or "account" not in status:
        return None
    account = status["account"]
    return Pin(
        account=AccountRef(account["kind"], account["name"]),
        endpoint=account.get("endpoint", ""),
        place=Place(account.get("scope", ""), status.get("externalName", "")),
        external_id=status["externalId"],
    )


def operation_of(obj: Resource) -> Operation | None:
    raw: Mapping[str, Any] | None = obj.status.get("operation")
    if not raw:
        return None
    return Operation(
        verb=Verb(raw["type"]),
        task_ids=tuple(raw.get("taskIds") or ()),
        generation=raw.get("generation", 0),
        started_at=parse_time(raw["startedAt"]),
    )


def in_flight(intent: Intent | None, operation: Operation | None) -> bool:
    """Whether a POST behind the intent may still be on its way: no recorded answer is younger than the intent."""
    if intent is None or intent.adopted:
        return False
    return operation is None or operation.started_at < intent.at


def next_intent_time(now: float, operation: Operation | None) -> float:
    """A time for a new intent that every recorded operation is older than.

    Whole seconds, as the annotation keeps them.
    """
    return max(float(int(now)), operation.started_at + 1 if operation else 0.0)
