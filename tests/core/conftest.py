"""A world per test: a cluster, two clouds, one operator process."""

from collections.abc import AsyncIterator

import pytest

from tests.support.engine.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Started and empty; stopped at the end."""
    made = World()
    made.start()
    yield made
    await made.process.stop()
