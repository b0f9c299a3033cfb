"""What a step comes to: its words, and the record that status is to keep. Nothing here calls anybody."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from caas_operator.core import steps
from caas_operator.core.conditions import progress_deadline
from caas_operator.core.model import FINALIZER, External, Health, Pin, Place, Resource, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.schedule import DELETE_WAITS_FOR_TASK, TASK_FORGOTTEN
from caas_operator.core.status import Binding, is_ready, is_retrying
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Connection

LOOKING = "whether the create was done is not known: looking for the resource before another try"


@dataclass(frozen=True, slots=True)
class Result:
    """What a step led to. `outcome` None: nothing new to say. `again_at`: when to look without being woken."""

    outcome: Outcome | None = None
    binding: Binding = field(default_factory=Binding)
    again_at: float | None = None


def hold(subject: Subject) -> Result:
    if subject.obj.deleting:
        told = "paused: remove the annotation to let the deletion go on"
        return Result(Outcome(State.PAUSED_DELETING, Reason.PAUSED, told))
    return Result(Outcome(State.PAUSED, Reason.PAUSED, "paused by annotation"))


def follow(subject: Subject, *, known: bool) -> Result:
    """A task runs. After a restart that is not `known` before the cloud was asked; then status is left as it is."""
    operation = subject.operation
    started = operation.started_at if operation else 0.0
    if subject.obj.deleting:
        own = operation is not None and operation.verb is Verb.DELETE
        again = started + (TASK_FORGOTTEN if own else DELETE_WAITS_FOR_TASK)
        if not known and not is_ready(subject.obj):
            return Result(again_at=again)
        told = "" if own or not known else "waiting for a running task before the deletion"
        return Result(Outcome(State.DELETING, Reason.DELETING, told), again_at=again)
    quiet = not known or is_retrying(subject.obj)
    return Result(None if quiet else in_progress(subject, serves=None), again_at=started + TASK_FORGOTTEN)


def in_progress(subject: Subject, *, serves: bool | None) -> Outcome:
    """Creating until the object was ready once, updating from then on."""
    created = subject.operation is None or subject.operation.verb is Verb.CREATE
    if created and not is_ready(subject.obj):
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


def serving(seen: steps.Seen) -> bool | None:
    match seen:
        case steps.Present(found=found, mine=True):
            return serves(found)
        case steps.Absent(proven=True):
            return False
    return None


def serves(found: External) -> bool | None:
    return {Health.SERVING: True, Health.STOPPED: True, Health.CHANGING: None}.get(found.health, False)


def differing(found: External, drift: Sequence[str]) -> External:
    """`found`, with the names of the fields that differ among what is observed."""
    return dataclasses.replace(found, observed={**found.observed, "differing": list(drift)}) if drift else found


def provider(subject: Subject) -> str:
    return subject.connection.provider if subject.connection else ""


def with_finalizer(obj: Resource) -> tuple[str, ...]:
    return obj.finalizers if FINALIZER in obj.finalizers else (*obj.finalizers, FINALIZER)


def verb_of(subject: Subject) -> str:
    return subject.operation.verb.lower() if subject.operation else "task"


def place_of(subject: Subject) -> Place:
    assert subject.place is not None, "a step that changes the cloud has a place"  # noqa: S101 - decide() saw it
    return subject.place


def connection_of(subject: Subject) -> Connection:
    assert subject.connection is not None, "a step that changes the cloud has an account"  # noqa: S101 - as above
    return subject.connection


def bind(subject: Subject, found: External | None = None) -> Pin | None:
    """The pin that status is to record."""
    if subject.connection is None or subject.place is None:
        return subject.pin
    connection, place = subject.connection, subject.place
    external_id = found.id if found else subject.kind.external_id(place)
    if found is not None:
        place = Place(place.scope, found.name)
    return Pin(connection.ref, connection.endpoint, place, external_id)


def applied_by(subject: Subject) -> tuple[str, ...]:
    """What is, or comes to be, in the cloud by our hand; it is cleared though it left spec before it converged."""
    before = subject.obj.status.get("appliedFields") or ()
    return tuple(sorted({*before, *subject.kind.applied(subject.spec)}))
