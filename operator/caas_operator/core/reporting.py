"""Steps that change nothing in the cloud: they say how the object stands, and when to look again."""

import dataclasses
import logging
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from caas_operator.core import steps
from caas_operator.core.errors import CloudError
from caas_operator.core.model import External, Health, Operation, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, Naming
from caas_operator.core.results import (
    LOOKING,
    Result,
    bind,
    blocked,
    deadline,
    differing,
    in_progress,
    provider,
    serves,
    serving,
)
from caas_operator.core.schedule import LONGEST_DEPENDENCY_WAIT, REVISIT, backoff, look_again
from caas_operator.core.status import Binding
from caas_operator.core.subject import Subject

logger = logging.getLogger("caas_operator.engine")


@dataclass(frozen=True)
class Reporter:
    """The voice of the engine."""

    clock: Clock
    jitter: random.Random

    def report(self, subject: Subject, problem: Outcome, seen: steps.Seen) -> Result:
        track, now = subject.track, self.clock.now()
        told = dataclasses.replace(problem, message=subject.fit(problem.message))
        if problem is track.problem:
            again_at = track.retry_at
        else:
            track.failures += 1
            wait = min(LONGEST_DEPENDENCY_WAIT, backoff(track.failures, self.jitter))
            again_at = math.inf if problem.state is State.REFUSED else now + wait
        again_at = min(again_at, self._whatever_is_wrong(subject, seen, now))
        if subject.obj.deleting:
            told = blocked(subject, told)
        elif told.serves is None:
            told = dataclasses.replace(told, serves=serving(seen))
        return Result(told, again_at=again_at if math.isfinite(again_at) else None)

    def _whatever_is_wrong(self, subject: Subject, seen: steps.Seen, now: float) -> float:
        """When a transient resource comes to its end, or may be seen to have come to it."""
        if subject.kind.naming is not Naming.NUMBERED or subject.obj.deleting:
            return math.inf
        if isinstance(seen, steps.Absent) and not seen.proven:
            subject.track.floor = now
            return max(seen.proven_at, now + look_again(0.0))
        ends_at = subject.lifespan.ends_at(subject.obj.status)
        return ends_at if ends_at is not None and ends_at > now else math.inf

    def fail(self, subject: Subject, problem: Outcome, error: CloudError | None = None) -> Result:
        """Remember a failure: in force until its backoff is over, a refusal until the circumstances change."""
        track, now = subject.track, self.clock.now()
        problem = dataclasses.replace(problem, message=subject.fit(problem.message))
        track.failures += 1
        wait = max(backoff(track.failures, self.jitter), (error.retry_after or 0.0) if error else 0.0)
        track.problem = problem
        track.retry_at = math.inf if problem.state is State.REFUSED else now + wait
        logger.warning("%s: %s", problem.reason, problem.message, extra=fields(problem, error, track.retry_at - now))
        told = blocked(subject, problem) if subject.obj.deleting else problem
        return Result(told, again_at=track.retry_at if math.isfinite(track.retry_at) else None)

    def await_proof(self, subject: Subject, until: float) -> Result:
        now = self.clock.now()
        subject.track.floor = now
        if subject.kind.naming is Naming.NUMBERED and subject.pin:
            return Result(again_at=until)
        if subject.obj.deleting:
            outcome = Outcome(State.DELETING, Reason.DELETING, LOOKING if subject.in_flight else "")
        elif subject.in_flight:
            outcome = Outcome(State.CREATE_UNKNOWN, Reason.CREATE_OUTCOME_UNKNOWN, LOOKING)
        else:
            # It is made, only the LIST does not show it yet.
            outcome = in_progress(subject, serves=False)
        waited = now - max(subject.track.posted_at, subject.intent.at if subject.intent else 0.0)
        return Result(outcome, again_at=min(until + 0.1, now + look_again(waited)))

    def observe(self, subject: Subject, seen: steps.Absent | steps.Present) -> Result:
        binding = Binding(provider=provider(subject), forget=True)
        if isinstance(seen, steps.Absent):
            told = (
                f"{subject.place.name if subject.place else ''} is not in the cloud; under ObserveOnly nothing is made"
            )
            problem = Outcome(State.RETRYING, Reason.NOT_FOUND, told, serves=False)
            return Result(problem, binding, self.clock.now() + REVISIT)
        binding = dataclasses.replace(binding, pin=bind(subject, seen.found), found=differing(seen.found, seen.drift))
        if seen.found.health is Health.EXPIRED:
            return dataclasses.replace(self.ended(subject, seen.found), binding=binding)
        if seen.drift and seen.found.health in (Health.SERVING, Health.STOPPED):
            told = "differs from the cloud: " + ", ".join(seen.drift)
            return Result(Outcome(State.DRIFTED, Reason.DRIFT_DETECTED, told), binding)
        return dataclasses.replace(self.watch(subject, seen.found), binding=binding)

    def adopting(self, subject: Subject, found: External, drift: Sequence[str]) -> Result:
        """Taken over, and to be changed: that is said before it is done."""
        told = f"took over {found.id}; to be changed there: {', '.join(drift)}"
        outcome = Outcome(State.UPDATING, Reason.UPDATING, told, serves=serves(found))
        binding = Binding(bind(subject, found), provider(subject), differing(found, drift), applied=())
        return Result(outcome, binding, self.clock.now())

    def watch(self, subject: Subject, found: External) -> Result:
        track, now = subject.track, self.clock.now()
        track.problem, track.futile = None, ()
        operation = unrecorded(subject)
        # What is bound and does not serve yet is bound all the same: an empty list says so.
        applied: tuple[str, ...] | None = None if "appliedFields" in subject.obj.status else ()
        binding = Binding(bind(subject, found), provider(subject), found, operation, applied)
        if found.health is Health.BROKEN:
            words = found.message or track.words
            told = f"the cloud says: {words}" if words else "the cloud reports a failure"
            outcome = Outcome(State.BROKEN, Reason.CLOUD_ERROR, told, serves=False, deadline=True)
            return Result(outcome, binding, deadline(subject, now))
        if found.health is Health.CHANGING:
            track.floor = now
            started = subject.operation.started_at if subject.operation else now
            return Result(in_progress(subject, serves=None), binding, now + look_again(now - started))
        track.failures, track.words = 0, ""
        applied = (*subject.kind.applied(subject.spec), *subject.kind.furnished(subject.spec))
        binding = dataclasses.replace(binding, applied=applied, secrets=subject.fingerprint)
        suspended = found.health is Health.STOPPED
        state, reason = (State.SUSPENDED, Reason.SUSPENDED) if suspended else (State.SERVING, Reason.AVAILABLE)
        again_at = now + REVISIT * (0.5 + self.jitter.random())
        lifespan = subject.lifespan
        due = [lifespan.ends_at(subject.obj.status), lifespan.touch_at(found, track.touched_at)]
        if not subject.obj.status.get("startedAt") and lifespan.deadline is not None:
            due.append(now + lifespan.deadline)
        again_at = min([again_at, *(at for at in due if at is not None)])
        return Result(Outcome(state, reason, ""), binding, again_at)

    def outdated(self, subject: Subject, found: External, stale: tuple[str, ...]) -> Result:
        result = self.watch(subject, found)
        if not stale or result.outcome is None or result.outcome.state is not State.SERVING:
            return result
        told = f"changed since it was sent, and cannot be changed there: {', '.join(stale)}; make a new object"
        binding = dataclasses.replace(result.binding, secrets=None)
        return Result(Outcome(State.DRIFTED, Reason.DRIFT_DETECTED, told), binding, result.again_at)

    def ended(self, subject: Subject, found: External | None) -> Result:
        lifespan, now = subject.lifespan, self.clock.now()
        ends_at = lifespan.ends_at(subject.obj.status)
        told = "the sandbox has expired"
        if ends_at is not None and now >= ends_at:
            told = f"activeDeadlineSeconds ({lifespan.deadline:.0f}) are over"
        again_at = lifespan.forgotten_at(subject.obj.status)
        if again_at is None and lifespan.kept_after is not None:
            again_at = now + lifespan.kept_after
        binding = Binding(found=found)
        if found is not None and subject.in_flight:
            binding = Binding(bind(subject, found), provider(subject), found, unrecorded(subject))
        return Result(Outcome(State.COMPLETE, Reason.EXPIRED, told), binding, again_at)


