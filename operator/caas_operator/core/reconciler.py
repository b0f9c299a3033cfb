"""One pass over one object: load, resolve, observe, decide, act, write."""

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from caas_operator.core.acting import Actor, Result
from caas_operator.core.claims import Claims
from caas_operator.core.conditions import parse_time
from caas_operator.core.decision import Absent, Adopt, Facts, Present, Release, Seen, Unseen, decide
from caas_operator.core.errors import CloudError, InvalidSpec, StaleObject
from caas_operator.core.fingerprint import Fingerprints, changed
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import FINALIZER, PAUSED, Key, Resource
from caas_operator.core.outcome import Outcome, State
from caas_operator.core.ports import Clock, Naming, TaskState
from caas_operator.core.problems import explain
from caas_operator.core.schedule import DELETE_WAITS_FOR_TASK
from caas_operator.core.seeing import Identity, look
from caas_operator.core.status import is_converged, next_status, reconcile_request, worth_writing
from caas_operator.core.subject import Preparation, Subject, Track, circumstances
from caas_operator.core.surroundings import Events, NotYet, Objects, References
from caas_operator.core.tasks import Verdict

logger = logging.getLogger("caas_operator.engine")

WARNED = frozenset({State.RETRYING, State.BROKEN, State.REFUSED, State.CREATE_UNKNOWN, State.DELETE_BLOCKED})


@dataclass(frozen=True, slots=True)
class Visit:
    """What the queue needs to know after a pass."""

    group: str = ""
    again_at: float | None = None
    outcome: Outcome | None = None


