"""The nouns of the engine: what is in the cluster, what is in the cloud, and what binds the two."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

JsonObject = dict[str, Any]

GROUP = "caas-operator.dev"
VERSION = "v1alpha1"
FINALIZER = f"{GROUP}/cleanup"
PAUSED = f"{GROUP}/paused"
RECONCILE_REQUESTED = f"{GROUP}/reconcile-requested-at"
FLUX_RECONCILE_REQUESTED = "reconcile.fluxcd.io/requestedAt"
CREATE_INTENT = f"{GROUP}/create-intent"


@dataclass(frozen=True, slots=True)
class Key:
    """One object of the cluster, for the queue and the cache. A name that is used again is another object."""

    kind: str
    uid: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A custom resource as the cache holds it; the mappings are never changed in place."""

    kind: str
    uid: str
    namespace: str | None
    name: str
    generation: int
    resource_version: int
    created_at: str
    deleting_since: str | None
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    spec: Mapping[str, Any]
    status: Mapping[str, Any]

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        meta = body["metadata"]
        return cls(
            kind=body["kind"],
            uid=meta["uid"],
            namespace=meta.get("namespace"),
            name=meta["name"],
            generation=meta.get("generation", 0),
            resource_version=int(meta["resourceVersion"]),
            created_at=meta["creationTimestamp"],
            deleting_since=meta.get("deletionTimestamp"),
            annotations=dict(meta.get("annotations") or {}),
            finalizers=tuple(meta.get("finalizers") or ()),
            spec=body.get("spec") or {},
            status=body.get("status") or {},
        )

    @property
    def key(self) -> Key:
        return Key(self.kind, self.uid)

    @property
    def deleting(self) -> bool:
        return self.deleting_since is not None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class AccountRef:
    """The account an object uses.

    `CloudAccount` (in the object's namespace), `ClusterCloudAccount` or `Environment`.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource lives in an account: `scope` is the collection that is listed, `name` the resource in it.

    Scopes: `project/region` for CaaS, `project` for inference, the provider (or nothing) for sandboxes.
    """

    scope: str
    name: str


@dataclass(frozen=True, slots=True)
class Pin:
    """The identity an object is bound to.

    `external_id` is None until the cloud has said it (sandboxes) or an answer was recorded.
    """

    account: AccountRef
    endpoint: str
    place: Place
    external_id: str | None = None


class Health(StrEnum):
    """What the cloud's own status means to the engine."""

    SERVING = "serving"
    CHANGING = "changing"
    STOPPED = "stopped"
    BROKEN = "broken"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class External:
    """One external resource as a LIST reported it.

    `id` is what status.externalId shows. `marker` is our signature on it, or None. `foreign` names why it may never
    be adopted. `observed` is what status.observed shows. `wire` is the vendor's own JSON object and is never changed
    in place. `created_at`, `expires_at` and `last_active_at` are seconds since the epoch.
    """

    id: str
    name: str
    health: Health
    wire: Mapping[str, Any]
    message: str = ""
    endpoint: str = ""
    marker: str | None = None
    number: int = 0
    foreign: str = ""
    created_at: float = 0.0
    active_at: float = 0.0
    expires_at: float | None = None
    observed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a verb returns: task ids to follow, and the id of what was made where the cloud gives one at once."""

    task_ids: tuple[str, ...] = ()
    external_id: str | None = None
    found: External | None = None


class Verb(StrEnum):
    CREATE = "Create"
    UPDATE = "Update"
    REPLACE = "Replace"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Operation:
    """The last mutation that was sent for an object, as status.operation keeps it.

    `started_at`: seconds since the epoch.
    """

    verb: Verb
    task_ids: tuple[str, ...]
    generation: int
    started_at: float


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """One key of a ConfigMap in the object's own namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A Secret or ConfigMap (in the object's own namespace) that a spec reads.

    `key` None means all of it. `field` is for messages. `document` is a key whose value is read for its parts: it does
    not leave for the cloud as it is, and its words are no secret, only its parts are.
    """

    kind: str
    name: str
    key: str | None
    field: str
    optional: bool = False
    document: str = ""


def documents(references: Collection[Reference]) -> frozenset[tuple[str, str, str]]:
    """Kind, name and key of the values that are read for their parts and by nothing else."""
    read = {(r.kind, r.name, r.key) for r in references if not r.document}
    found = {(r.kind, r.name, r.document) for r in references if r.document}
    return frozenset(one for one in found if one not in read and (*one[:2], None) not in read)
