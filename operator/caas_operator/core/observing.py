"""Looking at the cloud for one object: which LIST counts, what it shows, and how that differs from the spec."""

import dataclasses
from dataclasses import dataclass, field

from caas_operator.core.conditions import parse_time
from caas_operator.core.errors import CloudError, InvalidSpec, NotFound
from caas_operator.core.fingerprint import changed
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import Key, Verb
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import Clock, Naming
from caas_operator.core.problems import explain
from caas_operator.core.results import connection_of
from caas_operator.core.schedule import CREATE_FENCE, look_again
from caas_operator.core.seeing import Identity, absence, look
from caas_operator.core.status import is_converged, is_ready
from caas_operator.core.steps import Absent, Present, Seen, Unseen
from caas_operator.core.subject import Subject

A_MOMENT = 1e-6
CLOCKS_DIFFER = 30.0
"""Seconds that a cloud's clock may be behind ours."""


@dataclass
class Observer:
    """`watching`: where each object has subscribed to changes."""

    clock: Clock
    leading_since: float
    watching: dict[Key, Inventory] = field(default_factory=dict)

    async def see(self, subject: Subject) -> Seen | None:
        """Look at the cloud; None means: it cannot be seen, and a converged object says nothing about that."""
        if subject.connection is None or subject.place is None:
            return Unseen()
        if subject.over:
            # Nothing brings it back, and a LIST that had to show it would go back to its making for ever.
            self.unwatch(subject.obj.key)
            return Absent()
        try:
            seen = await self._look(subject, subject.connection.inventory(subject.kind, subject.place.scope))
        except CloudError as error:
            if is_converged(subject.obj) and not subject.obj.deleting:
                return None
            subject.take(await _misplaced(subject, error) or explain(error, "list"))
            return Unseen()
        if isinstance(seen, Present):
            subject.track.missed = 0.0
            if seen.mine:
                subject.track.shown_at = self.clock.now()
            return self._compared(subject, dataclasses.replace(seen, found=subject.shown(seen.found)))
        return seen

    async def _look(self, subject: Subject, inventory: Inventory) -> Absent | Present:
        track, pin, identity = subject.track, subject.pin, self._identity(subject)
        self._watch(subject, inventory, identity)
        started = self.clock.now()
        listing = await inventory.listing(track.floor or self._first_floor(subject, started), subject.obj.key)
        seen = look(listing, identity)
        # What this listing has shown once it need not be asked for again.
        track.floor = max(track.floor, min(listing.begun, started) - A_MOMENT)
        unbound = pin is None and not subject.in_flight and not subject.observe_only
        if isinstance(seen, Present) and unbound and listing.begun < started:
            # What is about to be adopted or refused must be there now, not a while ago.
            seen = look(await inventory.listing(started, subject.obj.key), identity)
        elsewhere = subject.in_flight and subject.located not in (None, subject.place)
        if isinstance(seen, Present) and not seen.mine and pin is None and elsewhere:
            # Somebody else took the name of a POST of ours, and the object wants another one by now.
            return absence(listing, identity)
        if pin is not None and track.gone and pin.external_id == track.gone:
            return Absent()
        transient = subject.kind.naming is Naming.NUMBERED and pin is not None
        if isinstance(seen, Absent) and transient and not subject.obj.deleting:
            return self._missed(subject, inventory)
        return seen

    def _first_floor(self, subject: Subject, started: float) -> float:
        """How fresh the first look of this process must be: an object that is not bound yet must not go by old news."""
        return 0.0 if subject.pin else started

    def _identity(self, subject: Subject) -> Identity:
        assert subject.place is not None  # noqa: S101 - the caller looked
        made = _made_unseen(subject)
        since = max(self.leading_since, subject.track.posted_at) if subject.in_flight else made
        return Identity(
            subject.kind.naming,
            subject.marker,
            subject.place,
            subject.pin,
            subject.in_flight or made > 0.0,
            since,
            subject.import_id,
            subject.intent.number if subject.intent and subject.in_flight else 0,
            unseen=_never_seen(subject),
        )

    def _compared(self, subject: Subject, seen: Present) -> Present:
        if subject.spec is None or subject.obj.deleting:
            return seen
        health = subject.kind.health(subject.spec, seen.found)
        if health is not seen.found.health:
            seen = dataclasses.replace(seen, found=dataclasses.replace(seen.found, health=health))
        try:
            drift = tuple(subject.kind.drift(subject.wanted(self._identity(subject).place), seen.found))
        except InvalidSpec as error:
            subject.take(explain(error, "spec"))
            return seen
        sent = subject.obj.status.get("appliedSecrets") or {}
        stale = changed(sent, subject.fingerprint) if subject.fingerprint else ()
        # What is attached has a step of its own.
        stale = tuple(name for name in stale if name != subject.kind.attached_by)
        return dataclasses.replace(seen, drift=drift, stale=stale)

    def _missed(self, subject: Subject, inventory: Inventory) -> Absent:
        """A transient resource is gone when two LISTs in turn lack it, that may be expected to show it."""
        begun, track = inventory.last.begun, subject.track
        made = _made_unshown(subject)
        if begun <= made + CREATE_FENCE:
            now = self.clock.now()
            return Absent(proven=False, proven_at=now + look_again(now - made))
        if track.missed and begun > track.missed:
            return Absent()
        track.missed = track.missed or begun
        resync = subject.connection.resync_seconds if subject.connection else 0.0
        return Absent(proven=False, proven_at=self.clock.now() + resync)

    def _watch(self, subject: Subject, inventory: Inventory, identity: Identity) -> None:
        key = subject.obj.key
        if self.watching.get(key) not in (None, inventory):
            self.unwatch(key)
        self.watching[key] = inventory
        # A resource of the object is no older than the object, and the one it is bound to no older than status says.
        status = subject.obj.status
        created = (status.get("createdAt") or status.get("startedAt")) if subject.pin else None
        since = parse_time(created or subject.obj.created_at)
        if subject.kind.naming is Naming.UNIQUE or (subject.import_id and not subject.pin):
            since = 0.0
        inventory.subscribe(key, identity.tokens(), since)

    def unwatch(self, key: Key) -> None:
        if (inventory := self.watching.pop(key, None)) is not None:
            inventory.unsubscribe(key)


