"""Which object holds an external name. Two objects of ours must never both find it free."""

import dataclasses
from collections import defaultdict
from dataclasses import dataclass, field

from caas_operator.core.model import Key, Place

PINNED, POSTING, ASKING = 0, 1, 2


@dataclass(frozen=True, slots=True, order=True)
class Claimant:
    """An object that wants a name; the smallest holds it.

    `rank`: PINNED, POSTING (a POST of its may be under way) or ASKING; of equals the oldest, ties by uid.
    """

    rank: int
    created_at: str
    uid: str
    shown: str = field(compare=False)
    kind: str = field(compare=False)

    @property
    def key(self) -> Key:
        return Key(self.kind, self.uid)


@dataclass(frozen=True, slots=True)
class Name:
    """An external name with everything that makes it one name and not another."""

    kind: str
    endpoint: str
    place: Place


class Claims:
    def __init__(self) -> None:
        self._claimants: dict[Name, dict[str, Claimant]] = defaultdict(dict)
        self._names: dict[str, Name] = {}

    def claim(self, name: Name, claimant: Claimant) -> tuple[Claimant, tuple[Key, ...]]:
        """Enter the claim; returns the holder, and those who waited for the name that the claimant had before."""
        freed = self.drop(claimant.uid) if self._names.get(claimant.uid) not in (None, name) else ()
        self._names[claimant.uid] = name
        self._claimants[name][claimant.uid] = claimant
        return min(self._claimants[name].values()), freed

    def confirm(self, uid: str) -> bool:
        """Whether the object (still) holds the name it claims; if so, whoever only asks comes after it from here on.

        To be called in one breath with what binds the name, for others may have come since it was claimed.
        """
        name = self._names.get(uid)
        if name is None:
            return True
        claimants = self._claimants[name]
        if min(claimants.values()).uid != uid:
            return False
        claimants[uid] = dataclasses.replace(claimants[uid], rank=min(claimants[uid].rank, POSTING))
        return True

    def drop(self, uid: str) -> tuple[Key, ...]:
        """Forget an object's claim; returns those who wait for its name."""
        name = self._names.pop(uid, None)
        if name is None:
            return ()
        claimants = self._claimants[name]
        claimants.pop(uid, None)
        if not claimants:
            del self._claimants[name]
        return tuple(claimant.key for claimant in claimants.values())
