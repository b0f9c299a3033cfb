"""A world per test: a cluster, two clouds, one operator process."""

from collections.abc import AsyncIterator

import pytest

from tests.support.engine.private import PrivateWorld
from tests.support.engine.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Started and empty; stopped at the end."""
    made = World()
    made.start()
    yield made
    await made.process.stop()


@pytest.fixture
async def private_world() -> AsyncIterator[PrivateWorld]:
    """One whose boxes may have a login beside them."""
    made = PrivateWorld()
    made.start()
    yield made
    await made.process.stop()
