"""The process dies at every place around all that it does; a new one makes it right, and nothing exists twice."""

import pytest

from caas_operator.core.errors import CloudError, QuotaExceeded, Unavailable
from tests.core.crashing import MOST_POINTS, crashed, dying_everywhere, nothing
from tests.core.passes import BOTH, SETTLED, begin_ready, uid_of
from tests.support.engine.cloud import no_answer
from tests.support.engine.world import World


@BOTH
async def test_dying_anywhere_in_a_create_leaves_one_ready_resource(kind: str) -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert len(world.cloud(kind).living()) == 1, where
        assert max(world.cloud(kind).most_alive.values()) == 1, where
        assert world.cloud(kind).calls["create"] == 1 or where.endswith(("create asked", "create done")), where

    points = await dying_everywhere(nothing, lambda world: world.apply(kind), check)
    assert points >= 8


async def test_dying_anywhere_in_an_update_ends_in_the_new_spec() -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert world.boxes.things["1/one"].wire["image"] == "b", where
        assert world.boxes.things["1/one"].wire["size"] is None, where
        assert world.server.status(uid_of(world))["observedGeneration"] == 2, where
        assert world.boxes.calls["create"] == 1, where

    points = await dying_everywhere(
        lambda world: begin_ready("Box", world),
        lambda world: world.server.edit(uid_of(world), image="b", size=None),
        check,
    )
    assert points >= 5


@BOTH
async def test_dying_anywhere_in_a_deletion_leaves_nothing(kind: str) -> None:
    def check(world: World, where: str) -> None:
        assert world.server.bodies == {}, where
        assert world.cloud(kind).living() == [], where

    points = await dying_everywhere(
        lambda world: begin_ready(kind, world), lambda world: world.server.delete(uid_of(world)), check
    )
    assert points >= 4


@BOTH
@pytest.mark.parametrize(
    ("error", "done"), [(no_answer(), True), (no_answer(), False), (QuotaExceeded("no quota", status=400), False)]
)
async def test_dying_anywhere_around_a_create_that_fails_first_leaves_one_ready_resource(
    kind: str,
    error: CloudError,
    done: bool,  # noqa: FBT001 - a table
) -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert len(world.cloud(kind).living()) == 1, where
        assert max(world.cloud(kind).most_alive.values()) == 1, where

    def act(world: World) -> None:
        world.cloud(kind).fail("create", error, done=done)
        world.server.apply(kind, "one", image="a")

    assert await dying_everywhere(nothing, act, check) >= 8


async def test_dying_anywhere_in_an_adoption_takes_it_over_once() -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert world.boxes.things["1/one"].wire["marker"], where
        assert world.boxes.calls["create"] == world.boxes.calls["delete"] == 0, where

    def act(world: World) -> None:
        world.boxes.put("one", image="theirs")
        world.server.apply("Box", "one", image="a", adoptionPolicy="Always")

    assert await dying_everywhere(nothing, act, check) >= 5


@BOTH
async def test_dying_anywhere_on_the_way_to_observe_only_and_back_changes_nothing(kind: str) -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert world.server.finalizers(uid_of(world)) == ["caas-operator.dev/cleanup"], where
        assert len(world.cloud(kind).living()) == 1, where
        assert world.cloud(kind).calls["create"] == 1, where

    async def observed(world: World) -> None:
        await begin_ready(kind, world)
        world.server.edit(uid_of(world), managementPolicy="ObserveOnly")
        await world.run(70)

    points = await dying_everywhere(
        observed, lambda world: world.server.edit(uid_of(world), managementPolicy="Managed"), check
    )
    assert points >= 3


@BOTH
async def test_dying_anywhere_in_a_deletion_that_fails_first_leaves_nothing(kind: str) -> None:
    def check(world: World, where: str) -> None:
        assert world.server.bodies == {}, where
        assert world.cloud(kind).living() == [], where

    def act(world: World) -> None:
        world.cloud(kind).fail("delete", Unavailable("no", status=503))
        world.server.delete(uid_of(world))

    async def old(world: World) -> None:
        await begin_ready(kind, world)
        await world.run(900, step=10)

    assert await dying_everywhere(old, act, check) >= 4


async def test_dying_anywhere_after_a_doubled_create_leaves_one() -> None:
    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        (left,) = world.cells.living()
        assert world.server.status(uid_of(world))["externalId"] == left.id, where

    async def doubled(world: World) -> None:
        world.cells.fail("create", no_answer(), done=True)
        world.server.apply("Cell", "one", image="a")
        await world.run(1)
        (first,) = world.cells.living()
        world.cells.put(first.name, first.scope).created_at += 1

    points = await dying_everywhere(
        doubled, lambda world: world.server.annotate(uid_of(world), reconcile_requested_at="now"), check
    )
    assert points >= 3


@BOTH
async def test_dying_anywhere_in_a_create_and_deleted_meanwhile_leaves_nothing(kind: str) -> None:
    """The deletion comes while there is no process."""
    for number in range(1, MOST_POINTS):
        world = World()
        world.start()
        world.points.crash_at = number
        uid = world.server.apply(kind, "one", image="a")
        died = await crashed(world, 30)
        if died:
            world.server.delete(uid)
            await world.restart()
            await world.run(SETTLED, step=5)
            assert world.server.bodies == {}, died
            assert world.cloud(kind).living() == [], died
        await world.process.stop()
        if not died:
            return
    raise AssertionError("more places than expected: a hot loop?")
