"""What a LIST says about one object: the listing and the object's identity in, Absent or Present out."""

from dataclasses import dataclass

from caas_operator.core.inventory import Listing
from caas_operator.core.model import External, Health, Pin, Place
from caas_operator.core.ports import Naming
from caas_operator.core.schedule import CREATE_FENCE
from caas_operator.core.steps import Absent, Present


@dataclass(frozen=True, slots=True)
class Identity:
    """By what an object's resource is recognised. `since`: since when nothing else of ours was sending POSTs for it."""

    naming: Naming
    marker: str
    place: Place
    pin: Pin | None = None
    in_flight: bool = False
    since: float = 0.0
    import_id: str = ""
    number: int = 0
    """Of the POST that may be under way."""
    unseen: bool = False
    """A POST was taken, and what it made was never seen: a cloud may refuse it later, in its task."""

    def tokens(self) -> frozenset[str]:
        """Under what an inventory tells this object of changes."""
        if self.naming is Naming.UNIQUE:
            return frozenset({self.place.name})
        ids = {self.pin.external_id if self.pin else None, self.import_id} - {None, ""}
        return frozenset({self.marker} | {id_ for id_ in ids if id_})


def look(listing: Listing, identity: Identity) -> Absent | Present:
    """The object's resource in a LIST; the drift is filled in by who knows the spec."""
    found, twins = _find(listing, identity)
    if found is not None:
        return Present(found, mine=_is_mine(found, identity), twins=twins)
    return absence(listing, identity)


def absence(listing: Listing, identity: Identity) -> Absent:
    """What it means that a LIST does not show the object's resource."""
    proven_at = identity.since + CREATE_FENCE
    if identity.in_flight and listing.begun <= proven_at:
        return Absent(proven=False, proven_at=proven_at)
    return Absent()


def _is_mine(found: External, identity: Identity) -> bool:
    """The marker proves it, but for what must never be adopted, whoever signed that.

    A pin is proof by id, or by name while nobody else has signed the resource; not by the name of what was never
    seen, for somebody else may have taken it.
    """
    pinned = identity.pin is not None
    if found.marker == identity.marker:
        return pinned or not found.foreign
    return pinned and (identity.naming is Naming.NUMBERED or (found.marker is None and not identity.unseen))


def _find(listing: Listing, identity: Identity) -> tuple[External | None, tuple[External, ...]]:
    if identity.naming is Naming.UNIQUE:
        return listing.by_name.get(identity.place.name), ()
    marked = listing.by_marker.get(identity.marker, ())
    if identity.pin is None and identity.import_id:
        return listing.by_id.get(identity.import_id), ()
    if identity.pin is not None:
        found = listing.by_id.get(identity.pin.external_id or "")
        twins = [item for item in marked if found and item.number == found.number and item.id != found.id]
        return found, _living(twins)
    # The end of those before the one that is on its way was confirmed, or they were left to expire.
    next_ones = [item for item in _living(marked) if item.number >= identity.number]
    alive = sorted(next_ones, key=lambda item: (-item.number, item.created_at, item.id))
    if not alive:
        # What our POST made may have come to its end before we saw it.
        return next((item for item in marked if identity.number and item.number == identity.number), None), ()
    oldest, *younger = [item for item in alive if item.number == alive[0].number]
    return oldest, tuple(younger)


def _living(items: "list[External] | tuple[External, ...]") -> tuple[External, ...]:
    return tuple(item for item in items if item.health is not Health.EXPIRED)


def next_number(listing: Listing, marker: str) -> int:
    """One more than the highest number that any of the object's resources has, living or not."""
    return 1 + max((item.number for item in listing.by_marker.get(marker, ())), default=0)
