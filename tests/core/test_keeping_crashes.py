"""The process dies at every place around replacing, renewing, furnishing, keeping alive and ending a sandbox."""

from typing import Any

import pytest

from tests.core.crashing import dying_everywhere
from tests.core.passes import uid_of
from tests.support.engine.transient import MortalWorld, SandboxCloud
from tests.support.engine.world import World


def sandboxes(world: World) -> SandboxCloud:
    assert isinstance(world.cells, SandboxCloud)
    return world.cells


async def begin(world: World, **spec: Any) -> None:
    world.server.apply("Cell", "one", image="a", **spec)
    await world.run(30)
    assert world.server.says(uid_of(world)) == "True Available"


def one_ready(world: World, where: str) -> None:
    uid = uid_of(world)
    assert world.server.says(uid) == "True Available", where
    (left,) = world.cells.living()
    assert world.server.status(uid)["externalId"] == left.id, where
    assert max(world.cells.most_alive.values()) == 1, where


def a_second_one(world: World, where: str) -> None:
    one_ready(world, where)
    assert world.cells.calls["create"] == 2 or where.endswith(("create asked", "create done")), where
    (left,) = world.cells.living()
    assert left.name.endswith("-2"), where


@pytest.mark.parametrize("files", [None, "f"])
async def test_dying_anywhere_in_a_replacement_leaves_one_new_sandbox(files: str | None) -> None:
    async def replaceable(world: World) -> None:
        await begin(world, replacePolicy="Recreate", **({"files": files} if files else {}))

    def check(world: World, where: str) -> None:
        a_second_one(world, where)
        (left,) = world.cells.living()
        assert left.wire["image"] == "b", where
        assert left.wire.get("files") == files, where

    points = await dying_everywhere(
        replaceable, lambda world: world.server.edit(uid_of(world), image="b"), check, MortalWorld
    )
    assert points >= 8


async def test_dying_anywhere_in_a_renewal_leaves_one_new_sandbox() -> None:
    async def renewable(world: World) -> None:
        await begin(world, expiryPolicy="Recreate")

    def expire(world: World) -> None:
        sandboxes(world).expire(world.cells.living()[0])

    assert await dying_everywhere(renewable, expire, a_second_one, MortalWorld) >= 6


async def test_dying_anywhere_in_a_create_with_files_leaves_one_furnished_sandbox() -> None:
    async def nothing(world: World) -> None:
        """Begin with an empty cluster."""

    def check(world: World, where: str) -> None:
        one_ready(world, where)
        assert world.cells.living()[0].wire["files"] == "f", where

    points = await dying_everywhere(
        nothing, lambda world: void(world.server.apply("Cell", "one", image="a", files="f")), check, MortalWorld
    )
    assert points >= 8


async def test_dying_anywhere_while_it_is_kept_alive_lets_it_live() -> None:
    async def kept(world: World) -> None:
        sandboxes(world).idle_seconds = 240.0
        await begin(world, keepAlive=120.0)

    def check(world: World, where: str) -> None:
        one_ready(world, where)
        assert world.cells.calls["create"] == 1, where
        assert world.cells.calls["touch"] >= 2, where

    assert await dying_everywhere(kept, lambda _: None, check, MortalWorld) >= 6


@pytest.mark.parametrize("policy", ["Complete", "Recreate"])
async def test_dying_anywhere_around_the_deadline_leaves_a_complete_object_and_no_sandbox(policy: str) -> None:
    async def limited(world: World) -> None:
        await begin(world, activeDeadlineSeconds=60.0, expiryPolicy=policy)

    def check(world: World, where: str) -> None:
        assert world.cells.living() == [], where
        assert world.server.says(uid_of(world), "Complete") == "True Expired", where
        assert world.cells.calls["create"] == 1, where

    assert await dying_everywhere(limited, lambda _: None, check, MortalWorld) >= 4


async def test_dying_anywhere_on_the_way_to_a_finished_objects_own_end_lets_it_go() -> None:
    async def limited(world: World) -> None:
        await begin(world, activeDeadlineSeconds=60.0, ttlSecondsAfterFinished=30.0)

    def check(world: World, where: str) -> None:
        assert world.server.bodies == {}, where
        assert world.cells.living() == [], where
        assert world.cells.calls["create"] == 1, where

    assert await dying_everywhere(limited, lambda _: None, check, MortalWorld) >= 8


@pytest.mark.parametrize("act", ["edit", "expire"])
async def test_dying_anywhere_in_a_deletion_that_comes_with_a_replacement_leaves_nothing(act: str) -> None:
    async def replaceable(world: World) -> None:
        await begin(world, replacePolicy="Recreate", expiryPolicy="Recreate")

    def both(world: World) -> None:
        uid = uid_of(world)
        if act == "edit":
            world.server.edit(uid, image="b")
        else:
            sandboxes(world).expire(world.cells.living()[0])
        world.points.soon(4, lambda: world.server.delete(uid) if uid in world.server.bodies else None)

    def check(world: World, where: str) -> None:
        if uid_or_nothing(world):  # it died before the deletion came
            a_second_one(world, where)
        else:
            assert world.cells.living() == [], where

    assert await dying_everywhere(replaceable, both, check, MortalWorld) >= 4


def uid_or_nothing(world: World) -> list[str]:
    return list(world.server.bodies)


def void(_value: object) -> None:
    """For callbacks that return nothing."""
