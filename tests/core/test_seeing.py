"""What a LIST says about one object."""

from dataclasses import replace

import pytest

from caas_operator.core.inventory import Listing
from caas_operator.core.model import AccountRef, External, Health, Pin, Place
from caas_operator.core.ports import Naming
from caas_operator.core.schedule import CREATE_FENCE
from caas_operator.core.seeing import Identity, look, next_number
from caas_operator.core.steps import Absent, Present
from tests.core.build import external

PLACE = Place("1", "one")
PIN = Pin(AccountRef("CloudAccount", "main"), "https://cloud.example", PLACE, "1/one")
BOX = Identity(Naming.UNIQUE, "mine", PLACE)
CELL = Identity(Naming.NUMBERED, "mine", Place("", "one"))
PINNED_CELL = replace(CELL, pin=replace(PIN, external_id="c1"))


def listing(*items: External, begun: float = 1000.0) -> Listing:
    return Listing.of(begun, None, items)


def cell(id_: str, number: int = 1, *, created_at: float = 0.0, health: Health = Health.SERVING) -> External:
    return external(f"one-mine-{number}", id_=id_, marker="mine", number=number, created_at=created_at, health=health)


def seen(identity: Identity, *items: External, begun: float = 1000.0) -> Present:
    found = look(listing(*items, begun=begun), identity)
    assert isinstance(found, Present)
    return found


# -- unique names ----------------------------------------------------------------------------------------------------


def test_what_bears_the_name_and_our_marker_is_mine() -> None:
    assert seen(BOX, external(marker="mine")).mine


def test_what_bears_the_name_without_our_marker_is_not_mine() -> None:
    assert not seen(BOX, external()).mine
    assert not seen(BOX, external(marker="theirs")).mine


def test_what_is_pinned_and_lost_its_marker_is_mine() -> None:
    assert seen(replace(BOX, pin=PIN), external()).mine


def test_what_is_pinned_and_signed_over_is_not_mine() -> None:
    assert not seen(replace(BOX, pin=PIN), external(marker="theirs")).mine


def test_our_marker_under_another_name_is_not_found() -> None:
    assert look(listing(external("two", marker="mine")), BOX) == Absent()


def test_an_absence_counts_where_no_post_of_ours_is_out() -> None:
    assert look(listing(), BOX) == Absent(proven=True)


@pytest.mark.parametrize(
    ("begun", "proven"), [(999.0, False), (1000.0 + CREATE_FENCE, False), (1000.1 + CREATE_FENCE, True)]
)
def test_while_a_post_may_be_out_an_absence_counts_after_the_fence(begun: float, proven: bool) -> None:  # noqa: FBT001 - a table
    identity = replace(BOX, in_flight=True, since=1000.0)
    found = look(listing(begun=begun), identity)
    assert isinstance(found, Absent)
    assert found.proven is proven
    if not proven:
        assert found.proven_at == 1000.0 + CREATE_FENCE


def test_what_is_there_is_there_before_the_fence_as_well() -> None:
    assert seen(replace(BOX, in_flight=True, since=1000.0), external(marker="mine"), begun=1001.0).mine


# -- numbered names --------------------------------------------------------------------------------------------------


def test_without_a_pin_the_marker_finds_it() -> None:
    assert seen(CELL, cell("c1")).found.id == "c1"


def test_without_a_pin_only_the_living_are_found() -> None:
    assert look(listing(cell("c1", health=Health.EXPIRED)), CELL) == Absent()


def test_of_several_numbers_the_highest_is_it() -> None:
    found = seen(CELL, cell("c1", 1), cell("c2", 2))
    assert (found.found.id, found.twins) == ("c2", ())


def test_of_several_of_one_number_the_oldest_is_kept() -> None:
    found = seen(CELL, cell("b", created_at=20.0), cell("a", created_at=30.0), cell("c", created_at=10.0))
    assert found.found.id == "c"
    assert {twin.id for twin in found.twins} == {"a", "b"}


def test_of_several_of_one_second_the_choice_is_stable() -> None:
    one, other = cell("a", created_at=10.0), cell("b", created_at=10.0)
    assert seen(CELL, one, other).found.id == seen(CELL, other, one).found.id == "a"


def test_with_a_pin_the_id_finds_it_expired_or_not() -> None:
    assert seen(PINNED_CELL, cell("c1", health=Health.EXPIRED)).found.health is Health.EXPIRED


def test_with_a_pin_doubles_of_its_number_are_twins() -> None:
    found = seen(PINNED_CELL, cell("c1"), cell("c2"), cell("c3", 2), cell("c4", health=Health.EXPIRED))
    assert [twin.id for twin in found.twins] == ["c2"]


def test_a_pinned_cell_is_mine_whatever_its_name_says() -> None:
    assert seen(PINNED_CELL, external("renamed", id_="c1")).mine


def test_somebody_elses_cell_of_our_name_prefix_is_not_found() -> None:
    assert look(listing(external("one-theirs-1", id_="x", marker="theirs", number=1)), CELL) == Absent()


def test_a_new_number_is_one_more_than_the_highest_living_or_not() -> None:
    assert next_number(listing(), "mine") == 1
    assert next_number(listing(cell("a", 2), cell("b", 5, health=Health.EXPIRED)), "mine") == 6


def test_tokens_are_what_a_change_is_told_by() -> None:
    assert BOX.tokens() == {"one"}
    assert CELL.tokens() == {"mine"}
    assert PINNED_CELL.tokens() == {"mine", "c1"}
