"""Carrying out a step: at most one mutating cloud call, and what it means for the object."""

import dataclasses
import logging
import math
import random
from dataclasses import dataclass, field

from caas_operator.core import decision
from caas_operator.core.conditions import progress_deadline
from caas_operator.core.errors import CloudError, InvalidSpec, NotFound
from caas_operator.core.identity import Intent, next_intent_time
from caas_operator.core.model import (
    CREATE_INTENT,
    FINALIZER,
    External,
    Health,
    Operation,
    Pin,
    Place,
    Receipt,
    Resource,
    Verb,
)
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, Naming, Wanted
from caas_operator.core.problems import explain, explain_task
from caas_operator.core.schedule import (
    DELETE_WAITS_FOR_TASK,
    LONGEST_DEPENDENCY_WAIT,
    REVISIT,
    TASK_FORGOTTEN,
    backoff,
    look_again,
)
from caas_operator.core.seeing import next_number
from caas_operator.core.status import Binding
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Connection, Events, Objects

logger = logging.getLogger("caas_operator.engine")

SHOWS_WITHIN = 30.0
"""Seconds until a change that was answered and is not to be seen counts as not done."""
LOOKING = "whether the create was done is not known: looking for the resource before another try"


@dataclass(frozen=True, slots=True)
class Result:
    """What a step led to. `outcome` None: nothing new to say. `again_at`: when to look without being woken."""

    outcome: Outcome | None = None
    binding: Binding = field(default_factory=Binding)
    again_at: float | None = None


