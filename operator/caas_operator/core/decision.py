"""What to do next with one object: facts in, one step out. Every transition of the engine lives here."""

from dataclasses import dataclass, field

from caas_operator.core.attachment import NOTHING_ATTACHED, Attached
from caas_operator.core.model import External, Health, Verb
from caas_operator.core.outcome import Outcome, State
from caas_operator.core.ports import TaskState
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
    Seen,
    Step,
    Touch,
    Unseen,
    Update,
    Watch,
)
from caas_operator.core.tasks import Verdict


@dataclass(frozen=True, slots=True)
class Prospects:
    """What a transient resource has before it.

    `denied`: the cloud answered 404 to a DELETE of the pinned id, or has said that it is over. `lapsed`: the last
    known expiry is over. `imported`: spec names an id that exists. `unfurnished`: something is to be brought into
    it before it is ready. `over`: its deadline has passed. `renew`: an expired one is made anew. `replace`: a
    changed spec is met by a new one; `replacing`: that is under way. `touch`: it is to be kept alive now. `forget`:
    the finished object has been kept long enough. `shown_ready`: status says Ready.
    """

    denied: bool = False
    lapsed: bool = False
    imported: bool = False
    unfurnished: bool = False
    over: bool = False
    renew: bool = False
    replace: bool = False
    replacing: bool = False
    touch: bool = False
    forget: bool = False
    shown_ready: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide` looks at, gathered once a pass.

    `problem`: why nothing may be changed now (a bad spec, a missing Secret, a name that another object holds, the last
    failure while its backoff lasts). `claimed`: finalizer and intent are on the object. `pinned`: status confirms the
    identity. `in_flight`: a POST may be on its way. `verb`, `task`: the operation that status records and where its
    tasks stand; `overdue`: a deletion has waited for them long enough. `expires`: the resource is transient.
    """

    seen: Seen
    deleting: bool = False
    paused: bool = False
    observe_only: bool = False
    retain: bool = False
    protected: bool = False
    adopt_anything: bool = False
    problem: Outcome | None = None
    finalizer: bool = False
    claimed: bool = False
    pinned: bool = False
    in_flight: bool = False
    verb: Verb | None = None
    task: Verdict | None = None
    overdue: bool = False
    expires: bool = False
    prospects: Prospects = field(default_factory=Prospects)
    attached: Attached = NOTHING_ATTACHED

    @property
    def running(self) -> bool:
        return self.task is not None and self.task.state is TaskState.RUNNING

    @property
    def untried(self) -> bool:
        """Whether an id is known that lists do not show and no DELETE was tried on."""
        return self.expires and self.pinned and not self.prospects.denied

    @property
    def encumbered(self) -> bool:
        """Whether something attached is to go before a deleted object may."""
        return self.attached.surplus and self.finalizer and not (self.retain or self.observe_only)

    @property
    def ours(self) -> bool:
        """Whether anything in the cloud is, or may come to be, this object's."""
        return self.pinned or self.in_flight or (isinstance(self.seen, Present) and self.seen.mine)


def decide(facts: Facts) -> Step:  # noqa: C901, PLR0911, PLR0912 - one screen, one line a transition
    """Choose the next step from facts alone."""
    if facts.paused:
        return Hold()
    if facts.deleting:
        step = _decide_deletion(facts)
        return _last(facts) if isinstance(step, Release) and facts.encumbered else step
    if facts.running:
        return Follow()
    if facts.problem and (isinstance(facts.seen, Unseen) or facts.observe_only):
        return Report(facts.problem)
    match facts.seen:
        case Absent() | Present() as seen if facts.observe_only:
            return Observe(seen)
        case Present(found=found, mine=False) if found.foreign or not facts.adopt_anything:
            return Refuse(found)
        case Absent() if facts.prospects.imported and not facts.pinned:
            return Missing()
    if facts.expires and (end := _decide_end(facts)):
        return end
    match facts.seen:
        case _ if facts.problem:
            return Report(facts.problem)
        case Present(twins=(twin, *_)):
            return Delete(twin, twin=True)
        case Present(found=found) if not facts.claimed:
            return Adopt(found)
        case Absent() | Present(drift=(_, *_)) if facts.task and facts.task.state is TaskState.FAILED:
            return Retry(facts.task.error)
        case Absent(proven=False, proven_at=until):
            return AwaitProof(until)
        case Absent() | Present() if facts.attached.lacking:
            return Attach(facts.attached.found)
        case Present(found=found) if facts.prospects.unfurnished:
            return Furnish(found)
        case Present(found=found) as seen if facts.prospects.replace and (seen.drift or seen.stale):
            return Replace(found)
        case Present(found=found, drift=(_, *_) as drift):
            return Update(found, drift)
        case Present(found=found, stale=stale) if facts.prospects.touch:
            return Touch(found, stale)
        case Present(found=found, stale=(_, *_) as stale):
            return Outdated(found, stale)
        case Absent() | Present() if facts.attached.surplus:
            return Detach(facts.attached)
        case Present(found=found):
            return Watch(found)
        case Unseen():
            return Follow()
    return Create()


def _decide_end(facts: Facts) -> Step | None:
    """What becomes of a transient resource that is over, or is to be; None while it lives on."""
    gone: External | None = None
    match facts.seen:
        case Present(twins=(_, *_)):
            return None  # a double goes first
        case Present(found=External(health=Health.EXPIRED) as found):
            gone = found
        case Absent(proven=True) if facts.pinned:
            pass
        case Present() if facts.prospects.replacing and facts.retain:
            pass
        case Present(found=found, mine=True) if facts.prospects.over or facts.prospects.replacing:
            # A spec that is refused does not make it live longer.
            held = facts.problem and not (facts.prospects.over and facts.problem.state is State.REFUSED)
            return Report(facts.problem) if facts.problem and held else Delete(found)
        case _:
            return None
    if facts.prospects.replacing or (facts.prospects.renew and not facts.prospects.over):
        if facts.problem:
            return Report(facts.problem)
        return Renew() if facts.prospects.shown_ready else Create()
    return Forget() if facts.prospects.forget else Ended(gone)


def _last(facts: Facts) -> Step:
    """Nothing of the resource is left: what was attached goes after it, and then the object."""
    if facts.problem:
        return Report(facts.problem)
    return Follow() if facts.attached.unseen else Detach(facts.attached)


def _decide_deletion(facts: Facts) -> Step:  # noqa: C901, PLR0911, PLR0912 - as above
    """Act only on proof of ownership; let go only on proof of absence."""
    if facts.observe_only or not facts.finalizer or facts.retain:
        return Release()
    if facts.protected and facts.ours:
        return Protected()
    if facts.running and (facts.verb is Verb.DELETE or not facts.overdue):
        return Follow()
    match facts.seen:
        case Unseen() if not facts.ours or facts.prospects.lapsed:
            return Release()
        case Unseen():
            return Report(facts.problem) if facts.problem else Follow()
        case Present(mine=False):
            return Release()
        case Absent(proven=True) if not facts.untried:
            return Release()
        case _ if facts.problem:
            return Report(facts.problem)
        case Present(twins=(twin, *_)):
            return Delete(twin, twin=True)
        case Present(found=External(health=Health.EXPIRED)):
            return Release()
        case Present(found=found):
            return Delete(found)
        case Absent() if facts.untried:
            return Delete(None)
        case Absent(proven=False, proven_at=until):
            return AwaitProof(until)
    return Release()
