"""Which object holds an external name. Two objects of ours must never both find it free."""

from collections import defaultdict
from dataclasses import dataclass, field

from caas_operator.core.model import Key, Place


@dataclass(frozen=True, slots=True, order=True)
class Claimant:
    """An object that wants a name; the smallest holds it: a pinned one, else the oldest, ties by uid."""

    unpinned: bool
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

    def claim(self, name: Name, claimant: Claimant) -> Claimant:
        """Enter the claim and return the holder. A claimant has one name at a time."""
        if self._names.get(claimant.uid) not in (None, name):
            self.drop(claimant.uid)
        self._names[claimant.uid] = name
        self._claimants[name][claimant.uid] = claimant
        return min(self._claimants[name].values())

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
