"""Worlds of simulated clouds for the tests of whole kinds."""

from collections.abc import AsyncIterator

import pytest

from tests.support.engine.simulated import SimulatedWorld


@pytest.fixture
async def worlds() -> AsyncIterator[list[SimulatedWorld]]:
    """Those that a test starts; they are stopped after it."""
    made: list[SimulatedWorld] = []
    yield made
    for world in made:
        await world.process.stop()