@dataclass
class Reconciler:
    preparation: Preparation
    actor: Actor
    objects: Objects
    references: References
    events: Events
    claims: Claims
    clock: Clock
    wake: Callable[[Key], None]
    leading_since: float
    fingerprints: Fingerprints | None = None
    tracks: dict[Key, Track] = field(default_factory=dict)
    watching: dict[Key, Inventory] = field(default_factory=dict)

    async def visit(self, obj: Resource) -> Visit:
        """Move one object one step closer to its spec. Raises ObjectGone, StaleObject."""
        track = self.tracks.setdefault(obj.key, Track())
        if obj.deleting and FINALIZER not in obj.finalizers:
            return Visit()
        if PAUSED in obj.annotations and obj.annotations[PAUSED] != "false":
            return await self._held(obj, track)
        subject = await self.preparation.prepare(obj, track)
        if isinstance(subject, NotYet):
            return Visit()
        self._recall(subject)
        self._fingerprint(subject)
        verdict = self._task(subject)
        running = verdict is not None and verdict.state is TaskState.RUNNING
        quiet, seen = (False, Unseen()) if running else await self._see(subject)
        group = subject.connection.group if subject.connection else ""
        if quiet:
            return Visit(group)
        result = await self._carry_out(subject, self._facts(subject, seen, verdict))
        await self._conclude(subject, result)
        return Visit(group, result.again_at, result.outcome)

    def was_released(self, key: Key) -> bool:
        """Whether the object went because we let it go."""
        track = self.tracks.get(key)
        return track is not None and track.released

    def forget(self, key: Key) -> None:
        """The object is gone from the cluster."""
        self.tracks.pop(key, None)
        self._unwatch(key)
        self.references.forget(key)
        for waiting in self.claims.drop(key.uid):
            self.wake(waiting)

    async def _held(self, obj: Resource, track: Track) -> Visit:
        kind = self.preparation.kinds[obj.kind]
        subject = Subject(obj, kind, track, marker="")
        await self._conclude(subject, await self.actor.act(subject, decide(Facts(Unseen(), paused=True)), Unseen()))
        return Visit()

    def _recall(self, subject: Subject) -> None:
        """Bring back the last failure while it is in force; forget it when what it depended on has changed."""
        track, now = subject.track, self.clock.now()
        current = circumstances(subject)
        subject.circumstances = current
        if track.circumstances != current:
            track.problem, track.failures, track.futile, track.circumstances = None, 0, (), current
        request = reconcile_request(subject.obj)
        if request != track.request:
            track.request = request
            if request != subject.obj.status.get("lastHandledReconcileAt", ""):
                track.floor = now
        if track.problem and track.retry_at > now:
            subject.take(track.problem)

    async def _see(self, subject: Subject) -> tuple[bool, Seen]:
        """Look at the cloud; quiet means: it cannot be seen, and a converged object says nothing about that."""
        connection, place, track = subject.connection, subject.place, subject.track
        if connection is None or place is None:
            return False, Unseen()
        inventory = connection.inventory(subject.kind, place.scope)
        identity = self._identity(subject)
        self._watch(subject, inventory, identity)
        started = self.clock.now()
        try:
            listing = await inventory.listing(track.floor or self._first_floor(subject, started), subject.obj.key)
            seen = look(listing, identity)
            if isinstance(seen, Present) and not subject.pin and not subject.in_flight and listing.begun < started:
                # What is about to be adopted or refused must be there now, not a while ago.
                seen = look(await inventory.listing(started, subject.obj.key), identity)
        except CloudError as error:
            if is_converged(subject.obj) and not subject.obj.deleting:
                return True, Unseen()
            subject.take(explain(error, "list"))
            return False, Unseen()
        transient = subject.kind.naming is Naming.NUMBERED and subject.pin
        if isinstance(seen, Absent) and transient and not subject.obj.deleting:
            return False, self._missed(subject, inventory)
        if isinstance(seen, Present):
            track.missed = 0.0
            return False, self._compared(subject, seen)
        return False, seen

    def _first_floor(self, subject: Subject, started: float) -> float:
        """How fresh the first look of this process must be: an object that is not bound yet must not go by old news."""
        return 0.0 if subject.pin else started

    def _identity(self, subject: Subject) -> Identity:
        assert subject.place is not None  # noqa: S101 - the caller looked
        since = max(self.leading_since, subject.track.posted_at)
        return Identity(subject.kind.naming, subject.marker, subject.place, subject.pin, subject.in_flight, since)

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
        return dataclasses.replace(seen, drift=drift, stale=stale)

    def _fingerprint(self, subject: Subject) -> None:
        """What the write-only values are now, for the record and for telling a change."""
        if subject.spec is None or subject.place is None or self.fingerprints is None:
            return
        values = subject.kind.write_only(subject.wanted(subject.place))
        subject.fingerprint = self.fingerprints.of(values) if values else None

    def _missed(self, subject: Subject, inventory: Inventory) -> Absent:
        """A transient resource is gone when two LISTs in turn lack it."""
        begun, track = inventory.last.begun, subject.track
        if track.missed and begun > track.missed:
            return Absent()
        track.missed = track.missed or begun
        resync = subject.connection.resync_seconds if subject.connection else 0.0
        return Absent(proven=False, proven_at=self.clock.now() + resync)

    async def _carry_out(self, subject: Subject, facts: Facts) -> Result:
        step = decide(facts)
        if isinstance(step, Adopt):
            await self.actor.adopt(subject, step.found)
            step = decide(dataclasses.replace(facts, claimed=True, pinned=True))
        if isinstance(step, Release):
            return await self._release(subject)
        if subject.observe_only and FINALIZER in subject.obj.finalizers:
            await self.actor.release(subject)
        return await self.actor.act(subject, step, facts.seen)

    async def _release(self, subject: Subject) -> Result:
        pin = subject.pin
        retained = pin is not None and subject.obj.spec.get("deletionPolicy") == "Retain"
        gone = f"deleted {pin.external_id}" if pin and not retained and not subject.observe_only else ""
        return await self.actor.release(subject, f"left {pin.external_id} in the cloud" if retained and pin else gone)

    def _facts(self, subject: Subject, seen: Seen, verdict: Verdict | None) -> Facts:
        obj, operation = subject.obj, subject.operation
        return Facts(
            seen=seen,
            deleting=obj.deleting,
            observe_only=subject.observe_only,
            retain=obj.spec.get("deletionPolicy") == "Retain",
            protected=obj.spec.get("deletionProtection") is True,
            adopt_anything=obj.spec.get("adoptionPolicy") == "Always",
            problem=subject.problem,
            finalizer=FINALIZER in obj.finalizers,
            claimed=subject.claimed,
            pinned=subject.pin is not None,
            in_flight=subject.in_flight,
            expires=subject.kind.naming is Naming.NUMBERED,
            denied=subject.track.denied,
            lapsed=self._lapsed(obj),
            verb=operation.verb if operation else None,
            task=verdict,
            overdue=bool(operation and self.clock.now() - operation.started_at >= DELETE_WAITS_FOR_TASK),
        )

    def _lapsed(self, obj: Resource) -> bool:
        expires = (obj.status.get("observed") or {}).get("expiresAt")
        return expires is not None and parse_time(expires) < self.clock.now()

    def _task(self, subject: Subject) -> Verdict | None:
        """Where the recorded operation stands; one that converged, or whose failure was told, says nothing more."""
        board = subject.connection.tasks if subject.connection else None
        operation = subject.operation
        if board is None or operation is None or not operation.task_ids:
            return None
        if subject.track.spent == operation.task_ids or is_converged(subject.obj, operation.generation):
            board.drop(operation)
            return None
        verdict = board.follow(subject.obj.key, operation)
        subject.track.floor = max(subject.track.floor, verdict.settled_at)
        return verdict

    def _watch(self, subject: Subject, inventory: Inventory, identity: Identity) -> None:
        key = subject.obj.key
        if self.watching.get(key) not in (None, inventory):
            self._unwatch(key)
        self.watching[key] = inventory
        since = subject.intent.at if subject.intent else self.clock.now()
        if subject.kind.naming is Naming.UNIQUE:
            since = 0.0
        inventory.subscribe(key, identity.tokens(), since)

    def _unwatch(self, key: Key) -> None:
        if (inventory := self.watching.pop(key, None)) is not None:
            inventory.unsubscribe(key)

    async def _conclude(self, subject: Subject, result: Result) -> None:
        obj, outcome = subject.obj, result.outcome
        if outcome is None:
            return
        since = subject.track.generation_since
        begun = since[1] if since[0] == obj.generation else None
        status = next_status(obj, outcome, result.binding, self.clock.now(), since=begun)
        if not worth_writing(obj.status, status):
            return
        if outcome.state in WARNED and _is_news(obj, status):
            self.events.warn(obj, str(outcome.reason), outcome.message)
        with contextlib.suppress(StaleObject):
            # Stale: somebody wrote meanwhile; the next pass, which that change brings, says it again.
            await self.objects.patch_status(obj, status)
            return
        self.wake(obj.key)


def _is_news(obj: Resource, status: dict[str, object]) -> bool:
    def words(conditions: object) -> set[tuple[str, str]]:
        return {(c["reason"], c["message"]) for c in conditions}  # type: ignore[attr-defined]

    return bool(words(status["conditions"]) - words(obj.status.get("conditions", ())))
