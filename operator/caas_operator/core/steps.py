"""What can be seen of an object's resource, and the steps that can follow. Values only; `decision.py` chooses."""

from dataclasses import dataclass

from caas_operator.core.attachment import Attached
from caas_operator.core.model import External
from caas_operator.core.outcome import Outcome


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
class Attach:
    """Make what the resource needs beside it, or bring what was `found` of that up to date."""

    found: External | None


@dataclass(frozen=True, slots=True)
class Detach:
    """What was attached is needed no more: take it away, and make sure of it."""

    attached: Attached


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
class Missing:
    """What spec names by its id is not in the cloud."""


@dataclass(frozen=True, slots=True)
class Replace:
    """The spec has changed and the resource cannot: let the old one go, then make a new one."""

    found: External


@dataclass(frozen=True, slots=True)
class Furnish:
    """Bring into the resource what its create could not carry."""

    found: External


@dataclass(frozen=True, slots=True)
class Touch:
    """Use the resource, so that it does not expire. `stale`: as in Present."""

    found: External
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forget:
    """A finished object has been kept long enough: delete the object itself."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Expired, and to be made anew: first say that it is gone."""


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
) | (Attach | Detach | Missing | Replace | Furnish | Touch | Forget | Renew | Observe | Outdated | Watch)
