"""The process dies at every place around what a test does, each time in a world of its own."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.core.passes import SETTLED
from tests.support.engine.points import Crash
from tests.support.engine.world import World

MOST_POINTS = 60

AnyWorld = TypeVar("AnyWorld", bound=World)


async def dying_everywhere(
    begin: Callable[[AnyWorld], Awaitable[None]],
    act: Callable[[AnyWorld], None],
    check: Callable[[AnyWorld, str], None],
    a_world: Callable[[], AnyWorld] = World,  # type: ignore[assignment]
) -> int:
    """Run `act` once for each place where the process can die after it; returns how many there were."""
    for number in range(1, MOST_POINTS):
        world = a_world()
        world.start()
        await begin(world)
        world.points.passed.clear()
        world.points.crash_at = number
        act(world)
        died = await crashed(world, SETTLED)
        if died:
            await world.restart()
            await world.run(SETTLED, step=5)
        check(world, f"{number}: {died}")
        await world.process.stop()
        if not died:
            return number - 1
    raise AssertionError("more places than expected: a hot loop?")


async def crashed(world: World, seconds: float) -> str:
    """Where the process died within so many seconds; nothing if it lives."""
    try:
        await world.run(seconds, step=5)
    except Crash as crash:
        return str(crash)
    return ""


async def nothing(world: World) -> None:
    """Begin with an empty cluster."""
