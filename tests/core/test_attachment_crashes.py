"""The process dies at every place around what is attached: never two, never one left behind, never an old value."""

from collections.abc import Callable

from tests.core.attached import login_of, ready
from tests.core.crashing import crashed, dying_everywhere, nothing
from tests.core.passes import uid_of
from tests.support.engine.private import PrivateWorld

MOST_POINTS = 40


async def begin(world: PrivateWorld) -> None:
    await ready(world)


async def begin_without(world: PrivateWorld) -> None:
    world.server.apply("Box", "one", image="a")
    await world.run(30)


def edit(login: str | None) -> Callable[[PrivateWorld], None]:
    return lambda world: world.server.edit(uid_of(world), login=login)


def delete(world: PrivateWorld) -> None:
    world.server.delete(uid_of(world))


def rotate(world: PrivateWorld) -> None:
    world.rotate()


def one_of_each(world: PrivateWorld, where: str) -> None:
    assert world.server.says(uid_of(world)) == "True Available", where
    assert len(world.boxes.living()) == len(world.boxes.logins) == 1, where
    assert login_of(world) in {name for _, name in world.boxes.logins}, where


def with_the_new_value(world: PrivateWorld, where: str) -> None:
    one_of_each(world, where)
    assert world.passwords == ["second-password"], where


def without_one(world: PrivateWorld, where: str) -> None:
    assert world.server.says(uid_of(world)) == "True Available", where
    assert login_of(world) is None, where
    assert world.boxes.logins == {}, where


def nothing_left(world: PrivateWorld, where: str) -> None:
    assert world.server.bodies == {}, where
    assert world.boxes.living() == [], where
    assert world.boxes.logins == {}, where


async def while_down(meanwhile: Callable[[PrivateWorld], None], check: Callable[[PrivateWorld, str], None]) -> int:
    """Die everywhere in a create; `meanwhile` happens while there is no process. Returns how many places there were."""
    for number in range(1, MOST_POINTS):
        world = PrivateWorld()
        world.start()
        world.points.crash_at = number
        world.apply("Box")
        died = await crashed(world, 30)
        meanwhile(world)
        await world.restart()
        await world.run(300, step=5)
        check(world, f"{number}: {died}")
        await world.process.stop()
        if not died:
            return number - 1
    raise AssertionError("more places than expected: a hot loop?")


async def test_dying_anywhere_in_a_create_leaves_one_of_each() -> None:
    assert await dying_everywhere(nothing, lambda world: world.apply("Box"), one_of_each, PrivateWorld) >= 12


async def test_dying_anywhere_in_a_create_while_the_secret_changes_ends_with_the_new_value() -> None:
    assert await while_down(rotate, with_the_new_value) >= 12


async def test_dying_anywhere_in_a_create_and_deleted_meanwhile_leaves_nothing() -> None:
    assert await while_down(delete, nothing_left) >= 12


async def test_dying_anywhere_in_a_create_and_cleared_meanwhile_leaves_none() -> None:
    assert await while_down(edit(None), without_one) >= 12


async def test_dying_anywhere_in_a_rotation_ends_with_the_new_value() -> None:
    assert await dying_everywhere(begin, rotate, with_the_new_value, PrivateWorld) >= 3


async def test_dying_anywhere_while_it_is_cleared_leaves_none() -> None:
    assert await dying_everywhere(begin, edit(None), without_one, PrivateWorld) >= 8


async def test_dying_anywhere_while_it_is_added_leaves_one_of_each() -> None:
    assert await dying_everywhere(begin_without, edit("registry"), one_of_each, PrivateWorld) >= 8


async def test_dying_anywhere_in_a_deletion_leaves_nothing() -> None:
    assert await dying_everywhere(begin, delete, nothing_left, PrivateWorld) >= 6