def unrecorded(subject: Subject) -> Operation | None:
    """The last operation where status has no word of it: also of a create whose answer was lost and that is seen."""
    operation, intent = subject.operation, subject.intent
    if subject.kind.naming is Naming.NUMBERED and subject.in_flight and intent is not None:
        known = operation is not None and operation.verb is Verb.CREATE and operation.started_at >= intent.at
        return operation if known else Operation(Verb.CREATE, (), subject.obj.generation, intent.at)
    return operation if operation is not subject.recorded else None


def with_record(subject: Subject, seen: steps.Seen, result: Result, now: float) -> Result:
    """What a create has made whose answer was lost is bound also while something else is wrong; then look again."""
    wrong = result.outcome is not None and result.outcome.state in (State.REFUSED, State.RETRYING)
    lost = subject.kind.naming is Naming.NUMBERED and subject.in_flight and not subject.observe_only
    if not (wrong and lost and isinstance(seen, steps.Present) and seen.mine):
        return result
    binding = Binding(bind(subject, seen.found), provider(subject), seen.found, unrecorded(subject))
    return Result(result.outcome, binding, now)


def fields(problem: Outcome, error: CloudError | None, wait: float) -> dict[str, object]:
    """What a log says of a failure beside its text: the two things that differ from try to try."""
    fields: dict[str, object] = {"reason": str(problem.reason)}
    if math.isfinite(wait):
        fields["retry_seconds"] = round(wait, 1)
    if error is not None and error.request_id:
        fields["request_id"] = error.request_id
    return fields
