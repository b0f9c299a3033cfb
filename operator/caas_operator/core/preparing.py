"""From an object to a subject: spec, account, place, claim and references, each resolved or told as a problem."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from caas_operator.core.claims import ASKING, PINNED, POSTING, Claimant, Claims, Name
from caas_operator.core.errors import CloudError, ImmutableField, InvalidSpec
from caas_operator.core.identity import Intent, in_flight, marker, operation_of, pin_of
from caas_operator.core.model import AccountRef, Key, Pin, Place, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Kind, Naming
from caas_operator.core.problems import explain
from caas_operator.core.status import reconcile_request
from caas_operator.core.subject import Subject, Track
from caas_operator.core.surroundings import Accounts, NotYet, References


@dataclass(frozen=True)
class Preparation:
    """Turns an object into a subject."""

    kinds: dict[str, Kind]
    accounts: Accounts
    references: References
    claims: Claims
    cluster_id: str
    wake: Callable[[Key], None]

    def recall(self, objects: Iterable[Resource]) -> None:
        """Before the first pass: names that objects are bound to are theirs, whoever is looked at first."""
        for obj in objects:
            kind = self.kinds.get(obj.kind)
            if kind is None or obj.spec.get("managementPolicy") == "ObserveOnly":
                continue
            pin, intent = pin_of(obj), Intent.of(obj)
            if pin is not None:
                place = pin.place if kind.naming is Naming.UNIQUE else Place(pin.place.scope, pin.external_id or "")
                self.claims.claim(Name(obj.kind, pin.endpoint, place), _claimant(obj, PINNED))
            elif kind.naming is Naming.UNIQUE and intent is not None and in_flight(intent, operation_of(obj)):
                self.claims.claim(Name(obj.kind, intent.endpoint, intent.place), _claimant(obj, POSTING))

    async def prepare(self, obj: Resource, track: Track) -> Subject | NotYet:
        kind = self.kinds[obj.kind]
        subject = Subject(obj, kind, track, marker(kind, self.cluster_id, obj), pin=pin_of(obj), intent=Intent.of(obj))
        subject.recorded = operation_of(obj)
        self._check_intent(subject)
        if kind.naming is Naming.NUMBERED and subject.in_flight:
            # A next one is on its way: the end of the one before it was confirmed first.
            subject.pin = None
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

    def _check_intent(self, subject: Subject) -> None:
        """An annotation of ours leads to a place; what somebody else made of it is no intent."""
        if subject.intent is not None:
            try:
                subject.kind.pinned(subject.intent.place)
            except ValueError:
                subject.intent = None

    def _parse(self, subject: Subject) -> None:
        try:
            subject.spec = subject.kind.parse(subject.obj.spec)
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))

    def _connect(self, subject: Subject) -> type[NotYet] | None:
        bound = subject.pin.account if subject.pin else None
        if bound is None and subject.tied and subject.intent:
            bound = subject.intent.account
        found = self.accounts.find(subject.obj, subject.kind, bound)
        if isinstance(found, NotYet):
            return NotYet
        if isinstance(found, Outcome):
            subject.take(found)
            return None
        home = subject.pin.endpoint if subject.pin else found.endpoint
        if subject.pin is None and subject.tied and subject.intent:
            home = subject.intent.endpoint
        if home != found.endpoint:
            told = f"account {found.ref} now points at {found.endpoint}; this object's resource is at {home}"
            subject.take(Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, told))
            return None
        subject.connection = found
        self._check_account(subject, found.ref)
        return None

    def _check_account(self, subject: Subject, used: AccountRef) -> None:
        raw = subject.obj.spec.get("accountRef")
        if isinstance(raw, dict) and not subject.obj.deleting:
            asked = AccountRef(str(raw.get("kind", "CloudAccount")), str(raw.get("name")))
            if asked != used and subject.pin is None:
                subject.moving = subject.tied and not subject.in_flight
            elif asked != used:
                subject.take(explain(ImmutableField("spec.accountRef", f"the resource lives in {used}"), "spec"))

    async def _place(self, subject: Subject) -> None:
        """Pinned places stay; what spec leaves out is filled from the pin, so only a contradiction is a problem."""
        connection, pin, obj = subject.connection, subject.pin, subject.obj
        if connection is None:
            return
        subject.place = pin.place if pin else subject.intent.place if subject.tied and subject.intent else None
        if subject.spec is None:
            return
        defaults = subject.kind.pinned(subject.place) if subject.place else connection.defaults
        if subject.kind.naming is Naming.NUMBERED:
            # Its pinned name is not what a next one is called after.
            defaults = dataclasses.replace(defaults, name_template=connection.defaults.name_template)
        try:
            place = await connection.verbs(subject.kind).locate(subject.spec, defaults, obj.namespace or "", obj.name)
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))
        except CloudError as error:
            subject.take(explain(error, "locate"))
        else:
            if pin and not _same(subject.kind, place, pin.place):
                subject.take(explain(_contradiction(place, pin.place), "spec"))
            if subject.place and not pin and not subject.in_flight:
                # Only an attachment is there, which holds the scope and no name.
                subject.moving = subject.moving or place.scope != subject.place.scope
                subject.place = subject.place if subject.moving else place
            subject.place, subject.located = subject.place or place, place

    def _claim(self, subject: Subject) -> None:
        obj = subject.obj
        if subject.place is None or subject.connection is None:
            return
        place, field = subject.place, "spec.name"
        if subject.kind.naming is Naming.NUMBERED:
            # Its names are its own; what two could both want is one that exists.
            wanted = (subject.pin.external_id or "") if subject.pin else subject.import_id
            place, field = Place(place.scope, wanted), "spec.importId"
        if subject.observe_only or not place.name:
            self._free(self.claims.drop(obj.uid))
            return
        rank = PINNED if subject.pin else POSTING if subject.tied else ASKING
        name = Name(obj.kind, subject.connection.endpoint, place)
        holder, freed = self.claims.claim(name, _claimant(obj, rank))
        self._free(freed)
        if holder.uid != obj.uid:
            told = f"the name {place.name!r} in {place.scope}" if field == "spec.name" else place.name
            told = f"{told} belongs to {obj.kind} {holder.shown}: choose another {field}"
            subject.take(Outcome(State.REFUSED, Reason.CONFLICT, told, serves=False))
            subject.place = None

    def bound(self, subject: Subject, pin: Pin | None) -> None:
        """An id that only the answer to a create has told is the object's from then on, also for those who import."""
        if pin is None or not pin.external_id or subject.kind.naming is Naming.UNIQUE or subject.observe_only:
            return
        name = Name(subject.obj.kind, pin.endpoint, Place(pin.place.scope, pin.external_id))
        self._free(self.claims.claim(name, _claimant(subject.obj, PINNED))[1])

    def _free(self, waiting: tuple[Key, ...]) -> None:
        for key in waiting:
            self.wake(key)

    async def _refer(self, subject: Subject) -> None:
        wanted = subject.kind.references(subject.spec)
        newer = subject.track.floor if subject.track.request != reconcile_request(subject.obj) else 0.0
        resolved = await self.references.resolve(subject.obj, wanted, newer_than=newer)
        if isinstance(resolved, Outcome):
            subject.take(resolved)
        else:
            subject.inputs = resolved.inputs
            subject.circumstances = (resolved.version,)
            self._attach(subject)

    def _attach(self, subject: Subject) -> None:
        if subject.place is None or subject.observe_only:
            return
        try:
            subject.attachment = subject.kind.attachment(subject.wanted(subject.place))
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))


def _claimant(obj: Resource, rank: int) -> Claimant:
    return Claimant(rank, obj.created_at, obj.uid, f"{obj.namespace}/{obj.name}", obj.kind)


def _same(kind: Kind, asked: Place, pinned: Place) -> bool:
    """A numbered name is the asked one with its number behind it."""
    if kind.naming is Naming.NUMBERED:
        return asked.scope == pinned.scope
    return asked == pinned


def _contradiction(asked: Place, pinned: Place) -> ImmutableField:
    name = asked.scope == pinned.scope
    rule = f"the resource is {pinned.scope}/{pinned.name} and cannot move: make a new object"
    return ImmutableField("spec.name" if name else "spec (project, region or provider)", rule)
