"""What tests of whole passes share."""

from typing import Any

import pytest

from tests.support.engine.world import World

BOTH = pytest.mark.parametrize("kind", ["Box", "Cell"])


SETTLED = 300
"""Seconds in which everything converges, the fence of a create included."""


def uid_of(world: World) -> str:
    """The only object's."""
    (uid,) = world.server.bodies
    return uid


async def begin_ready(kind: str, world: World) -> None:
    world.server.apply(kind, "one", image="a", size=1)
    await world.run(30)
    assert world.server.says(uid_of(world)) == "True Available"


async def ready(world: World, kind: str = "Box", name: str = "one", **spec: Any) -> str:
    """An object that is Ready, with all counters at nothing."""
    uid = world.server.apply(kind, name, **({"image": "a"} | spec))
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    world.server.writes.clear()
    world.cloud(kind).calls.clear()
    return uid
