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
        pinned = identity.pin is not None
        return Present(
            found, mine=found.marker == identity.marker or (pinned and _pinned_proof(found, identity)), twins=twins
        )
    proven_at = identity.since + CREATE_FENCE
    if identity.in_flight and listing.begun <= proven_at:
        return Absent(proven=False, proven_at=proven_at)
    return Absent()


def _pinned_proof(found: External, identity: Identity) -> bool:
    """A pin is proof by id, or by name while nobody else has signed the resource."""
    return identity.naming is Naming.NUMBERED or found.marker is None


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
    alive = sorted(_living(marked), key=lambda item: (-item.number, item.created_at, item.id))
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
