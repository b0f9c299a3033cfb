"""What binds an object to its resource: finalizer, intent, pin, and the record of what was sent."""

import dataclasses
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

from caas_operator.core.identity import Intent, next_intent_time
from caas_operator.core.model import CREATE_INTENT, FINALIZER, External, Operation, Place, Receipt, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, Naming
from caas_operator.core.reporting import Reporter
from caas_operator.core.results import (
    Result,
    applied_by,
    bind,
    connection_of,
    in_progress,
    place_of,
    provider,
    serves,
    with_finalizer,
)
from caas_operator.core.schedule import TASK_FORGOTTEN, look_again
from caas_operator.core.seeing import next_number
from caas_operator.core.status import Binding, is_retrying
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Events, Objects

logger = logging.getLogger("caas_operator.engine")


@dataclass(frozen=True)
class Bond:
    objects: Objects
    events: Events
    clock: Clock
    say: Reporter

    async def claim(
        self, subject: Subject, place: Place, number: int = 0, *, adopted: bool = False, attached: bool = False
    ) -> None:
        """Finalizer and intent on the object, in one write, before anything is done in the cloud."""
        connection, obj = connection_of(subject), subject.obj
        at = next_intent_time(self.clock.now(), subject.operation)
        attached = attached or subject.attached
        intent = Intent(obj.uid, connection.ref, connection.endpoint, place, number, at, adopted, attached)
        subject.obj = await self.objects.patch_metadata(
            obj, annotations={CREATE_INTENT: intent.render()}, finalizers=with_finalizer(obj)
        )
        subject.intent, subject.place = intent, place

    async def note_attachment(self, subject: Subject, *, there: bool) -> None:
        """On the object: before one is made, that there may be an attachment; when it is gone, that there is none."""
        if there and not subject.claimed:
            await self.claim(subject, place_of(subject), attached=True)
            # No POST of the resource itself is behind this intent yet.
            subject.track.closed = subject.intent.at if subject.intent else 0.0
        elif subject.intent is not None and subject.intent.attached is not there:
            obj, intent = subject.obj, dataclasses.replace(subject.intent, attached=there)
            subject.obj = await self.objects.patch_metadata(
                obj, annotations={CREATE_INTENT: intent.render()}, finalizers=obj.finalizers
            )
            subject.intent = intent

    async def adopt(self, subject: Subject, found: External, drift: Sequence[str]) -> None:
        """Bind what was found; from here on it is as if we had made it. `drift`: what is going to be changed in it."""
        number = found.number if subject.kind.naming is Naming.NUMBERED else 0
        place = Place(place_of(subject).scope, found.name)
        await self.claim(subject, place, number, adopted=True)
        if subject.pin is None:
            changes = f"to be changed there: {', '.join(drift)}" if drift else "nothing is to be changed"
            self.events.normal(subject.obj, "Adopted", f"took {found.id} under management; {changes}")
        subject.pin = bind(subject, found)

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

    def sent(self, subject: Subject, verb: Verb, receipt: Receipt, found: External | None = None) -> Result:
        """A mutation was answered: record it; what is done at once is judged at once."""
        track, now = subject.track, self.clock.now()
        track.floor, track.problem, track.words = now, None, ""
        track.operation = self.operation(subject, verb, receipt)
        if verb is Verb.CREATE:
            track.shown_at = 0.0
            if subject.intent and subject.kind.naming is Naming.UNIQUE:
                track.closed = subject.intent.at
        done = {"operation": verb.lower(), "tasks": list(receipt.task_ids)}
        logger.info("%s sent", verb.lower(), extra={name: value for name, value in done.items() if value})
        if receipt.found is not None:
            subject.pin = bind(subject, receipt.found)
            if subject.kind.furnished(subject.spec):
                # What the one before it was furnished with is not in this one.
                sent = tuple(subject.kind.applied(subject.spec))
                binding = Binding(subject.pin, provider(subject), receipt.found, subject.operation, sent)
                return Result(in_progress(subject, serves=False), binding, now)
            result = self.say.watch(subject, subject.shown(receipt.found))
            # No LIST has shown it yet, so none would tell of its going.
            soon = min(result.again_at or math.inf, now + connection_of(subject).resync_seconds)
            binding = dataclasses.replace(result.binding, operation=subject.operation)
            return dataclasses.replace(result, binding=binding, again_at=soon)
        applied = applied_by(subject) if verb is not Verb.DELETE else None
        binding = Binding(bind(subject), provider(subject), found, subject.operation, applied)
        outcome: Outcome | None = in_progress(subject, serves=serves(found) if found else False)
        if verb is Verb.DELETE:
            outcome = Outcome(State.DELETING, Reason.DELETING)
        if is_retrying(subject.obj):
            # A try costs no write: status goes on saying what is wrong until it is no longer.
            outcome = None
        if not receipt.task_ids:
            return Result(outcome, binding, now + look_again(0.0))
        board = connection_of(subject).tasks
        if board is not None and subject.operation is not None:
            board.follow(subject.obj.key, subject.operation, known=True)
        return Result(outcome, binding, now + TASK_FORGOTTEN)

    def operation(self, subject: Subject, verb: Verb, receipt: Receipt) -> Operation:
        now, generation = self.clock.now(), subject.obj.generation
        if subject.track.generation_since[0] != generation:
            subject.track.generation_since = (generation, now)
        if verb is Verb.CREATE and subject.intent:
            now = max(now, subject.intent.at)
        return Operation(verb, receipt.task_ids, generation, now)

    def number(self, subject: Subject) -> tuple[Place, int]:
        """The next numbered name; an intent whose POST was not done keeps its own."""
        place, intent = place_of(subject), subject.intent
        base = subject.located.name if subject.located else place.name
        if intent is not None and subject.open and intent.place.name == f"{base}-{subject.marker}-{intent.number}":
            return intent.place, intent.number
        listing = connection_of(subject).inventory(subject.kind, place.scope).last
        number = max(next_number(listing, subject.marker), intent.number + 1 if intent else 1)
        return Place(place.scope, f"{base}-{subject.marker}-{number}"), number
