"""From a subject and what was seen of it to the facts that a decision is made of. Pure: the clock is an argument."""

from caas_operator.core.attachment import Attached
from caas_operator.core.conditions import parse_time
from caas_operator.core.decision import Facts, Prospects
from caas_operator.core.model import FINALIZER, External, Resource, Verb
from caas_operator.core.ports import Naming
from caas_operator.core.schedule import DELETE_WAITS_FOR_TASK
from caas_operator.core.status import is_ready
from caas_operator.core.steps import Present, Seen
from caas_operator.core.subject import Subject
from caas_operator.core.tasks import Verdict


def gather(subject: Subject, seen: Seen, attached: Attached, verdict: Verdict | None, now: float) -> Facts:
    obj, operation = subject.obj, subject.operation
    return Facts(
        seen=seen,
        deleting=obj.deleting,
        observe_only=subject.observe_only,
        retain=obj.spec.get("deletionPolicy") == "Retain",
        protected=obj.spec.get("deletionProtection") is True,
        adopt_anything=obj.spec.get("adoptionPolicy") == "Always" or bool(subject.import_id),
        problem=subject.problem,
        finalizer=FINALIZER in obj.finalizers,
        claimed=subject.claimed,
        pinned=subject.pin is not None,
        in_flight=subject.in_flight or _made_unrecorded(subject),
        verb=operation.verb if operation else None,
        task=verdict,
        overdue=bool(operation and now - operation.started_at >= DELETE_WAITS_FOR_TASK),
        expires=subject.kind.naming is Naming.NUMBERED,
        prospects=_prospects(subject, seen, now),
        attached=attached,
    )


def _made_unrecorded(subject: Subject) -> bool:
    """A retry that was answered is ours, though status has no word of it: a try costs no write."""
    operation = subject.operation
    return operation is not None and operation is not subject.recorded and operation.verb is not Verb.DELETE


def _prospects(subject: Subject, seen: Seen, now: float) -> Prospects:
    obj, lifespan = subject.obj, subject.lifespan
    found = seen.found if isinstance(seen, Present) else None
    expiry = _expiry(obj)
    lapsed = _is_over(expiry, now)
    furnished = set(subject.kind.furnished(subject.spec)) if subject.spec is not None else set()
    return Prospects(
        denied=subject.track.denied or (subject.over and (lapsed or expiry is None)),
        lapsed=lapsed,
        imported=bool(subject.import_id),
        # While the answer to its create is not recorded, status speaks of the one before.
        unfurnished=not furnished <= (set() if subject.in_flight else set(obj.status.get("appliedFields") or ())),
        over=_is_over(lifespan.ends_at(obj.status), now),
        renew=lifespan.renew,
        replace=lifespan.replace,
        replacing=subject.operation is not None
        and subject.operation.verb is Verb.REPLACE
        and not _is_the_next(subject, found),
        touch=found is not None and _is_over(lifespan.touch_at(found, subject.track.touched_at), now),
        forget=_is_over(lifespan.forgotten_at(obj.status), now),
        shown_ready=is_ready(obj),
    )


def _is_the_next(subject: Subject, found: External | None) -> bool:
    """Whether what is found is what replaces the one before, made by a POST whose answer was not recorded."""
    intent = subject.intent if subject.in_flight else None
    return found is not None and intent is not None and found.number == intent.number


def _is_over(when: float | None, now: float) -> bool:
    return when is not None and now >= when


def _expiry(obj: Resource) -> float | None:
    text = (obj.status.get("observed") or {}).get("expiresAt")
    return parse_time(text) if text else None
