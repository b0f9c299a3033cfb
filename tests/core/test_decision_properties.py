"""What must hold for decide() whatever the facts are."""

from dataclasses import replace
from typing import get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st

from caas_operator.core import steps
from caas_operator.core.attachment import Attached
from caas_operator.core.decision import Facts, Prospects, decide
from caas_operator.core.model import Health, Verb
from caas_operator.core.steps import (
    Absent,
    Adopt,
    Attach,
    Create,
    Delete,
    Detach,
    Follow,
    Hold,
    Outdated,
    Present,
    Refuse,
    Release,
    Unseen,
    Update,
    Watch,
)
from tests.core.facts import (
    BOX,
    EXPIRED,
    FAILED,
    FINISHED,
    FOREIGN,
    GOING,
    LOGIN,
    LOST,
    OURS,
    PROBLEM,
    RUNNING,
    SURPLUS,
    TWIN,
    box,
)

externals = st.sampled_from([BOX, TWIN, EXPIRED, FOREIGN, box(Health.BROKEN), box(Health.CHANGING)])
seen = st.one_of(
    st.just(Unseen()),
    st.builds(Absent, proven=st.booleans(), proven_at=st.just(70.0)),
    st.builds(
        Present,
        found=externals,
        mine=st.booleans(),
        drift=st.sampled_from([(), ("image",)]),
        stale=st.sampled_from([(), ("networkPolicy",)]),
        twins=st.sampled_from([(), (TWIN,)]),
    ),
)
flags = {
    name: st.booleans()
    for name in [
        "deleting",
        "paused",
        "observe_only",
        "retain",
        "protected",
        "adopt_anything",
        "finalizer",
        "claimed",
        "pinned",
        "in_flight",
        "expires",
        "overdue",
    ]
}
prospects = st.builds(Prospects, **{name: st.booleans() for name in Prospects.__dataclass_fields__})
any_facts = st.builds(
    Facts,
    seen=seen,
    prospects=st.just(Prospects()) | prospects,
    problem=st.sampled_from([None, PROBLEM]),
    verb=st.sampled_from([None, *Verb]),
    task=st.sampled_from([None, RUNNING, FINISHED, FAILED, LOST]),
    attached=st.builds(
        Attached,
        lacking=st.booleans(),
        surplus=st.booleans(),
        found=st.sampled_from([None, LOGIN]),
        unseen=st.booleans(),
        until=st.sampled_from([0.0, 70.0]),
    ),
    **flags,
)
many = settings(max_examples=80, deadline=None)
MUTATIONS = (Create, Update, Delete, Attach, Detach)


@many
@given(any_facts)
def test_every_facts_have_a_step(facts: Facts) -> None:
    assert isinstance(decide(facts), get_args(steps.Step))


@many
@given(any_facts)
def test_nothing_is_deleted_that_is_not_mine_or_pinned(facts: Facts) -> None:
    step = decide(facts)
    if isinstance(step, Delete) and not step.twin:
        assert facts.deleting or (facts.expires and (facts.prospects.over or facts.prospects.replacing))
        assert facts.pinned if step.found is None else isinstance(facts.seen, Present) and facts.seen.mine
    if isinstance(step, Delete) and step.twin:
        assert isinstance(facts.seen, Present)
        assert step.found in facts.seen.twins


@many
@given(any_facts)
@example(Facts(Unseen(), observe_only=True))
def test_nothing_is_changed_while_paused_observed_or_with_a_problem(facts: Facts) -> None:
    if facts.paused or facts.observe_only or facts.problem:
        assert not isinstance(decide(facts), MUTATIONS)


@many
@given(any_facts)
def test_nothing_is_created_when_deleting_or_when_an_absence_is_not_proved(facts: Facts) -> None:
    if isinstance(decide(facts), Create):
        assert not facts.deleting
        renewed = facts.expires and (facts.prospects.renew or facts.prospects.replacing)
        assert renewed or not isinstance(facts.seen, Present)
        assert not isinstance(facts.seen, Absent) or facts.seen.proven


