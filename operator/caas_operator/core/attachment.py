"""An attachment: what an object's resource needs beside it in the cloud, made before it and gone after it. Values only.

Its name holds the object's marker, and that is the proof that it is the object's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caas_operator.core.model import External
from caas_operator.core.secret import Sealed

PREFIX = "caas-operator-"


def attachment_name(marker: str) -> str:
    """24 characters: the shortest limit of a cloud is 26, a CaaS pull secret's [SPEC]."""
    return f"{PREFIX}{marker}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One that a spec asks for.

    `shown`: what the cloud shows of it. `hidden`: what it takes and never shows again. `parts`: all that messages must
    not repeat.
    """

    name: str
    shown: Mapping[str, str]
    hidden: Sealed
    parts: frozenset[Sealed]


@dataclass(slots=True)
class Attaching:
    """What the process remembers of an object's attachment; part of its Track.

    `sent`: the last one that the cloud has taken, `answer`: as it was shown then, `at`: when that was. `lost`: when the
    last POST without an answer ended. `floor`: only a LIST begun later counts.
    """

    sent: Attachment | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0
    lost: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Attached:
    """How an object's attachment stands, for a decision.

    `lacking`: it is wanted, and not there or not as wanted. `surplus`: it is not wanted and there, or may be. `found`:
    what the LIST shows. `unseen`: there was no LIST. `until`: when its absence is proven; 0.0 where it is.
    """

    lacking: bool = False
    surplus: bool = False
    found: External | None = None
    unseen: bool = False
    until: float = 0.0


NOTHING_ATTACHED = Attached()