@dataclass(frozen=True)
class Actor:
    """The hands of the engine. Each method carries out one kind of step."""

    objects: Objects
    events: Events
    clock: Clock
    jitter: random.Random

    async def act(  # noqa: C901, PLR0911, PLR0912 - one case a step
        self, subject: Subject, step: decision.Step, seen: decision.Seen
    ) -> Result:
        match step:
            case decision.Hold():
                return hold(subject)
            case decision.Report(problem):
                return self.report(subject, problem, seen)
            case decision.Follow():
                return follow(subject, seen)
            case decision.Retry(error):
                subject.track.spent = subject.operation.task_ids if subject.operation else ()
                return self.fail(subject, explain_task(error, _verb(subject), serves=serving(seen)))
            case decision.AwaitProof(until):
                return self.await_proof(subject, until)
            case decision.Create():
                return await self.create(subject)
            case decision.Refuse(found):
                return Result(refusal(subject, found))
            case decision.Update(found, drift):
                return await self.update(subject, found, drift)
            case decision.Delete(found, twin):
                return await (self.discard(subject, found) if twin and found else self.delete(subject, found))
            case decision.Protected():
                told = "deletionProtection is on: set it to false to let the deletion go on"
                return Result(Outcome(State.DELETE_BLOCKED, Reason.DELETE_BLOCKED, told))
            case decision.Ended(found):
                return Result(Outcome(State.COMPLETE, Reason.EXPIRED, "the sandbox has expired"), Binding(found=found))
            case decision.Observe(seen_only):
                return self.observe(subject, seen_only)
            case decision.Outdated(found, stale):
                return self.outdated(subject, found, stale)
            case decision.Watch(found):
                return self.watch(subject, found)
        raise AssertionError(f"{step} is carried out by the reconciler")

    # -- words ---------------------------------------------------------------------------------------------------

    def report(self, subject: Subject, problem: Outcome, seen: decision.Seen) -> Result:
        track, now = subject.track, self.clock.now()
        if problem is track.problem:
            again_at = track.retry_at
        else:
            track.failures += 1
            wait = min(LONGEST_DEPENDENCY_WAIT, backoff(track.failures, self.jitter))
            again_at = math.inf if problem.state is State.REFUSED else now + wait
        if subject.obj.deleting:
            problem = blocked(subject, problem)
        elif problem.serves is None:
            problem = dataclasses.replace(problem, serves=serving(seen))
        return Result(problem, again_at=again_at if math.isfinite(again_at) else None)

    def fail(self, subject: Subject, problem: Outcome, error: CloudError | None = None) -> Result:
        """Remember a failure: in force until its backoff is over, a refusal until the circumstances change."""
        track, now = subject.track, self.clock.now()
        track.failures += 1
        wait = max(backoff(track.failures, self.jitter), (error.retry_after or 0.0) if error else 0.0)
        track.problem = problem
        track.retry_at = math.inf if problem.state is State.REFUSED else now + wait
        extra = {"request_id": error.request_id} if error else {}
        logger.warning("%s: %s: %s", subject.obj, problem.reason, problem.message, extra=extra)
        told = blocked(subject, problem) if subject.obj.deleting else problem
        return Result(told, again_at=track.retry_at if math.isfinite(track.retry_at) else None)

    def await_proof(self, subject: Subject, until: float) -> Result:
        now = self.clock.now()
        subject.track.floor = now
        if subject.kind.naming is Naming.NUMBERED and subject.pin:
            return Result(again_at=until)
        if subject.obj.deleting:
            outcome = Outcome(State.DELETING, Reason.DELETING, LOOKING)
        else:
            outcome = Outcome(State.CREATE_UNKNOWN, Reason.CREATE_OUTCOME_UNKNOWN, LOOKING)
        waited = now - max(subject.track.posted_at, subject.intent.at if subject.intent else 0.0)
        return Result(outcome, again_at=min(until + 0.1, now + look_again(waited)))

    def observe(self, subject: Subject, seen: decision.Absent | decision.Present) -> Result:
        binding = Binding(pin=self.bind(subject), provider=provider(subject), forget=True)
        if isinstance(seen, decision.Absent):
            told = (
                f"{subject.place.name if subject.place else ''} is not in the cloud; under ObserveOnly nothing is made"
            )
            problem = Outcome(State.RETRYING, Reason.NOT_FOUND, told, serves=False)
            return Result(problem, dataclasses.replace(binding, pin=None), self.clock.now() + REVISIT)
        binding = dataclasses.replace(binding, found=seen.found)
        if seen.drift and seen.found.health is not Health.BROKEN:
            told = "differs from the cloud: " + ", ".join(seen.drift)
            return Result(Outcome(State.DRIFTED, Reason.DRIFT_DETECTED, told), binding)
        return dataclasses.replace(self.watch(subject, seen.found), binding=binding)

    def watch(self, subject: Subject, found: External) -> Result:
        track, now = subject.track, self.clock.now()
        track.problem, track.futile = None, ()
        binding = Binding(self.bind(subject, found), provider(subject), found)
        if found.health is Health.BROKEN:
            told = f"the cloud says: {found.message}" if found.message else "the cloud reports a failure"
            outcome = Outcome(State.BROKEN, Reason.CLOUD_ERROR, told, serves=False, deadline=True)
            return Result(outcome, binding, deadline(subject, now))
        if found.health is Health.CHANGING:
            track.floor = now
            started = subject.operation.started_at if subject.operation else now
            return Result(in_progress(subject, serves=None), binding, now + look_again(now - started))
        track.failures = 0
        applied = tuple(subject.kind.applied(subject.spec))
        binding = dataclasses.replace(binding, applied=applied, secrets=subject.fingerprint)
        suspended = found.health is Health.STOPPED
        state, reason = (State.SUSPENDED, Reason.SUSPENDED) if suspended else (State.SERVING, Reason.AVAILABLE)
        return Result(Outcome(state, reason, ""), binding, now + REVISIT * (0.5 + self.jitter.random()))

    def outdated(self, subject: Subject, found: External, stale: tuple[str, ...]) -> Result:
        result = self.watch(subject, found)
        if result.outcome is None or result.outcome.state is not State.SERVING:
            return result
        told = f"changed since it was sent, and cannot be changed there: {', '.join(stale)}; make a new object"
        binding = dataclasses.replace(result.binding, secrets=None)
        return Result(Outcome(State.DRIFTED, Reason.DRIFT_DETECTED, told), binding, result.again_at)

    # -- hands ---------------------------------------------------------------------------------------------------

    async def claim(self, subject: Subject, place: Place, number: int = 0, *, adopted: bool = False) -> None:
        """Finalizer and intent on the object, in one write, before anything is done in the cloud."""
        connection, obj = _connection(subject), subject.obj
        at = next_intent_time(self.clock.now(), subject.operation)
        intent = Intent(obj.uid, connection.ref, connection.endpoint, place, number, at, adopted)
        subject.obj = await self.objects.patch_metadata(
            obj, annotations={CREATE_INTENT: intent.render()}, finalizers=with_finalizer(obj)
        )
        subject.intent, subject.place = intent, place

    async def adopt(self, subject: Subject, found: External) -> None:
        """Bind what was found; from here on it is as if we had made it."""
        number = found.number if subject.kind.naming is Naming.NUMBERED else 0
        place = Place(_place(subject).scope, found.name)
        await self.claim(subject, place, number, adopted=True)
        if subject.pin is None:
            self.events.normal(subject.obj, "Adopted", f"took {found.id} under management")
        subject.pin = self.bind(subject, found)

    async def create(self, subject: Subject) -> Result:
        place, number = _place(subject), 0
        if subject.kind.naming is Naming.NUMBERED:
            place, number = self.number(subject)
        if not (subject.in_flight and subject.intent and subject.intent.place == place and subject.claimed):
            await self.claim(subject, place, number)
        try:
            receipt = await _connection(subject).verbs(subject.kind).create(self.wanted(subject))
        except InvalidSpec as error:
            return self.refused_create(subject, explain(error, "create", serves=False))
        except CloudError as error:
            subject.track.floor = self.clock.now()
            if not error.ambiguous:
                return self.refused_create(subject, explain(error, "create", serves=False), error)
            subject.track.posted_at = self.clock.now()
            logger.warning("%s: create: %s; looking before another try", subject.obj, error.message)
            unknown = Outcome(State.CREATE_UNKNOWN, Reason.CREATE_OUTCOME_UNKNOWN, LOOKING)
            return Result(unknown, again_at=self.clock.now() + look_again(0.0))
        return self.sent(subject, Verb.CREATE, receipt)

    def refused_create(self, subject: Subject, problem: Outcome, error: CloudError | None = None) -> Result:
        """The POST was answered, with a no: recording it closes the intent, so nothing is looked for later."""
        operation = self.operation(subject, Verb.CREATE, Receipt())
        return dataclasses.replace(self.fail(subject, problem, error), binding=Binding(operation=operation))

    async def update(self, subject: Subject, found: External, drift: tuple[str, ...]) -> Result:
        track, stamp, now = subject.track, (subject.circumstances, drift), self.clock.now()
        if track.futile == stamp and subject.operation and now - subject.operation.started_at < SHOWS_WITHIN:
            # A change without a task is done when the cloud shows it, which may take a while.
            track.floor = now
            return Result(in_progress(subject, serves=_serves(found)), again_at=now + look_again(0.0))
        if track.futile == stamp:
            track.futile = ()
            told = f"after an update the cloud still has another value of {', '.join(drift)}"
            return self.fail(subject, Outcome(State.RETRYING, Reason.DRIFT_DETECTED, told, serves=_serves(found)))
        try:
            receipt = await _connection(subject).verbs(subject.kind).update(self.wanted(subject), found, drift)
        except (InvalidSpec, CloudError) as error:
            track.floor = self.clock.now()
            cause = error if isinstance(error, CloudError) else None
            return self.fail(subject, explain(error, "update", serves=_serves(found)), cause)
        track.futile = stamp
        return self.sent(subject, Verb.UPDATE, receipt, found)

    async def delete(self, subject: Subject, found: External | None) -> Result:
        operation = subject.operation
        if operation and operation.verb is Verb.DELETE and subject.track.spent != operation.task_ids:
            # Its task is over and the resource is still there: not again before a backoff.
            subject.track.spent = operation.task_ids
            told = "the cloud has ended the deletion and still shows the resource"
            return self.fail(subject, Outcome(State.RETRYING, Reason.CLOUD_ERROR, told))
        place = Place(_place(subject).scope, found.name) if found else _place(subject)
        external_id = found.id if found else (subject.pin.external_id if subject.pin else None) or ""
        try:
            receipt = await _connection(subject).verbs(subject.kind).delete(place, external_id)
        except NotFound:
            # A wrong project answers the same: only a LIST is proof.
            subject.track.floor, subject.track.denied = self.clock.now(), True
            return Result(Outcome(State.DELETING, Reason.DELETING), again_at=self.clock.now() + look_again(0.0))
        except CloudError as error:
            subject.track.floor = self.clock.now()
            return self.fail(subject, explain(error, "delete"), error)
        if subject.kind.naming is Naming.NUMBERED:
            logger.info("%s: deleted %s", subject.obj, external_id)
            return await self.release(subject, f"deleted {external_id}")
        return self.sent(subject, Verb.DELETE, receipt, found)

    async def discard(self, subject: Subject, twin: External) -> Result:
        """A create that was done twice: the younger double goes, its name proves that it is ours."""
        try:
            await _connection(subject).verbs(subject.kind).delete(Place(_place(subject).scope, twin.name), twin.id)
        except CloudError as error:
            return self.fail(subject, explain(error, "delete of a double"), error)
        self.events.warn(subject.obj, "DoubleDeleted", f"a create was done twice; deleted the younger, {twin.id}")
        subject.track.floor = self.clock.now()
        return Result(again_at=self.clock.now())

    async def release(self, subject: Subject, told: str = "") -> Result:
        """Let the object go. Whatever the cloud still has is not ours, or was to be left there."""
        obj = subject.obj
        if FINALIZER in obj.finalizers:
            subject.track.released = True
            kept = tuple(name for name in obj.finalizers if name != FINALIZER)
            subject.obj = await self.objects.patch_metadata(obj, annotations={}, finalizers=kept)
        if told and obj.deleting:
            self.events.normal(obj, "Deleted", told)
        return Result()

    # -- bookkeeping ---------------------------------------------------------------------------------------------

    def sent(self, subject: Subject, verb: Verb, receipt: Receipt, found: External | None = None) -> Result:
        """A mutation was answered: record it; what is done at once is judged at once."""
        track, now = subject.track, self.clock.now()
        track.floor, track.problem = now, None
        subject.operation = self.operation(subject, verb, receipt)
        logger.info("%s: %s sent, tasks %s", subject.obj, verb.lower(), list(receipt.task_ids))
        if receipt.found is not None:
            subject.pin = self.bind(subject, receipt.found)
            result = self.watch(subject, receipt.found)
            return dataclasses.replace(result, binding=dataclasses.replace(result.binding, operation=subject.operation))
        applied = self.applied(subject) if verb is not Verb.DELETE else None
        binding = Binding(self.bind(subject), provider(subject), found, subject.operation, applied)
        if verb is Verb.DELETE:
            outcome = Outcome(State.DELETING, Reason.DELETING)
        else:
            outcome = in_progress(subject, serves=_serves(found) if found else False)
        if not receipt.task_ids:
            return Result(outcome, binding, now + look_again(0.0))
        board = _connection(subject).tasks
        if board is not None:
            board.follow(subject.obj.key, subject.operation)
        return Result(outcome, binding, now + TASK_FORGOTTEN)

    def applied(self, subject: Subject) -> tuple[str, ...]:
        """What is, or comes to be, in the cloud by our hand; it is cleared though it left spec before it converged."""
        before = subject.obj.status.get("appliedFields") or ()
        return tuple(sorted({*before, *subject.kind.applied(subject.spec)}))

    def operation(self, subject: Subject, verb: Verb, receipt: Receipt) -> Operation:
        now, generation = self.clock.now(), subject.obj.generation
        if subject.track.generation_since[0] != generation:
            subject.track.generation_since = (generation, now)
        if verb is Verb.CREATE and subject.intent:
            now = max(now, subject.intent.at)
        return Operation(verb, receipt.task_ids, generation, now)

    def bind(self, subject: Subject, found: External | None = None) -> Pin | None:
        """The pin that status is to record."""
        if subject.connection is None or subject.place is None:
            return subject.pin
        connection, place = subject.connection, subject.place
        external_id = found.id if found else subject.kind.external_id(place)
        if found is not None:
            place = Place(place.scope, found.name)
        return Pin(connection.ref, connection.endpoint, place, external_id)

    def number(self, subject: Subject) -> tuple[Place, int]:
        """The next numbered name; an intent whose POST was not done keeps its own."""
        place, intent = _place(subject), subject.intent
        if intent is not None and subject.in_flight:
            return intent.place, intent.number
        listing = _connection(subject).inventory(subject.kind, place.scope).last
        number = max(next_number(listing, subject.marker), intent.number + 1 if intent else 1)
        return Place(place.scope, f"{place.name}-{subject.marker}-{number}"), number

    def wanted(self, subject: Subject) -> Wanted:
        return subject.wanted(_place(subject))


