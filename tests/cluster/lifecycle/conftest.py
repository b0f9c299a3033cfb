"""One world a module: its tests use objects of different names, so that they do not disturb each other."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import World, world_of


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.5) as world:
        yield world
