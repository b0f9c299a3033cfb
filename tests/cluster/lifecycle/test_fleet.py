"""Five hundred objects of each kind converge while one of each kind keeps failing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import CREATE, KINDS, World, condition, world_of

FLEET = 500
BROKEN: dict[str, dict[str, Any]] = {
    "CaasContainer": {"effect": "task_error", "text": "no more bits"},
    "InferenceDeployment": {"effect": "respond", "status": 503},
    "SandboxContainer": {"effect": "respond", "status": 403},
}


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=1) as world:
        yield world


def test_a_fleet_converges_and_one_broken_object_of_each_kind_delays_nobody(world: World) -> None:
    for kind in KINDS:
        world.simulator.fault(CREATE[kind], name="broken*", **BROKEN[kind])
        world.create(kind, "broken")
    with ThreadPoolExecutor(8) as pool:
        for kind in KINDS:
            list(pool.map(partial(world.create, kind), (f"one-{number}" for number in range(FLEET))))
    for kind in KINDS:
        world.wait(partial(all_ready, world, kind), seconds=120, told=f"{FLEET} {kind} are ready")
    for kind in KINDS:
        obj = world.get(kind, "broken")
        assert obj is not None
        assert condition(obj, "Ready")["status"] == "False"  # type: ignore[index]
        made = [item["name"] for item in world.in_cloud(kind)]
        assert len(made) == len(set(made)) == FLEET
        assert world.simulator.counters().calls(CREATE[kind]) <= FLEET + 20
    assert max(world.writes(kind, f"one-{number}") for kind in KINDS for number in (0, FLEET - 1)) <= 3


def all_ready(world: World, kind: str) -> bool:
    ready = [obj for obj in world.objects(kind) if (condition(obj, "Ready") or {}).get("status") == "True"]
    return len(ready) == FLEET