def hold(subject: Subject) -> Result:
    if subject.obj.deleting:
        told = "paused: remove the annotation to let the deletion go on"
        return Result(Outcome(State.PAUSED_DELETING, Reason.PAUSED, told))
    return Result(Outcome(State.PAUSED, Reason.PAUSED, "paused by annotation"))


def follow(subject: Subject, seen: decision.Seen) -> Result:
    operation = subject.operation
    started = operation.started_at if operation else 0.0
    if subject.obj.deleting:
        own = operation is not None and operation.verb is Verb.DELETE
        told = "" if own else "waiting for a running task before the deletion"
        again = started + (TASK_FORGOTTEN if own else DELETE_WAITS_FOR_TASK)
        return Result(Outcome(State.DELETING, Reason.DELETING, told), again_at=again)
    return Result(in_progress(subject, serves=serving(seen)), again_at=started + TASK_FORGOTTEN)


def in_progress(subject: Subject, *, serves: bool | None) -> Outcome:
    """Creating until the object was ready once, updating from then on."""
    if subject.operation is None or subject.operation.verb is Verb.CREATE:
        return Outcome(State.PROVISIONING, Reason.PROVISIONING)
    return Outcome(State.UPDATING, Reason.UPDATING, serves=serves)


def refusal(subject: Subject, found: External) -> Outcome:
    if found.foreign:
        told = f"{found.id} exists and {found.foreign}: it is never adopted; choose another name"
    else:
        told = (
            f"{found.id} exists and is not marked as this object's: choose another name, delete it in the cloud, "
            "or set adoptionPolicy: Always to take it over"
        )
    return Outcome(State.REFUSED, Reason.CONFLICT, told, serves=None if subject.pin else False)


