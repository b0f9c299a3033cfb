"""What the engine asks of the layers around it.

The comments are the contracts; nothing here knows kopf, HTTP or pydantic.
"""

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from caas_operator.core.attachment import Attachment
from caas_operator.core.lifespan import UNLIMITED, Lifespan
from caas_operator.core.model import External, Health, Place, Receipt, Reference
from caas_operator.core.secret import Sealed


class Clock(Protocol):
    """Seconds since the epoch, never going back. Tests move it."""

    def now(self) -> float: ...

    async def sleep_until(self, when: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Inputs:
    """The values that a spec refers to, by (kind, object name) and then by key.

    An optional one that is missing is absent.
    """

    values: Mapping[tuple[str, str], Mapping[str, Sealed]] = field(default_factory=dict)
    encoded: frozenset[tuple[str, str, str]] = frozenset()
    """Those by (kind, object name, key) whose value is base64, for their bytes are no text."""

    def get(self, kind: str, name: str, key: str) -> Sealed | None:
        return self.values.get((kind, name), {}).get(key)

    def base64(self, kind: str, name: str, key: str) -> Sealed | None:
        """The bytes of a value as base64, whether they are text or not."""
        sealed = self.get(kind, name, key)
        if sealed is None or (kind, name, key) in self.encoded:
            return sealed
        return Sealed(base64.b64encode(sealed.reveal().encode()).decode("ascii"))

    def secrets(self, apart: Collection[tuple[str, str, str]] = ()) -> frozenset[Sealed]:
        """Every value that comes from a Secret, but those `apart`, by (kind, object name, key)."""
        return frozenset(
            value
            for (kind, name), values in self.values.items()
            for key, value in values.items()
            if kind == "Secret" and (kind, name, key) not in apart
        )

    def all(self, kind: str, name: str) -> Mapping[str, Sealed]:
        return self.values.get((kind, name), {})


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an account adds to a spec that leaves it out. Ids and names are exclusive pairs."""

    project_id: int | None = None
    project_name: str | None = None
    region_id: int | None = None
    region_name: str | None = None
    name_template: str | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one object asks of the cloud, with everything resolved: the input of the mappings.

    `spec` is the kind's own parsed model. `place.name` is the external name to use. `marker` signs what is created.
    `applied` are the optional spec fields (camelCase, with dots inside others) that are in the cloud by our hand.
    """

    spec: Any
    place: Place
    marker: str
    inputs: Inputs
    applied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """What asking an address came to. `told` is for logs; `barred`: why it may not be asked at all, for people."""

    alive: bool
    told: str
    barred: str = ""


class Prober(Protocol):
    async def ask(self, url: str) -> Reply:
        """Ask once, within seconds. Alive is what answers 2xx or 3xx; a redirect is not followed. Never raises."""


class Naming(StrEnum):
    """How an external resource is told from others."""

    UNIQUE = "unique"
    """Names are unique in their scope and the id is made of them; ownership is a marker written into the resource."""
    NUMBERED = "numbered"
    """The cloud makes the ids and takes any name twice.

    Ours are `<name>-<hash of uid>-<n>`, and that is the proof of ownership.
    """


class Verbs(Protocol):
    """One kind in one account.

    Every call is idempotent or says `ambiguous`; none sleeps, retries, or does anything fallible after its mutation.
    All raise CloudError; `create` and `update` also InvalidSpec, before anything is sent.
    """

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:
        """All resources of a scope.

        Where the list is without end (NUMBERED), newest first down to the one created at `oldest`.
        """

    async def create(self, wanted: Wanted) -> Receipt: ...

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:
        """Send what differs in one mutating call; what needs a second call is drift again at the next look."""

    async def delete(self, place: Place, external_id: str) -> Receipt:
        """Raises NotFound where the cloud says so. A receipt without tasks means: it is gone."""

    async def locate(self, spec: Any, defaults: Defaults, namespace: str, name: str) -> Place:
        """Where the spec puts the resource.

        Raises InvalidSpec naming what is missing or unknown; may read the cloud's lists.
        """

    async def check(self, wanted: Wanted) -> None:
        """Hold the spec against what the cloud's own lists offer, before a create.

        Raises InvalidSpec for what they lack, and nothing else: where a list cannot be read, the cloud judges.
        """

    async def advise(self, wanted: Wanted, found: External | None) -> str:
        """After a used-up quota or capacity: which limit it is, or where there is room. Empty: nothing is known.

        `found`: what is there already. Raises CloudError.
        """


class AttachingVerbs(Verbs, Protocol):
    """What resources that need an attachment have besides. Attachments are synchronous: no task follows."""

    async def attachments(self, scope: str) -> Sequence[External]:
        """All of a scope, whoever's they are; `wire` is as `Attachment.shown`."""

    async def attach(self, scope: str, wanted: Attachment, found: External | None) -> Mapping[str, str]:
        """Make it, or bring what was found up to date; returns what the cloud then shows of it."""

    async def detach(self, scope: str, name: str) -> None:
        """Raises NotFound where the cloud says so."""


class TransientVerbs(Verbs, Protocol):
    """What resources that expire have besides."""

    async def touch(self, place: Place, external_id: str) -> External:
        """Use it, which puts off its expiry; returns it as it is then."""

    async def furnish(self, wanted: Wanted, found: External) -> None:
        """Bring in what the create could not carry. Done twice it is as done once."""


@dataclass(frozen=True)
class Kind:
    """One custom resource kind: data, pure functions over its spec, and how to reach its verbs in an account.

    `parse` raises InvalidSpec. `drift` compares only what the user set (and the marker): it returns the names of the
    spec fields (camelCase, top level; `description` also stands for a lost marker) whose value in the cloud differs,
    and raises ImmutableField for a change that no call can make, InvalidSpec for a value that the cloud cannot take.
    `applied` names the optional fields that the spec sets, also those inside others (`scale.triggers`); the engine
    only keeps them. `health` judges what was found by the spec. `write_only` has the secret values that the cloud takes
    and never shows again, by field. `verbs` takes the client of an account, as `connect` of the cloud layer made it.
    `attached_by` is the spec field that asks for an attachment (nothing: the kind has none, else its verbs are
    AttachingVerbs), `attachment` what it asks for; that raises InvalidSpec.
    """

    name: str
    plural: str
    providers: frozenset[str]
    naming: Naming
    parse: Callable[[Mapping[str, Any]], Any]
    references: Callable[[Any], Sequence[Reference]]
    drift: Callable[[Wanted, External], Sequence[str]]
    applied: Callable[[Any], Sequence[str]]
    health: Callable[[Any, External], Health]
    write_only: Callable[[Wanted], Mapping[str, Sealed]]
    verbs: Callable[[Any], Verbs]
    external_id: Callable[[Place], str | None]
    """The id that follows from the place, or None where the cloud makes it (NUMBERED)."""
    pinned: Callable[[Place], Defaults]
    """Defaults that lead `locate` back to a place, so that what a spec leaves out stays where it is pinned."""
    lifespan: Callable[[Any], Lifespan] = lambda _: UNLIMITED
    furnished: Callable[[Any], Sequence[str]] = lambda _: ()
    """The fields that are brought into the resource after its create, by `TransientVerbs.furnish`."""
    attached_by: str = ""
    attachment: Callable[[Wanted], Attachment | None] = lambda _: None
    checked: Callable[[Any, External], str | None] = lambda _spec, _found: None
    """The URL that must answer before the object is Ready: None where none is to be asked, "" while it is not known."""
    exported: Callable[[External], str] = lambda found: found.endpoint
    """What `exportTo` publishes; nothing while it is not known."""


class TaskState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"
    """The cloud no longer shows it (404 or 403): look at the resource."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    id: str
    state: TaskState
    error: str = ""


class TaskApi(Protocol):
    """The tasks of one account. Raises CloudError."""

    async def list_tasks(self, since: float) -> Sequence[TaskReport]:
        """Every task created at or after `since` (our clock.

        The client corrects it by the cloud's Date header), all pages.
        """

    async def get_task(self, task_id: str) -> TaskReport: ...
