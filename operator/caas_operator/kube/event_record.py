"""What an event says and about whom, and how it looks on the wire (core/v1, whose counts every tool shows)."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

from caas_operator.core.model import GROUP, VERSION, JsonObject, Resource
from caas_operator.kube.session import FIELD_MANAGER

EventType = Literal["Normal", "Warning"]
_MESSAGE_CHARACTERS = 1024
"""What the API server takes in a note."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about."""

    api_version: str
    kind: str
    namespace: str | None
    name: str
    uid: str
    resource_version: str = ""

    @classmethod
    def of(cls, resource: Resource) -> Self:
        return cls(
            f"{GROUP}/{VERSION}",
            resource.kind,
            resource.namespace,
            resource.name,
            resource.uid,
            str(resource.resource_version),
        )

    @classmethod
    def of_namespace(cls, name: str) -> Self:
        """For what outlives an object: shown by `kubectl get events` in the namespace."""
        return cls("v1", "Namespace", name, name, "")

    @property
    def home(self) -> str:
        """The namespace its events are in; those of cluster-scoped objects are in `default`, by convention."""
        return self.namespace or "default"

    @property
    def identity(self) -> tuple[str, str]:
        return self.kind, self.uid or f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened once."""

    subject: Subject
    type: EventType
    reason: str
    message: str
    at: float

    @property
    def sameness(self) -> tuple[str, str, str, str]:
        """Occurrences that agree in this are one event with a count."""
        return (*self.subject.identity, self.reason, self.message)


def clipped(message: str) -> str:
    return message if len(message) <= _MESSAGE_CHARACTERS else message[: _MESSAGE_CHARACTERS - 3] + "..."


def new_event(occurrence: Occurrence, instance: str) -> JsonObject:
    """The body of a POST; `instance` names the process that says it."""
    subject, when = occurrence.subject, _timestamp(occurrence.at)
    about = {
        "apiVersion": subject.api_version,
        "kind": subject.kind,
        "namespace": subject.namespace or "",
        "name": subject.name,
        "uid": subject.uid,
        "resourceVersion": subject.resource_version,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{subject.name[:220]}.{uuid.uuid4().hex[:16]}",
            "namespace": subject.home,
        },
        "involvedObject": {key: value for key, value in about.items() if value},
        "type": occurrence.type,
        "reason": occurrence.reason,
        "message": occurrence.message,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": instance,
        "firstTimestamp": when,
        "lastTimestamp": when,
        "count": 1,
    }


def again(count: int, at: float) -> JsonObject:
    """The body of a merge PATCH for an event that has been seen `count` times by now."""
    return {"count": count, "lastTimestamp": _timestamp(at)}


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