def blocked(subject: Subject, problem: Outcome) -> Outcome:
    obj = subject.obj
    place = f"-n {obj.namespace} " if obj.namespace else ""
    left = subject.pin.external_id if subject.pin else "what it may have made"
    told = (
        f"{problem.reason}: {problem.message}. To give up and leave {left} in the cloud: "
        f'kubectl patch {obj.kind.lower()} {place}{obj.name} --type=merge -p \'{{"metadata":{{"finalizers":null}}}}\''
    )
    return Outcome(State.DELETE_BLOCKED, Reason.DELETE_BLOCKED, told)


def deadline(subject: Subject, now: float) -> float | None:
    """When a reported failure becomes Stalled: the next time that something changes by itself."""
    generation, since = subject.track.generation_since
    for condition in subject.obj.status.get("conditions", ()):
        if condition["type"] == "Ready" and condition["status"] == "False":
            due = progress_deadline(condition, since if generation == subject.obj.generation else None)
            return due + 1.0 if due >= now else None
    return now + 600.0


def serving(seen: decision.Seen) -> bool | None:
    match seen:
        case decision.Present(found=found, mine=True):
            return _serves(found)
        case decision.Absent(proven=True):
            return False
    return None


def _serves(found: External) -> bool | None:
    return {Health.SERVING: True, Health.STOPPED: True, Health.CHANGING: None}.get(found.health, False)


def provider(subject: Subject) -> str:
    return subject.connection.provider if subject.connection else ""


def with_finalizer(obj: Resource) -> tuple[str, ...]:
    return obj.finalizers if FINALIZER in obj.finalizers else (*obj.finalizers, FINALIZER)


def _verb(subject: Subject) -> str:
    return subject.operation.verb.lower() if subject.operation else "task"


def _place(subject: Subject) -> Place:
    assert subject.place is not None, "a step that changes the cloud has a place"  # noqa: S101 - decide() saw it
    return subject.place


def _connection(subject: Subject) -> Connection:
    assert subject.connection is not None, "a step that changes the cloud has an account"  # noqa: S101 - as above
    return subject.connection
