"""One object in one pass: everything about it that had to be resolved before the cloud is asked."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caas_operator.core.attachment import Attaching, Attachment
from caas_operator.core.identity import Intent, in_flight, pin_of
from caas_operator.core.lifespan import UNLIMITED, Lifespan
from caas_operator.core.model import FINALIZER, External, Operation, Pin, Place, Resource, documents
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import Inputs, Kind, Naming, Wanted
from caas_operator.core.scrub import conceal
from caas_operator.core.secret import Sealed
from caas_operator.core.status import is_complete, reconcile_request
from caas_operator.core.surroundings import Connection

Circumstances = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the cloud said, at `at`, about the failure whose message is `about`."""

    about: str = ""
    text: str = ""
    at: float = 0.0


@dataclass(slots=True)
class Track:
    """What the process remembers of an object between passes. Losing it costs a look, never a mistake.

    `floor`: only a LIST begun later counts. `posted_at`: when the last POST without an answer ended. `problem`: the
    last failure, in force until `retry_at` or until `circumstances` change. `spent`: tasks whose failure was already
    told. `futile`: the drift that the last update did not cure. `missed`: when the last LIST began that lacked a
    pinned id. `denied`: a DELETE was answered by 404. `released`: we let the object go ourselves. `sent`: values of
    Secrets that the last two changes carried, which the cloud's later words may repeat. `touched_at`: when we last used
    the resource to keep it alive. `gone`: the id whose DELETE was done, whatever lists show for a while. `closed`: the
    time of the intent all of whose POSTs we know to be answered. `operation`: the last one, where status has none as
    young. `words`: what the last failed task said. `settled_at`: when we learned that the last operation's tasks have
    ended. `shown_at`: when a LIST last showed the resource. `advice`: on the last failure.
    `unpublished`: how often in turn the endpoint could not be published. `doubted`: the id of which a refusal to take
    its files is not believed before another look.
    """

    floor: float = 0.0
    posted_at: float = 0.0
    problem: Outcome | None = None
    retry_at: float = 0.0
    failures: int = 0
    circumstances: Circumstances = ()
    request: str = ""
    spent: tuple[str, ...] = ()
    futile: tuple[object, ...] = ()
    missed: float = 0.0
    denied: bool = False
    released: bool = False
    generation_since: tuple[int, float] = (0, 0.0)
    sent: tuple[frozenset[Sealed], ...] = ()
    touched_at: float = 0.0
    gone: str = ""
    closed: float = 0.0
    operation: Operation | None = None
    words: str = ""
    settled_at: float = 0.0
    shown_at: float = 0.0
    unpublished: int = 0
    doubted: str = ""
    advice: Advice = Advice()
    attaching: Attaching = field(default_factory=Attaching)