@many
@given(any_facts)
@example(Facts(Unseen()))
def test_nothing_is_created_unseen(facts: Facts) -> None:
    """What was not looked at may be there."""
    if isinstance(facts.seen, Unseen):
        assert not isinstance(decide(facts), MUTATIONS)


@many
@given(any_facts)
@example(replace(GOING, seen=Unseen(), verb=Verb.CREATE, task=RUNNING, overdue=True))
def test_what_is_ours_is_not_let_go_before_it_is_gone(facts: Facts) -> None:
    """Policy Delete, our finalizer on it, and something of ours is there or may be: the object stays."""
    keeps = facts.finalizer and not facts.retain and not facts.observe_only
    there = (isinstance(facts.seen, Present) and facts.seen.mine and facts.seen.found.health is not Health.EXPIRED) or (
        isinstance(facts.seen, Unseen) and facts.ours and not facts.prospects.lapsed
    )
    if keeps and there:
        assert not isinstance(decide(facts), Release)


@many
@given(any_facts)
@example(replace(GOING, seen=Absent(), attached=SURPLUS))
def test_what_is_attached_goes_after_the_resource_and_before_the_object(facts: Facts) -> None:
    step = decide(facts)
    if facts.attached.surplus and facts.finalizer and not facts.retain and not facts.observe_only:
        assert not isinstance(step, Release)
    if isinstance(step, Detach) and facts.deleting and isinstance(facts.seen, Present) and facts.seen.mine:
        assert facts.seen.found.health is Health.EXPIRED
    if isinstance(step, Create) and not facts.expires:
        assert not facts.attached.lacking


@many
@given(any_facts)
def test_an_object_is_let_go_only_when_it_is_deleted(facts: Facts) -> None:
    if isinstance(decide(facts), Release):
        assert facts.deleting


@many
@given(any_facts)
def test_somebody_elses_is_neither_updated_nor_adopted_unless_always(facts: Facts) -> None:
    step = decide(facts)
    if isinstance(facts.seen, Present) and not facts.seen.mine and not facts.adopt_anything:
        assert not isinstance(step, (Update, Adopt, Watch, Outdated))


@many
@given(any_facts)
def test_nothing_is_changed_before_it_is_claimed(facts: Facts) -> None:
    if isinstance(decide(facts), Update):
        assert facts.claimed


@many
@given(any_facts)
def test_after_an_adoption_the_next_step_is_another_one(facts: Facts) -> None:
    """The reconciler goes on with the same facts, claimed and pinned."""
    if isinstance(decide(facts), Adopt):
        assert not isinstance(decide(replace(facts, claimed=True, pinned=True)), (Adopt, Refuse, Create, Release))


@many
@given(any_facts)
def test_a_running_task_is_left_alone(facts: Facts) -> None:
    if facts.running and not facts.deleting:
        assert isinstance(decide(facts), (Follow, Hold))


@many
@given(any_facts)
def test_protection_holds_what_is_ours(facts: Facts) -> None:
    if facts.protected and facts.ours:
        assert not isinstance(decide(facts), Delete) or not facts.deleting


@many
@given(any_facts)
@example(replace(GOING, seen=replace(OURS, twins=(TWIN,)), expires=True))
@example(replace(GOING, seen=Present(EXPIRED, mine=True, twins=(TWIN,)), expires=True))
def test_deleting_a_doubled_resource_leaves_none_of_them(facts: Facts) -> None:
    """While one of ours lives, be it a double, the object stays."""
    keeps = facts.deleting and facts.finalizer and not facts.retain and not facts.observe_only
    if keeps and isinstance(facts.seen, Present) and facts.seen.mine and facts.seen.twins and not facts.problem:
        step = decide(facts)
        assert not isinstance(step, Release)
        if isinstance(step, Delete):
            assert step.twin, "the last DELETE of a transient resource lets the object go"