async def _misplaced(subject: Subject, error: CloudError) -> Outcome | None:
    """What is wrong with the place that an object asks for, where the cloud knows none such and its lists tell why."""
    if not isinstance(error, NotFound) or subject.pin or subject.spec is None or subject.place is None:
        return None
    try:
        await connection_of(subject).verbs(subject.kind).check(subject.wanted(subject.place))
    except InvalidSpec as wrong:
        return explain(wrong, "spec", serves=False)
    return None


def _made_unseen(subject: Subject) -> float:
    """When the cloud ended a create that no LIST has shown since; 0.0 if there is none.

    A LIST may show a resource only a while after its task has FINISHED: until then an absence proves nothing.
    """
    operation, track = subject.operation, subject.track
    if operation is None or operation.verb is not Verb.CREATE:
        return 0.0
    # Status has `createdAt` of what was shown; by the cloud's clock, and of a former resource after a new create.
    created = subject.obj.status.get("createdAt")
    shown_at = max(track.shown_at, parse_time(created) + CLOCKS_DIFFER if created else 0.0)
    if shown_at >= operation.started_at:
        return 0.0
    if operation.task_ids and track.spent == operation.task_ids:
        return 0.0
    return max(operation.started_at, track.settled_at)


def _made_unshown(subject: Subject) -> float:
    """When a create was answered of what no LIST has shown this process; 0.0 if none was."""
    operation = subject.operation
    if operation is None or operation.verb is not Verb.CREATE or subject.track.shown_at >= operation.started_at:
        return 0.0
    return operation.started_at


def _never_seen(subject: Subject) -> bool:
    """Whether no LIST has shown what the last create made: neither in this process, nor by what status says."""
    operation, adopted = subject.operation, subject.intent is not None and subject.intent.adopted
    if operation is None or operation.verb is not Verb.CREATE or adopted:
        return False
    return subject.track.shown_at < operation.started_at and not is_ready(subject.obj)
