"""Objects of the engine for tests that need no cluster."""

from collections.abc import Mapping
from typing import Any

from caas_operator.core.model import External, Health, Resource

AT = "2027-01-15T08:00:00Z"
NOW = 1_800_000_000.0
"""The same moment."""


def resource(
    *,
    uid: str = "uid-1",
    name: str = "one",
    kind: str = "Box",
    generation: int = 1,
    version: int = 1,
    deleting: bool = False,
    annotations: Mapping[str, str] | None = None,
    finalizers: tuple[str, ...] = (),
    spec: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    created_at: str = AT,
    namespace: str | None = "team",
) -> Resource:
    return Resource(
        kind=kind,
        uid=uid,
        namespace=namespace,
        name=name,
        generation=generation,
        resource_version=version,
        created_at=created_at,
        deleting_since=AT if deleting else None,
        annotations=dict(annotations or {}),
        finalizers=finalizers,
        spec=dict(spec or {}),
        status=dict(status or {}),
    )


def external(
    name: str = "one",
    *,
    id_: str = "",
    marker: str | None = None,
    number: int = 0,
    health: Health = Health.SERVING,
    created_at: float = 0.0,
    **more: Any,
) -> External:
    return External(
        id=id_ or f"1/{name}",
        name=name,
        health=health,
        wire={},
        marker=marker,
        number=number,
        created_at=created_at,
        **more,
    )


def condition(type_: str, status: str, reason: str = "X", *, generation: int = 1) -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": AT,
    }
