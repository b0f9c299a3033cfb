"""One object in one pass: everything about it that had to be resolved before the cloud is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caas_operator.core.claims import Claimant, Claims, Name
from caas_operator.core.errors import CloudError, ImmutableField, InvalidSpec
from caas_operator.core.identity import Intent, in_flight, marker, operation_of, pin_of
from caas_operator.core.model import FINALIZER, AccountRef, Operation, Pin, Place, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Inputs, Kind, Naming, Wanted
from caas_operator.core.problems import explain
from caas_operator.core.status import reconcile_request
from caas_operator.core.surroundings import Accounts, Connection, NotYet, References

Circumstances = tuple[object, ...]


@dataclass(slots=True)
class Track:
    """What the process remembers of an object between passes. Losing it costs a look, never a mistake.

    `floor`: only a LIST begun later counts. `posted_at`: when the last POST without an answer ended. `problem`: the
    last failure, in force until `retry_at` or until `circumstances` change. `spent`: tasks whose failure was already
    told. `futile`: the drift that the last update did not cure. `missed`: when the last LIST began that lacked a
    pinned id. `denied`: a DELETE was answered by 404. `released`: we let the object go ourselves. `released`: it was
    let go by us.
    """

    floor: float = 0.0
    posted_at: float = 0.0
    problem: Outcome | None = None
    retry_at: float = 0.0
    failures: int = 0
    circumstances: Circumstances = ()
    request: str = ""
    spent: tuple[str, ...] = ()
    futile: tuple[object, ...] = ()
    missed: float = 0.0
    denied: bool = False
    released: bool = False
    generation_since: tuple[int, float] = (0, 0.0)


@dataclass(slots=True)
class Subject:
    """The object of a pass. `problem` set: nothing may be changed; `place` None: there is nowhere to look either."""

    obj: Resource
    kind: Kind
    track: Track
    marker: str
    spec: Any = None
    pin: Pin | None = None
    intent: Intent | None = None
    operation: Operation | None = None
    connection: Connection | None = None
    place: Place | None = None
    inputs: Inputs = field(default_factory=Inputs)
    problem: Outcome | None = None
    circumstances: Circumstances = ()
    fingerprint: Mapping[str, Any] | None = None

    @property
    def in_flight(self) -> bool:
        return in_flight(self.intent, self.operation)

    @property
    def observe_only(self) -> bool:
        return self.obj.spec.get("managementPolicy") == "ObserveOnly"

    @property
    def claimed(self) -> bool:
        """Finalizer and intent are on the object, and the intent names the place where we look."""
        return FINALIZER in self.obj.finalizers and self.intent is not None and self.intent.place == self.place

    def wanted(self, place: Place) -> Wanted:
        applied = frozenset(self.obj.status.get("appliedFields") or ())
        return Wanted(self.spec, place, self.marker, self.inputs, applied)

    def take(self, problem: Outcome) -> None:
        """The first problem is the one to tell."""
        self.problem = self.problem or problem


@dataclass(frozen=True)
class Preparation:
    """Turns an object into a subject."""

    kinds: dict[str, Kind]
    accounts: Accounts
    references: References
    claims: Claims
    cluster_id: str

    async def prepare(self, obj: Resource, track: Track) -> Subject | NotYet:
        kind = self.kinds[obj.kind]
        subject = Subject(obj, kind, track, marker(kind, self.cluster_id, obj), pin=pin_of(obj), intent=Intent.of(obj))
        subject.operation = operation_of(obj)
        if not obj.deleting:
            self._parse(subject)
        if self._connect(subject) is NotYet:
            return NotYet()
        if subject.connection is not None:
            await self._place(subject)
            self._claim(subject)
            if subject.spec is not None:
                await self._refer(subject)
        return subject

    def _parse(self, subject: Subject) -> None:
        try:
            subject.spec = subject.kind.parse(subject.obj.spec)
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))

    def _connect(self, subject: Subject) -> type[NotYet] | None:
        bound = subject.pin.account if subject.pin else None
        if bound is None and subject.in_flight and subject.intent:
            bound = subject.intent.account
        found = self.accounts.find(subject.obj, subject.kind, bound)
        if isinstance(found, NotYet):
            return NotYet
        if isinstance(found, Outcome):
            subject.take(found)
            return None
        home = subject.pin.endpoint if subject.pin else found.endpoint
        if home != found.endpoint:
            told = f"account {found.ref} now points at {found.endpoint}; this object's resource is at {home}"
            subject.take(Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, told))
            return None
        subject.connection = found
        self._check_account(subject, found.ref)
        return None

    def _check_account(self, subject: Subject, used: AccountRef) -> None:
        raw = subject.obj.spec.get("accountRef")
        if subject.pin and isinstance(raw, dict):
            asked = AccountRef(str(raw.get("kind", "CloudAccount")), str(raw.get("name")))
            if asked != used and not subject.obj.deleting:
                subject.take(explain(ImmutableField("spec.accountRef", f"the resource lives in {used}"), "spec"))

    async def _place(self, subject: Subject) -> None:
        """Pinned places stay; what spec leaves out is filled from the pin, so only a contradiction is a problem."""
        connection, pin, obj = subject.connection, subject.pin, subject.obj
        if connection is None:
            return
        subject.place = pin.place if pin else subject.intent.place if subject.in_flight and subject.intent else None
        if subject.spec is None:
            return
        defaults = subject.kind.pinned(subject.place) if subject.place else connection.defaults
        try:
            place = await connection.verbs(subject.kind).locate(subject.spec, defaults, obj.namespace or "", obj.name)
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))
        except CloudError as error:
            subject.take(explain(error, "locate"))
        else:
            if pin and not _same(subject.kind, place, pin.place):
                subject.take(explain(_contradiction(place, pin.place), "spec"))
            subject.place = subject.place or place

    def _claim(self, subject: Subject) -> None:
        obj = subject.obj
        if subject.place is None or subject.connection is None or subject.observe_only:
            return
        if subject.kind.naming is Naming.NUMBERED:
            return
        claimant = Claimant(subject.pin is None, obj.created_at, obj.uid, f"{obj.namespace}/{obj.name}", obj.kind)
        holder = self.claims.claim(Name(obj.kind, subject.connection.endpoint, subject.place), claimant)
        if holder.uid != obj.uid:
            told = f"the name {subject.place.name!r} in {subject.place.scope} belongs to {obj.kind} {holder.shown}"
            subject.take(Outcome(State.REFUSED, Reason.CONFLICT, f"{told}: choose another spec.name", serves=False))
            subject.place = None

    async def _refer(self, subject: Subject) -> None:
        wanted = subject.kind.references(subject.spec)
        newer = subject.track.floor if subject.track.request != reconcile_request(subject.obj) else 0.0
        resolved = await self.references.resolve(subject.obj, wanted, newer_than=newer)
        if isinstance(resolved, Outcome):
            subject.take(resolved)
        else:
            subject.inputs = resolved.inputs
            subject.circumstances = (resolved.version,)


def _same(kind: Kind, asked: Place, pinned: Place) -> bool:
    """A numbered name is the asked one with its number behind it."""
    if kind.naming is Naming.NUMBERED:
        return asked.scope == pinned.scope
    return asked == pinned


def _contradiction(asked: Place, pinned: Place) -> ImmutableField:
    name = asked.scope == pinned.scope
    rule = f"the resource is {pinned.scope}/{pinned.name} and cannot move: make a new object"
    return ImmutableField("spec.name" if name else "spec (project, region or provider)", rule)


def circumstances(subject: Subject) -> Circumstances:
    """What a refusal depends on: while none of it changes, the same request would be refused again."""
    account = subject.connection.version if subject.connection else ""
    deleting = subject.obj.deleting
    return (subject.obj.generation, deleting, reconcile_request(subject.obj), account, *subject.circumstances)
