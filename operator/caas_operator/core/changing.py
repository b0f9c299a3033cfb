"""Steps that change something in the cloud: one mutating call each, and what its answer means."""

import dataclasses
import logging
from dataclasses import dataclass

from caas_operator.core.bond import Bond
from caas_operator.core.errors import CloudError, InvalidSpec, NotFound, Rejected
from caas_operator.core.model import FINALIZER, External, Place, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, Naming, Wanted
from caas_operator.core.problems import explain
from caas_operator.core.reporting import Reporter
from caas_operator.core.results import LOOKING, Result, connection_of, differing, in_progress, place_of, serves
from caas_operator.core.schedule import look_again
from caas_operator.core.status import is_retrying, is_said_to_go
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Events

logger = logging.getLogger("caas_operator.engine")

SHOWS_WITHIN = 30.0
"""Seconds until a change that was answered and is not to be seen counts as not done."""


@dataclass(frozen=True)
class Changer:
    """The hands of the engine."""

    events: Events
    clock: Clock
    say: Reporter
    bond: Bond

    async def create(self, subject: Subject) -> Result:
        track, place, number = subject.track, place_of(subject), 0
        if subject.kind.naming is Naming.NUMBERED:
            place, number = self.bond.number(subject)
        elif subject.in_flight and subject.intent and subject.located not in (None, place):
            # The POST for the former name made nothing: it is free to take another.
            track.closed = subject.intent.at
            return Result(again_at=self.clock.now())
        try:
            await connection_of(subject).verbs(subject.kind).check(subject.wanted(place))
        except InvalidSpec as error:
            return self.refused_create(subject, explain(error, "create", serves=False))
        claimed = subject.intent is not None and subject.intent.place == place
        if not (subject.open and claimed and FINALIZER in subject.obj.finalizers):
            await self.bond.claim(subject, place, number)
        # From here on, and if we are cut off here, a POST may be under way.
        subject.place, track.closed, track.posted_at = place, 0.0, self.clock.now()
        try:
            receipt = await connection_of(subject).verbs(subject.kind).create(wanted_by(subject))
        except InvalidSpec as error:
            return self.refused_create(subject, explain(error, "create", serves=False))
        except CloudError as error:
            track.floor = self.clock.now()
            if not error.ambiguous:
                return self.refused_create(subject, explain(error, "create", serves=False), error)
            track.posted_at = self.clock.now()
            extra = {"operation": "create"} | ({"request_id": error.request_id} if error.request_id else {})
            logger.warning("create: %s; looking before another try", subject.fit(error.message), extra=extra)
            unknown = Outcome(State.CREATE_UNKNOWN, Reason.CREATE_OUTCOME_UNKNOWN, LOOKING)
            return Result(unknown, again_at=self.clock.now() + look_again(0.0))
        return self.bond.sent(subject, Verb.CREATE, receipt)

    def refused_create(self, subject: Subject, problem: Outcome, error: CloudError | None = None) -> Result:
        """The POST was answered, with a no: there is nothing to look for as long as we remember that."""
        if subject.intent is not None:
            subject.track.closed = subject.intent.at
        return self.say.fail(subject, problem, error)

    async def update(self, subject: Subject, found: External, drift: tuple[str, ...]) -> Result:
        if subject.newly_adopted:
            return self.say.adopting(subject, found, drift)
        found = differing(found, drift)
        track, stamp, now = subject.track, (subject.circumstances, drift), self.clock.now()
        if track.futile == stamp and subject.operation and now - subject.operation.started_at < SHOWS_WITHIN:
            # A change without a task is done when the cloud shows it, which may take a while.
            track.floor = now
            quiet = is_retrying(subject.obj)
            outcome = None if quiet else in_progress(subject, serves=serves(found))
            return Result(outcome, again_at=now + look_again(0.0))
        if track.futile == stamp:
            track.futile = ()
            told = f"after an update the cloud still has another value of {', '.join(drift)}"
            return self.say.fail(subject, Outcome(State.RETRYING, Reason.DRIFT_DETECTED, told, serves=serves(found)))
        try:
            receipt = await connection_of(subject).verbs(subject.kind).update(wanted_by(subject), found, drift)
        except (InvalidSpec, CloudError) as error:
            track.floor = self.clock.now()
            cause = error if isinstance(error, CloudError) else None
            return self.say.fail(subject, explain(error, "update", serves=serves(found)), cause)
        track.futile = stamp
        return self.bond.sent(subject, Verb.UPDATE, receipt, found)

    async def delete(self, subject: Subject, found: External | None) -> Result:
        operation = subject.operation
        if operation and operation.verb is Verb.DELETE and subject.track.spent != operation.task_ids:
            # Its task is over and the resource is still there: not again before a backoff.
            subject.track.spent = operation.task_ids
            told = "the cloud has ended the deletion and still shows the resource"
            return self.say.fail(subject, Outcome(State.RETRYING, Reason.CLOUD_ERROR, told))
        if subject.kind.naming is Naming.NUMBERED and subject.obj.deleting and not is_said_to_go(subject.obj):
            # There is no task: the DELETE is answered when it is done, which may take a while.
            return Result(Outcome(State.DELETING, Reason.DELETING), again_at=self.clock.now())
        place = Place(place_of(subject).scope, found.name) if found else place_of(subject)
        external_id = found.id if found else (subject.pin.external_id if subject.pin else None) or ""
        try:
            receipt = await connection_of(subject).verbs(subject.kind).delete(place, external_id)
        except CloudError as error:
            subject.track.floor = self.clock.now()
            return self.not_deleted(subject, found, error)
        if subject.kind.naming is Naming.UNIQUE:
            return self.bond.sent(subject, Verb.DELETE, receipt, found)
        logger.info("deleted %s", external_id, extra={"operation": "delete"})
        if subject.obj.deleting:
            return await self.bond.release(subject, f"deleted {external_id}")
        return self.let_go(subject)

    def not_deleted(self, subject: Subject, found: External | None, error: CloudError) -> Result:
        """A 404 proves nothing, for a wrong project answers the same: only a LIST does."""
        if not isinstance(error, NotFound):
            # Also what is refused is tried again: it may be gone by other hands, and then a LIST alone decides.
            subject.track.denied = subject.track.denied or (found is None and isinstance(error, Rejected))
            problem = dataclasses.replace(explain(error, "delete"), state=State.RETRYING)
            return self.say.fail(subject, problem, error)
        if subject.track.denied and found is not None:
            told = "the cloud says that there is no such resource, and still lists it"
            return self.say.fail(subject, Outcome(State.RETRYING, Reason.CLOUD_ERROR, told), error)
        subject.track.denied = True
        outcome = Outcome(State.DELETING, Reason.DELETING) if subject.obj.deleting else None
        return Result(outcome, again_at=self.clock.now() + look_again(0.0))

    def let_go(self, subject: Subject) -> Result:
        """A transient resource of an object that stays is gone by our hand: for a next one, or for good."""
        subject.track.gone = (subject.pin.external_id if subject.pin else None) or ""
        if subject.operation and subject.operation.verb is Verb.REPLACE:
            return Result(again_at=self.clock.now())
        return self.say.ended(subject, None)

    async def discard(self, subject: Subject, twin: External) -> Result:
        """A create that was done twice: the younger double goes, its name proves that it is ours."""
        try:
            await connection_of(subject).verbs(subject.kind).delete(Place(place_of(subject).scope, twin.name), twin.id)
        except CloudError as error:
            return self.say.fail(subject, explain(error, "delete of a double"), error)
        self.events.warn(subject.obj, "DoubleDeleted", f"a create was done twice; deleted the younger, {twin.id}")
        subject.track.floor = self.clock.now()
        return Result(again_at=self.clock.now())


def wanted_by(subject: Subject) -> Wanted:
    subject.leaving()
    return subject.wanted(place_of(subject))
