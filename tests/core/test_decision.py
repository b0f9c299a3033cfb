"""decide() as a table, one sentence a row."""

from dataclasses import replace
from typing import get_args

import pytest

from caas_operator.core import steps
from caas_operator.core.attachment import Attached
from caas_operator.core.decision import Facts, Prospects, decide
from caas_operator.core.model import Health, Verb
from caas_operator.core.steps import (
    Absent,
    Adopt,
    Attach,
    AwaitProof,
    Create,
    Delete,
    Detach,
    Ended,
    Follow,
    Forget,
    Furnish,
    Hold,
    Missing,
    Observe,
    Outdated,
    Present,
    Protected,
    Refuse,
    Release,
    Renew,
    Replace,
    Report,
    Retry,
    Step,
    Touch,
    Unseen,
    Update,
    Watch,
)
from tests.core.facts import (
    BOX,
    EXPIRED,
    FAILED,
    FINISHED,
    FOREIGN,
    GOING,
    LACKING,
    LIVES,
    LOGIN,
    LOST,
    MANAGED,
    NEW,
    OURS,
    PROBLEM,
    RUNNING,
    SURPLUS,
    THEIRS,
    TWIN,
    UNPROVEN,
    box,
)

TABLE: dict[str, tuple[Facts, Step]] = {
    # nothing may be touched
    "a paused object is held": (replace(MANAGED, paused=True), Hold()),
    "a paused deletion is held": (replace(GOING, paused=True), Hold()),
    "paused is before a running task": (replace(MANAGED, paused=True, task=RUNNING), Hold()),
    # not deleting: in the order of the rules
    "nothing there and nothing wrong: create": (NEW, Create()),
    "claimed and nothing there: create as well, under the same intent": (
        replace(NEW, finalizer=True, claimed=True),
        Create(),
    ),
    "gone from the cloud behind our back: create again": (replace(MANAGED, seen=Absent()), Create()),
    "a running task is followed": (replace(MANAGED, task=RUNNING), Follow()),
    "a running task is followed although it is not seen": (replace(MANAGED, seen=Unseen(), task=RUNNING), Follow()),
    "a running task is followed before a problem": (replace(MANAGED, task=RUNNING, problem=PROBLEM), Follow()),
    "an edit waits for the running task": (
        replace(MANAGED, seen=replace(OURS, drift=("image",)), task=RUNNING),
        Follow(),
    ),
    "not seen, with a problem: say so": (replace(MANAGED, seen=Unseen(), problem=PROBLEM), Report(PROBLEM)),
    "nothing there, with a problem: say so": (replace(NEW, problem=PROBLEM), Report(PROBLEM)),
    "ours and drifted, with a problem: say so": (
        replace(MANAGED, seen=replace(OURS, drift=("image",)), problem=PROBLEM),
        Report(PROBLEM),
    ),
    "ours and unclaimed, with a problem: say so": (Facts(OURS, problem=PROBLEM), Report(PROBLEM)),
    "theirs: refused": (Facts(THEIRS), Refuse(BOX)),
    "theirs is refused before a problem is told": (Facts(THEIRS, problem=PROBLEM), Refuse(BOX)),
    "theirs although pinned (signed over): refused": (replace(MANAGED, seen=THEIRS), Refuse(BOX)),
    "theirs, with adoptionPolicy Always: adopted": (Facts(THEIRS, adopt_anything=True), Adopt(BOX)),
    "what is never to be adopted: refused even with Always": (
        Facts(Present(FOREIGN, mine=False), adopt_anything=True),
        Refuse(FOREIGN),
    ),
    "ours by its marker, unclaimed: adopted": (Facts(OURS), Adopt(BOX)),
    "ours, the finalizer taken away: claimed again": (replace(MANAGED, claimed=False, finalizer=False), Adopt(BOX)),
    "ours but drifted, unclaimed: claimed first": (
        Facts(replace(OURS, drift=("image",))),
        Adopt(BOX),
    ),
    "adopted with Always and claimed: updated": (
        replace(MANAGED, seen=replace(THEIRS, drift=("description",)), adopt_anything=True),
        Update(BOX, ("description",)),
    ),
    "a transient resource that expired has ended": (
        replace(MANAGED, seen=Present(EXPIRED, mine=True), expires=True),
        Ended(EXPIRED),
    ),
    "expired is before a problem": (
        replace(MANAGED, seen=Present(EXPIRED, mine=True), expires=True, problem=PROBLEM),
        Ended(EXPIRED),
    ),
    "a pinned transient resource that is gone has ended": (
        replace(MANAGED, seen=Absent(), expires=True),
        Ended(None),
    ),
    "a transient resource that was never pinned is made": (replace(NEW, expires=True), Create()),
    "missed once is no end": (replace(MANAGED, seen=UNPROVEN, expires=True), AwaitProof(70.0)),
    "a double of ours goes, and nothing else in this pass": (
        replace(MANAGED, seen=replace(OURS, twins=(TWIN,), drift=("image",))),
        Delete(TWIN, twin=True),
    ),
    "no double goes while there is a problem": (
        replace(MANAGED, seen=replace(OURS, twins=(TWIN,)), problem=PROBLEM),
        Report(PROBLEM),
    ),
    "a failed task that left nothing to do says nothing: look at the resource": (
        replace(MANAGED, task=FAILED),
        Watch(BOX),
    ),
    "a failed create task is told although nothing is there": (
        replace(MANAGED, seen=Absent(), task=FAILED),
        Retry("no capacity"),
    ),
    "a failed task is told before the drift that it left": (
        replace(MANAGED, seen=replace(OURS, drift=("image",)), task=FAILED),
        Retry("no capacity"),
    ),
    "a finished task says nothing: look at the resource": (replace(MANAGED, task=FINISHED), Watch(BOX)),
    "a lost task says nothing: look at the resource": (replace(MANAGED, seen=Absent(), task=LOST), Create()),
    "an absence that proves nothing is waited out": (
        replace(NEW, seen=UNPROVEN, finalizer=True, claimed=True, in_flight=True),
        AwaitProof(70.0),
    ),
    "ours and drifted: updated": (
        replace(MANAGED, seen=replace(OURS, drift=("image", "size"))),
        Update(BOX, ("image", "size")),
    ),
    "a write-only value that cannot be brought in any more is told": (
        replace(MANAGED, seen=replace(OURS, stale=("networkPolicy",))),
        Outdated(BOX, ("networkPolicy",)),
    ),
    "drift is before what is only outdated": (
        replace(MANAGED, seen=replace(OURS, drift=("image",), stale=("networkPolicy",))),
        Update(BOX, ("image",)),
    ),
    "ours as the spec has it: watched": (MANAGED, Watch(BOX)),
    "broken as the spec has it: watched": (
        replace(MANAGED, seen=Present(box(Health.BROKEN), mine=True)),
        Watch(box(Health.BROKEN)),
    ),
    # transient resources that are renewed, replaced, kept alive, or over
    "what spec names by its id and is not there is missing": (
        Facts(Absent(), expires=True, prospects=Prospects(imported=True)),
        Missing(),
    ),
    "what a create could not carry is brought in before it is ready": (
        replace(LIVES, prospects=Prospects(unfurnished=True)),
        Furnish(BOX),
    ),
    "a changed spec is met by a new one": (
        replace(LIVES, seen=replace(OURS, drift=("image",)), prospects=Prospects(replace=True)),
        Replace(BOX),
    ),
    "under replacement the old one goes first": (
        replace(LIVES, prospects=Prospects(replacing=True)),
        Delete(BOX),
    ),
    "under replacement with Retain the old one is left": (
        replace(LIVES, retain=True, prospects=Prospects(replacing=True)),
        Create(),
    ),
    "no replacement begins while there is a problem": (
        replace(LIVES, problem=PROBLEM, prospects=Prospects(replacing=True)),
        Report(PROBLEM),
    ),
    "past its deadline it is deleted": (replace(LIVES, prospects=Prospects(over=True)), Delete(BOX)),
    "past its deadline and gone it has ended, renewed or not": (
        replace(LIVES, seen=Absent(), prospects=Prospects(over=True, renew=True)),
        Ended(None),
    ),
    "to be kept alive it is used": (replace(LIVES, prospects=Prospects(touch=True)), Touch(BOX)),
    "expired and to be made anew: first said": (
        replace(LIVES, seen=Present(EXPIRED, mine=True), prospects=Prospects(renew=True, shown_ready=True)),
        Renew(),
    ),
    "expired, said, and to be made anew: created": (
        replace(LIVES, seen=Present(EXPIRED, mine=True), prospects=Prospects(renew=True)),
        Create(),
    ),
    "kept long enough after its end the object goes": (
        replace(LIVES, seen=Present(EXPIRED, mine=True), prospects=Prospects(forget=True)),
        Forget(),
    ),
    "not seen although nothing is wrong: no conclusion": (replace(MANAGED, seen=Unseen()), Follow()),
    # ObserveOnly
    "ObserveOnly reports what is there": (Facts(THEIRS, observe_only=True), Observe(THEIRS)),
    "ObserveOnly reports what is not there": (Facts(Absent(), observe_only=True), Observe(Absent())),
    "ObserveOnly corrects no drift": (
        Facts(replace(OURS, drift=("image",)), observe_only=True),
        Observe(replace(OURS, drift=("image",))),
    ),
    "ObserveOnly deletes no double": (
        Facts(replace(OURS, twins=(TWIN,)), observe_only=True),
        Observe(replace(OURS, twins=(TWIN,))),
    ),
    "ObserveOnly with a problem: say so": (Facts(THEIRS, observe_only=True, problem=PROBLEM), Report(PROBLEM)),
    "ObserveOnly, not seen: say so": (Facts(Unseen(), observe_only=True, problem=PROBLEM), Report(PROBLEM)),
    # deleting
    "deleting, ours: deleted": (GOING, Delete(BOX)),
    "deleting, ours by its marker alone: deleted": (replace(GOING, pinned=False), Delete(BOX)),
    "deleting a create whose answer was lost: deleted": (replace(GOING, pinned=False, in_flight=True), Delete(BOX)),
    "deleting, theirs: let go": (replace(GOING, seen=THEIRS, pinned=False), Release()),
    "deleting, signed over to somebody else: let go": (replace(GOING, seen=THEIRS), Release()),
    "deleting what Always would adopt: let go": (
        replace(GOING, seen=THEIRS, pinned=False, adopt_anything=True),
        Release(),
    ),
    "deleting, gone: let go": (replace(GOING, seen=Absent()), Release()),
    "deleting, gone, with a problem: let go": (replace(GOING, seen=Absent(), problem=PROBLEM), Release()),
    "deleting, a double of ours: the double goes first": (
        replace(GOING, seen=replace(OURS, twins=(TWIN,)), expires=True),
        Delete(TWIN, twin=True),
    ),
    "deleting, expired, a double of ours lives: the double goes first": (
        replace(GOING, seen=Present(EXPIRED, mine=True, twins=(TWIN,)), expires=True),
        Delete(TWIN, twin=True),
    ),
    "deleting, not seen for once although nothing is wrong: no conclusion": (
        replace(GOING, seen=Unseen(), verb=Verb.CREATE, task=RUNNING, overdue=True),
        Follow(),
    ),
    "deleting, expired: let go": (replace(GOING, seen=Present(EXPIRED, mine=True)), Release()),
    "deleting, absent but a POST may be in flight: wait": (
        replace(GOING, seen=UNPROVEN, pinned=False, in_flight=True),
        AwaitProof(70.0),
    ),
    "deleting a pinned transient resource that no list shows: DELETE by its id": (
        replace(GOING, seen=Absent(), expires=True),
        Delete(None),
    ),
    "deleting a pinned transient resource that no list shows, with a problem: say so": (
        replace(GOING, seen=Absent(), expires=True, problem=PROBLEM),
        Report(PROBLEM),
    ),
    "a pinned transient resource that no list shows and whose DELETE was a 404: let go": (
        replace(GOING, seen=Absent(), expires=True, prospects=Prospects(denied=True)),
        Release(),
    ),
    "deleting, with a problem: say so": (replace(GOING, problem=PROBLEM), Report(PROBLEM)),
    "deleting, not seen, with a problem: say so": (
        replace(GOING, seen=Unseen(), problem=PROBLEM),
        Report(PROBLEM),
    ),
    "deleting what never reached the cloud, with a problem: let go": (
        replace(GOING, seen=Unseen(), pinned=False, problem=PROBLEM),
        Release(),
    ),
    "deleting, not seen, but its last known expiry is over: let go": (
        replace(GOING, seen=Unseen(), problem=PROBLEM, expires=True, prospects=Prospects(lapsed=True)),
        Release(),
    ),
    "deleting while a create may be in flight and nothing can be asked: say so": (
        replace(GOING, seen=Unseen(), pinned=False, in_flight=True, problem=PROBLEM),
        Report(PROBLEM),
    ),
    "Retain lets go at once": (replace(GOING, retain=True), Release()),
    "Retain lets go although nothing can be asked": (
        replace(GOING, seen=Unseen(), retain=True, problem=PROBLEM),
        Release(),
    ),
    "Retain is before protection": (replace(GOING, retain=True, protected=True), Release()),
    "ObserveOnly lets go": (replace(GOING, observe_only=True), Release()),
    "without our finalizer there is nothing to do": (replace(GOING, finalizer=False), Release()),
    "protected: blocked": (replace(GOING, protected=True), Protected()),
    "protected, but nothing is ours: let go": (
        replace(GOING, seen=Absent(), pinned=False, protected=True),
        Release(),
    ),
    "a running delete is followed": (replace(GOING, seen=Unseen(), verb=Verb.DELETE, task=RUNNING), Follow()),
    "a running delete is followed however long": (
        replace(GOING, seen=Unseen(), verb=Verb.DELETE, task=RUNNING, overdue=True),
        Follow(),
    ),
    "a deletion waits for a running create": (
        replace(GOING, seen=Unseen(), verb=Verb.CREATE, task=RUNNING),
        Follow(),
    ),
    "a deletion waits for a running update": (
        replace(GOING, seen=Unseen(), verb=Verb.UPDATE, task=RUNNING),
        Follow(),
    ),
    "a deletion has waited long enough: deleted": (
        replace(GOING, verb=Verb.CREATE, task=RUNNING, overdue=True),
        Delete(BOX),
    ),
    # what is attached
    "nothing there, and an attachment lacks: that first": (replace(NEW, attached=LACKING), Attach(LOGIN)),
    "it lacks, though a POST may be in flight: wait": (
        replace(NEW, seen=UNPROVEN, attached=LACKING),
        AwaitProof(70.0),
    ),
    "drifted, and an attachment lacks: that first": (
        replace(MANAGED, seen=replace(OURS, drift=("login",)), attached=LACKING),
        Attach(LOGIN),
    ),
    "ours and unclaimed, and an attachment lacks: claimed first": (Facts(OURS, attached=LACKING), Adopt(BOX)),
    "theirs, and an attachment lacks: refused": (Facts(THEIRS, attached=LACKING), Refuse(BOX)),
    "it lacks, with a problem: say so": (replace(MANAGED, attached=LACKING, problem=PROBLEM), Report(PROBLEM)),
    "it lacks while a task runs: followed": (replace(MANAGED, attached=LACKING, task=RUNNING), Follow()),
    "drifted, with an attachment too many: detached by the update first": (
        replace(MANAGED, seen=replace(OURS, drift=("login",)), attached=SURPLUS),
        Update(BOX, ("login",)),
    ),
    "as the spec has it, with an attachment too many: taken away": (
        replace(MANAGED, attached=SURPLUS),
        Detach(SURPLUS),
    ),
    "nothing there, with an attachment too many: taken away": (replace(NEW, attached=SURPLUS), Detach(SURPLUS)),
    "an attachment too many, with a problem: say so": (
        replace(MANAGED, attached=SURPLUS, problem=PROBLEM),
        Report(PROBLEM),
    ),
    "deleting, with an attachment: the resource first": (replace(GOING, attached=SURPLUS), Delete(BOX)),
    "deleting, only an attachment is left: taken away": (
        replace(GOING, seen=Absent(), attached=SURPLUS),
        Detach(SURPLUS),
    ),
    "deleting, the resource is somebody else's, the attachment ours: taken away": (
        replace(GOING, seen=THEIRS, pinned=False, attached=SURPLUS),
        Detach(SURPLUS),
    ),
    "deleting, only an attachment is left, with a problem: say so": (
        replace(GOING, seen=Absent(), attached=SURPLUS, problem=PROBLEM),
        Report(PROBLEM),
    ),
    "deleting, and nobody could look for an attachment: not let go": (
        replace(GOING, seen=Unseen(), pinned=False, attached=Attached(surplus=True, unseen=True)),
        Follow(),
    ),
    "Retain leaves the attachment as well": (replace(GOING, retain=True, attached=SURPLUS), Release()),
    "a failed delete task is no end: deleted again": (replace(GOING, verb=Verb.DELETE, task=FAILED), Delete(BOX)),
}


@pytest.mark.parametrize("sentence", TABLE)
def test_the_table_of_steps(sentence: str) -> None:
    facts, step = TABLE[sentence]
    assert decide(facts) == step


def test_the_table_has_every_step() -> None:
    assert {type(step) for _, step in TABLE.values()} == set(get_args(steps.Step))
