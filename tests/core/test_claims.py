"""Which object holds a name."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from caas_operator.core.claims import ASKING, PINNED, POSTING, Claimant, Claims, Name
from caas_operator.core.model import Key, Place

NAME = Name("Box", "https://cloud.example", Place("1", "shared"))
OTHER = Name("Box", "https://cloud.example", Place("1", "another"))


def claimant(uid: str, *, created: str = "2027-01-15T08:00:00Z", rank: int = ASKING) -> Claimant:
    return Claimant(rank, created, uid, f"team/{uid}", "Box")


OLD = claimant("b", created="2026-01-01T00:00:00Z")
YOUNG = claimant("a")
BOUND = claimant("c", created="2028-01-01T00:00:00Z", rank=PINNED)


def test_the_pinned_is_before_the_oldest_whoever_comes_first() -> None:
    for order in permutations([OLD, YOUNG, BOUND]):
        claims = Claims()
        for one in order:
            holder, _ = claims.claim(NAME, one)
        assert holder == BOUND


def test_among_those_without_a_pin_the_oldest_holds_it() -> None:
    for order in permutations([OLD, YOUNG]):
        claims = Claims()
        for one in order:
            holder, _ = claims.claim(NAME, one)
        assert holder == OLD


def test_who_has_a_post_under_way_is_between_the_two() -> None:
    posting = claimant("d", rank=POSTING)
    for order in permutations([OLD, posting]):
        claims = Claims()
        for one in order:
            holder, _ = claims.claim(NAME, one)
        assert holder == posting
    assert claims.claim(NAME, BOUND)[0] == BOUND


def test_of_one_age_the_uid_decides() -> None:
    claims = Claims()
    claims.claim(NAME, claimant("z"))
    assert claims.claim(NAME, claimant("y"))[0].uid == "y"


def test_the_first_holds_it_until_somebody_better_comes() -> None:
    claims = Claims()
    assert claims.claim(NAME, YOUNG)[0] == YOUNG
    assert claims.claim(NAME, OLD)[0] == OLD
    assert claims.claim(NAME, YOUNG)[0] == OLD


def test_a_claim_becomes_better_with_the_pin() -> None:
    claims = Claims()
    claims.claim(NAME, OLD)
    claims.claim(NAME, YOUNG)
    assert claims.claim(NAME, claimant("a", rank=PINNED))[0].uid == "a"


def test_a_name_elsewhere_is_another_name() -> None:
    claims = Claims()
    claims.claim(NAME, OLD)
    for name in (
        OTHER,
        Name("Crate", NAME.endpoint, NAME.place),
        Name("Box", "https://elsewhere.example", NAME.place),
        Name("Box", NAME.endpoint, Place("2", "shared")),
    ):
        assert claims.claim(name, YOUNG)[0] == YOUNG


def test_dropping_names_those_who_wait() -> None:
    claims = Claims()
    claims.claim(NAME, OLD)
    claims.claim(NAME, YOUNG)
    assert claims.drop("b") == (Key("Box", "a"),)
    assert claims.claim(NAME, YOUNG)[0] == YOUNG
    assert claims.drop("nobody") == ()


def test_a_claimant_has_one_name_at_a_time_and_those_who_waited_for_the_other_are_named() -> None:
    claims = Claims()
    claims.claim(NAME, OLD)
    claims.claim(NAME, YOUNG)
    assert claims.claim(NAME, OLD) == (OLD, ())
    assert claims.claim(OTHER, OLD) == (OLD, (Key("Box", "a"),))
    assert claims.claim(NAME, YOUNG)[0] == YOUNG


def test_a_name_is_confirmed_to_its_holder_alone() -> None:
    claims = Claims()
    claims.claim(NAME, YOUNG)
    claims.claim(NAME, OLD)
    assert not claims.confirm("a")
    assert claims.confirm("b")
    assert claims.confirm("nobody has to claim what needs no name")


def test_who_comes_after_the_confirmation_is_too_late_however_old() -> None:
    claims = Claims()
    claims.claim(NAME, YOUNG)
    assert claims.confirm("a")
    assert claims.claim(NAME, OLD)[0].uid == "a"
    assert claims.claim(NAME, BOUND)[0] == BOUND, "but for who is bound to it"


def test_a_confirmation_that_came_to_nothing_ends_with_the_next_claim() -> None:
    claims = Claims()
    claims.claim(NAME, YOUNG)
    claims.confirm("a")
    claims.claim(NAME, OLD)
    assert claims.claim(NAME, YOUNG)[0] == OLD


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([NAME, OTHER, None]), st.integers(0, 2)),
        min_size=1,
        max_size=30,
    )
)
def test_a_name_has_one_holder_and_nothing_is_kept_of_who_left(steps: list[tuple[str, Name | None, int]]) -> None:
    claims, now = Claims(), dict[str, tuple[Name, Claimant]]()
    for uid, name, rank in steps:
        if name is None:
            claims.drop(uid)
            now.pop(uid, None)
            continue
        one = claimant(uid, rank=rank)
        now[uid] = (name, one)
        assert claims.claim(name, one)[0] == min(who for where, who in now.values() if where == name)
    for uid in "abcd":
        claims.drop(uid)
    assert not claims._claimants
    assert not claims._names
