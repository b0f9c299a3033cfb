"""What to do next with one object: facts in, one step out. Every transition of the engine lives here."""

from dataclasses import dataclass

from caas_operator.core.model import External, Health, Verb
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import TaskState
from caas_operator.core.tasks import Verdict


@dataclass(frozen=True, slots=True)
class Unseen:
    """The cloud could not be asked, or there is no place to ask about; `Facts.problem` says why."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A LIST does not show it. `proven`: no POST of ours can still make it appear; else it is, at `proven_at`."""

    proven: bool = True
    proven_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Present:
    """A LIST shows it. `mine`: status or its own marker proves it; `drift`: the spec fields that differ.

    `stale`: write-only fields whose Secret has changed since they were sent.
    """

    found: External
    mine: bool
    drift: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    twins: tuple[External, ...] = ()


Seen = Unseen | Absent | Present


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide` looks at, gathered once a pass.

    `problem`: why nothing may be changed now (a bad spec, a missing Secret, a name that another object holds, the last
    failure while its backoff lasts). `claimed`: finalizer and intent are on the object. `pinned`: status confirms the
    identity. `in_flight`: a POST may be on its way. `expires`: the resource is transient. `denied`: the cloud answered
    404 to a DELETE of the pinned id. `lapsed`: its last known expiry is over. `verb`, `task`: the operation that
    status records and where its tasks stand; `overdue`: a deletion has waited for them long enough.
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
    expires: bool = False
    denied: bool = False
    lapsed: bool = False
    verb: Verb | None = None
    task: Verdict | None = None
    overdue: bool = False

    @property
    def running(self) -> bool:
        return self.task is not None and self.task.state is TaskState.RUNNING

    @property
    def ours(self) -> bool:
        """Whether anything in the cloud is, or may come to be, this object's."""
        return self.pinned or self.in_flight or (isinstance(self.seen, Present) and self.seen.mine)


@dataclass(frozen=True, slots=True)
class Hold:
    """Paused: touch nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """Nothing to do but to say so; tried again when the problem may have gone."""

    problem: Outcome


@dataclass(frozen=True, slots=True)
class Follow:
    """A task runs; it wakes the object when it settles."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The last operation's task failed: say so, and try again after a backoff."""

    error: str


@dataclass(frozen=True, slots=True)
class AwaitProof:
    """Absent, but a POST of ours may still be in flight: look again until `until` before believing it."""

    until: float


@dataclass(frozen=True, slots=True)
class Create:
    """Claim the object, if that is not done, and POST."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take what was found under management: claim the object and bind it."""

    found: External


@dataclass(frozen=True, slots=True)
class Refuse:
    """What was found is somebody else's."""

    found: External


@dataclass(frozen=True, slots=True)
class Update:
    found: External
    drift: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """By the pin where nothing was `found`. `twin`: a younger double of a create that was done twice goes."""

    found: External | None
    twin: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing of ours is left, or nothing that we should touch: let the object go."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Deletion is asked for and forbidden by deletionProtection."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A transient resource has come to its end."""

    found: External | None


@dataclass(frozen=True, slots=True)
class Observe:
    """ObserveOnly: report what is there."""

    seen: Absent | Present


@dataclass(frozen=True, slots=True)
class Outdated:
    """Ours and as the spec has it, but for values that cannot be brought into it any more."""

    found: External
    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Ours, as the spec has it, and not being changed by us: report its health."""

    found: External


Step = (
    Hold
    | Report
    | Follow
    | Retry
    | AwaitProof
    | Create
    | Adopt
    | Refuse
    | Update
    | Delete
    | Release
    | Protected
    | Ended
) | (Observe | Outdated | Watch)


def decide(facts: Facts) -> Step:  # noqa: C901, PLR0911, PLR0912 - one screen, one line a transition
    """Choose the next step from facts alone."""
    if facts.paused:
        return Hold()
    if facts.deleting:
        return _decide_deletion(facts)
    if facts.running:
        return Follow()
    if facts.problem and (isinstance(facts.seen, Unseen) or facts.observe_only):
        return Report(facts.problem)
    match facts.seen:
        case Absent() | Present() as seen if facts.observe_only:
            return Observe(seen)
        case Present(found=found, mine=False) if found.foreign or not facts.adopt_anything:
            return Refuse(found)
        case Present(found=External(health=Health.EXPIRED) as found):
            return Ended(found)
        case Absent(proven=True) if facts.expires and facts.pinned:
            return Ended(None)
        case _ if facts.problem:
            return Report(facts.problem)
        case Present(twins=(twin, *_)):
            return Delete(twin, twin=True)
        case Present(found=found) if not facts.claimed:
            return Adopt(found)
        case _ if facts.task and facts.task.state is TaskState.FAILED:
            return Retry(facts.task.error)
        case Absent(proven=False, proven_at=until):
            return AwaitProof(until)
        case Present(found=found, drift=(_, *_) as drift):
            return Update(found, drift)
        case Present(found=found, stale=(_, *_) as stale):
            return Outdated(found, stale)
        case Present(found=found):
            return Watch(found)
    return Create()


def _decide_deletion(facts: Facts) -> Step:  # noqa: PLR0911 - as above
    """Act only on proof of ownership; let go only on proof of absence."""
    if facts.observe_only or not facts.finalizer or facts.retain:
        return Release()
    if facts.protected and facts.ours:
        return Protected()
    if facts.running and (facts.verb is Verb.DELETE or not facts.overdue):
        return Follow()
    match facts.seen:
        case Unseen() if not facts.ours or facts.lapsed:
            return Release()
        case Unseen() if facts.problem:
            return Report(facts.problem)
        case Present(found=External(health=Health.EXPIRED)):
            return Release()
        case Present(found=found, mine=True):
            return Report(facts.problem) if facts.problem else Delete(found)
        case Absent() if facts.expires and facts.pinned and not facts.denied:
            return Report(facts.problem) if facts.problem else Delete(None)
        case Absent(proven=False, proven_at=until):
            return AwaitProof(until)
    return Release()
