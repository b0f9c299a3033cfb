"""What a pass asks of the process around it: accounts, references, the cluster's objects, events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from caas_operator.core.inventory import Inventory
from caas_operator.core.model import AccountRef, ExportTarget, JsonObject, Key, Reference, Resource
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import Defaults, Inputs, Kind, Verbs
from caas_operator.core.tasks import TaskBoard


class Connection(Protocol):
    """One account, connected: its credential, its budget, and what was last seen in it."""

    @property
    def ref(self) -> AccountRef: ...
    @property
    def group(self) -> str:
        """Name of its turn in the queue; unique over namespaces."""
        ...

    @property
    def endpoint(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def defaults(self) -> Defaults: ...
    @property
    def resync_seconds(self) -> float: ...
    @property
    def tasks(self) -> TaskBoard | None:
        """None where the cloud has no tasks."""
        ...

    @property
    def version(self) -> str:
        """Changes with the account's spec and its credential: what was refused before may work now."""
        ...

    def verbs(self, kind: Kind) -> Verbs: ...
    def inventory(self, kind: Kind, scope: str) -> Inventory: ...
    def attachments(self, kind: Kind, scope: str) -> Inventory:
        """The shared LIST of what is attached to resources of a kind."""
        ...


@dataclass(frozen=True, slots=True)
class NotYet:
    """The account is known and still being connected; the object is woken when that is done."""


class Accounts(Protocol):
    def find(self, obj: Resource, kind: Kind, bound: AccountRef | None) -> Connection | Outcome | NotYet:
        """The account that the object uses: `bound` where it is bound to one (authorised again), else by its spec.

        An Outcome says why there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """References with their values; `version` changes when any of them does."""

    inputs: Inputs
    version: str


class References(Protocol):
    async def resolve(self, obj: Resource, wanted: Sequence[Reference], *, newer_than: float) -> Resolved | Outcome:
        """Values no older than `newer_than`, or than the last resync; the object is woken when one changes later."""
        ...

    def forget(self, key: Key) -> None: ...


class Exports(Protocol):
    """Values that objects publish for others in the cluster, in ConfigMaps that they own. Raises NotLeading alone."""

    async def publish(self, obj: Resource, target: ExportTarget, value: str) -> Outcome | None:
        """Have the value there; costs nothing while it is. An Outcome says why it cannot be.

        The object is woken when somebody else has changed it later.
        """
        ...

    async def retract(self, obj: Resource, target: ExportTarget) -> Outcome | None:
        """Have nothing of the object there any more; what is not its own is left alone."""
        ...

    def forget(self, key: Key) -> None: ...


class Objects(Protocol):
    """Writes to the cluster. All keep the cache in step and raise StaleObject or ObjectGone."""

    async def patch_metadata(
        self, obj: Resource, *, annotations: Mapping[str, str | None], finalizers: tuple[str, ...]
    ) -> Resource: ...

    async def patch_status(self, obj: Resource, status: JsonObject) -> Resource: ...

    async def delete(self, obj: Resource) -> None: ...

    async def look_again(self, obj: Resource) -> Resource | None:
        """The object as the API server has it now; None if it is gone."""
        ...


class Events(Protocol):
    """Told to people through Kubernetes events; never fails a pass, never says a secret."""

    def warn(self, obj: Resource, reason: str, message: str) -> None: ...

    def normal(self, obj: Resource, reason: str, message: str) -> None: ...
