"""One pass over one object: load, resolve, observe, decide, act, write."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from caas_operator.core.acting import Actor
from caas_operator.core.advice import advised
from caas_operator.core.attaching import AttachmentObserver
from caas_operator.core.attachment import Attached
from caas_operator.core.claims import Claims
from caas_operator.core.decision import Facts, decide
from caas_operator.core.errors import CloudError, StaleObject
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.finishing import Finisher
from caas_operator.core.gathering import gather
from caas_operator.core.model import FINALIZER, PAUSED, Key, Resource, Verb
from caas_operator.core.observing import Observer
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, TaskState
from caas_operator.core.preparing import Preparation
from caas_operator.core.problems import explain
from caas_operator.core.reporting import with_record
from caas_operator.core.results import Result
from caas_operator.core.schedule import DELETE_WAITS_FOR_TASK
from caas_operator.core.status import is_converged, next_status, reconcile_request, worth_writing
from caas_operator.core.steps import Absent, Adopt, Attach, Create, Present, Release, Seen, Unseen
from caas_operator.core.subject import Subject, Track, circumstances
from caas_operator.core.surroundings import Events, NotYet, Objects, References
from caas_operator.core.tasks import Verdict

logger = logging.getLogger("caas_operator.engine")

WRITE_ATTEMPTS = 3
QUIET_WAIT = 60.0
"""Seconds until a converged object looks again at a cloud that could not be seen."""
WARNED = frozenset(
    {State.RETRYING, State.BROKEN, State.REFUSED, State.CREATE_UNKNOWN, State.DELETE_BLOCKED, State.PAUSED_DELETING}
)


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
    finisher: Finisher
    fingerprints: Fingerprints | None = None
    tracks: dict[Key, Track] = field(default_factory=dict)
    observer: Observer = field(init=False)
    attachments: AttachmentObserver = field(init=False)

    def __post_init__(self) -> None:
        self.observer = Observer(self.clock, self.leading_since)
        self.attachments = AttachmentObserver(self.clock, self.leading_since)

    def lead(self, since: float) -> None:
        """From now on this process alone speaks to the clouds."""
        self.observer.leading_since = since
        self.attachments.leading_since = since

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
        running = verdict is not None and verdict.state is TaskState.RUNNING and not self._waited_enough(subject)
        seen = Unseen() if running else await self.observer.see(subject)
        group = subject.connection.group if subject.connection else ""
        attached = await self._attached(subject, seen) if seen is not None else None
        if seen is None or attached is None:
            return Visit(group, self.clock.now() + QUIET_WAIT)
        result = await self._carry_out(subject, gather(subject, seen, attached, verdict, self.clock.now()))
        result = with_record(subject, seen, result, self.clock.now())
        self.preparation.bound(subject, result.binding.pin)
        result = await self.finisher.finish(subject, result)
        await self._conclude(subject, result)
        if subject.over:
            self.observer.unwatch(obj.key)
        return Visit(group, result.again_at, result.outcome)

    async def _attached(self, subject: Subject, seen: Seen) -> Attached | None:
        """How the attachment stands; None as the observer's."""
        try:
            return await self.attachments.see(subject, seen)
        except CloudError as error:
            if is_converged(subject.obj) and not subject.obj.deleting:
                return None
            subject.take(explain(error, f"list for {subject.kind.attached_by}"))
            return Attached(surplus=subject.obj.deleting, unseen=True)

    def _waited_enough(self, subject: Subject) -> bool:
        """A deletion that has waited for a task for long looks for itself."""
        operation = subject.operation
        if operation is None or not subject.obj.deleting or operation.verb is Verb.DELETE:
            return False
        return self.clock.now() - operation.started_at >= DELETE_WAITS_FOR_TASK

    def was_released(self, key: Key) -> bool:
        """Whether the object went because we let it go."""
        track = self.tracks.get(key)
        return track is not None and track.released

    def forget(self, key: Key) -> None:
        """The object is gone from the cluster."""
        self.tracks.pop(key, None)
        self.observer.unwatch(key)
        self.attachments.unwatch(key)
        self.references.forget(key)
        self.finisher.forget(key)
        for waiting in self.claims.drop(key.uid):
            self.wake(waiting)

    async def _held(self, obj: Resource, track: Track) -> Visit:
        kind = self.preparation.kinds[obj.kind]
        subject = Subject(obj, kind, track, marker="")
        self.finisher.rest(obj.key)
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

    def _fingerprint(self, subject: Subject) -> None:
        """What the write-only values are now, for the record and for telling a change."""
        if subject.spec is None or subject.place is None or self.fingerprints is None:
            return
        values = dict(subject.kind.write_only(subject.wanted(subject.place)))
        if subject.attachment is not None:
            values[subject.kind.attached_by] = subject.attachment.hidden
        subject.fingerprint = self.fingerprints.of(values) if values else None

    async def _carry_out(self, subject: Subject, facts: Facts) -> Result:
        step = decide(facts)
        if isinstance(step, Adopt | Attach | Create) and not self.claims.confirm(subject.obj.uid):
            # Somebody with a better right to the name came meanwhile; the next pass says who.
            return Result(again_at=self.clock.now())
        if isinstance(step, Adopt):
            drift = facts.seen.drift if isinstance(facts.seen, Present) else ()
            await self.actor.bond.adopt(subject, step.found, drift)
            step = decide(dataclasses.replace(facts, claimed=True, pinned=True))
        if isinstance(step, Release):
            return await self._release(subject, facts.seen)
        if subject.observe_only and FINALIZER in subject.obj.finalizers:
            await self.actor.bond.release(subject)
        return await advised(subject, await self.actor.act(subject, step, facts.seen), facts.seen, self.clock.now())

    async def _release(self, subject: Subject, seen: Seen) -> Result:
        pin = subject.pin
        told = ""
        if pin and subject.obj.spec.get("deletionPolicy") == "Retain":
            told = f"left {pin.external_id} in the cloud"
        elif pin and isinstance(seen, Absent):
            told = f"deleted {pin.external_id}"
        return await self.actor.bond.release(subject, told)

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
        if verdict.state is TaskState.FAILED:
            subject.track.words = subject.fit(verdict.error)
            subject.track.futile = ()
        subject.track.settled_at = verdict.settled_at
        subject.track.floor = max(subject.track.floor, verdict.settled_at)
        return verdict

    def _begun(self, subject: Subject) -> float | None:
        """When the first operation of this generation was sent, as far as we know."""
        generation, since = subject.track.generation_since
        if generation == subject.obj.generation:
            return since
        recorded = subject.recorded
        return recorded.started_at if recorded and recorded.generation == subject.obj.generation else None

    async def _conclude(self, subject: Subject, result: Result) -> None:
        """Write what the step came to, if that is news.

        What was done in the cloud must not get lost because somebody labelled the object meanwhile: then it is said
        again, to the object as it is by now.
        """
        outcome = result.outcome
        if outcome is None:
            return
        judged, begun = subject.obj.generation, self._begun(subject)
        for attempt in range(WRITE_ATTEMPTS):
            obj = subject.obj
            as_judged = dataclasses.replace(obj, generation=judged)
            status = next_status(as_judged, outcome, result.binding, self.clock.now(), since=begun)
            if not worth_writing(obj.status, status):
                return
            try:
                subject.obj = await self.objects.patch_status(obj, status)
            except StaleObject:
                fresh = await self.objects.look_again(obj)
                if fresh is None or attempt == WRITE_ATTEMPTS - 1:
                    raise
                subject.obj = fresh
                # What made it another one is looked at by the next pass.
                self.wake(obj.key)
                continue
            if outcome.state in WARNED and _is_news(obj, status):
                reason = Reason.DELETE_BLOCKED if outcome.state is State.PAUSED_DELETING else outcome.reason
                self.events.warn(obj, str(reason), outcome.message)
            return


def _is_news(obj: Resource, status: dict[str, object]) -> bool:
    def words(conditions: object) -> set[tuple[str, str]]:
        return {(c["reason"], c["message"]) for c in conditions}  # type: ignore[attr-defined]

    return bool(words(status["conditions"]) - words(obj.status.get("conditions", ())))