@dataclass(slots=True)
class Subject:
    """The object of a pass.

    `problem` set: nothing may be changed. `place`: where its resource is, None if there is nowhere to look; `located`:
    where the spec would have it. `recorded`: the operation that status keeps. `attachment`: the one that spec asks for.
    `moving`: spec asks for another scope or account than those where only an attachment is so far.
    """

    obj: Resource
    kind: Kind
    track: Track
    marker: str
    spec: Any = None
    pin: Pin | None = None
    intent: Intent | None = None
    recorded: Operation | None = None
    connection: Connection | None = None
    place: Place | None = None
    located: Place | None = None
    inputs: Inputs = field(default_factory=Inputs)
    problem: Outcome | None = None
    circumstances: Circumstances = ()
    fingerprint: Mapping[str, Any] | None = None
    attachment: Attachment | None = None
    moving: bool = False

    @property
    def operation(self) -> Operation | None:
        """The last one; a retry is not recorded, for it costs no write. Status keeps whole seconds."""
        mine, recorded = self.track.operation, self.recorded
        if mine is None or recorded is None:
            return mine or recorded
        if int(recorded.started_at) != int(mine.started_at):
            # Two creates without tasks are told from each other by their time alone.
            return max(recorded, mine, key=lambda one: one.started_at)
        same = (mine.verb, mine.task_ids) == (recorded.verb, recorded.task_ids)
        return recorded if same else mine

    @property
    def open(self) -> bool:
        """Whether a POST may stand behind the intent by what the object says."""
        return in_flight(self.intent, self.recorded)

    @property
    def in_flight(self) -> bool:
        """Whether a POST may be under way by all that we know."""
        return self.open and self.intent is not None and self.track.closed != self.intent.at

    @property
    def attachment_recorded(self) -> bool:
        """Whether status says that the resource was given its attachment."""
        return self.kind.attached_by in (self.obj.status.get("appliedFields") or ())

    @property
    def attached(self) -> bool:
        """Whether there may be an attachment of the object: that is said on it before one is made."""
        noted = self.intent is not None and self.intent.attached
        return bool(self.kind.attached_by) and (noted or self.attachment_recorded)

    @property
    def tied(self) -> bool:
        """Whether the intent says where the object is: a POST may be under way there, or an attachment is there."""
        noted = self.intent is not None and self.intent.attached and bool(self.kind.attached_by)
        return self.in_flight or noted

    @property
    def newly_adopted(self) -> bool:
        """Whether it was found and taken over, and status does not say so yet."""
        adopted = self.intent is not None and self.intent.adopted
        return adopted and self.operation is None and pin_of(self.obj) is None

    @property
    def lifespan(self) -> Lifespan:
        """What is only observed is neither ended nor kept alive by us."""
        return UNLIMITED if self.spec is None or self.observe_only else self.kind.lifespan(self.spec)

    @property
    def over(self) -> bool:
        """Whether the cloud has said that what the object is bound to has come to its end, and status says so."""
        return self.kind.naming is Naming.NUMBERED and self.pin is not None and is_complete(self.obj)

    @property
    def import_id(self) -> str:
        return str(self.obj.spec.get("importId") or "")

    @property
    def observe_only(self) -> bool:
        return self.obj.spec.get("managementPolicy") == "ObserveOnly"

    @property
    def claimed(self) -> bool:
        """Finalizer and intent are on the object, and the intent names the place where we look."""
        return FINALIZER in self.obj.finalizers and self.intent is not None and self.intent.place == self.place

    def wanted(self, place: Place) -> Wanted:
        applied = frozenset(self.obj.status.get("appliedFields") or ())
        if self.attached:
            # The POST that named it may have been done though status has no word of it.
            applied |= {self.kind.attached_by}
        return Wanted(self.spec, place, self.marker, self.inputs, applied)

    @property
    def sealed(self) -> frozenset[Sealed]:
        """The values of the Secrets that the spec refers to."""
        apart = documents(self.kind.references(self.spec)) if self.spec is not None else frozenset()
        parts = self.attachment.parts if self.attachment else frozenset()
        return self.inputs.secrets(apart) | parts

    def fit(self, text: str) -> str:
        """What the cloud said, fit for status, events and logs: without the values of the object's Secrets."""
        return conceal(text, self.sealed.union(*self.track.sent)) if text else text

    def leaving(self) -> None:
        """The values of the Secrets are about to leave for the cloud."""
        if self.sealed not in self.track.sent:
            self.track.sent = (*self.track.sent[-1:], self.sealed)

    def shown(self, found: External) -> External:
        """`found` with the cloud's free text made fit: its message, and what is observed under names ending so."""
        if not (self.track.sent or self.sealed) or not found.message:
            return found
        return dataclasses.replace(found, message=self.fit(found.message), observed=self._shown(found.observed))

    def _shown(self, observed: Any, name: str = "") -> Any:
        if isinstance(observed, Mapping):
            return {key: self._shown(value, key) for key, value in observed.items()}
        if isinstance(observed, Sequence) and not isinstance(observed, str):
            return [self._shown(value, name) for value in observed]
        free = isinstance(observed, str) and name.lower().endswith("message")
        return self.fit(observed) if free else observed

    def take(self, problem: Outcome) -> None:
        """The first problem is the one to tell."""
        self.problem = self.problem or problem


def circumstances(subject: Subject) -> Circumstances:
    """What a refusal depends on: while none of it changes, the same request would be refused again."""
    account = subject.connection.version if subject.connection else ""
    deleting = subject.obj.deleting
    return (subject.obj.generation, deleting, reconcile_request(subject.obj), account, *subject.circumstances)
