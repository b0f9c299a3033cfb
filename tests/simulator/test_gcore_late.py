"""Gcore's resources may be seen later than they are made."""

import httpx
import pytest

from tests.simulator.bodies import CAAS, INFERENCE, a_container, a_deployment, task_of
from tests.support.simulator import Simulator

BODIES = {CAAS: a_container("late"), INFERENCE: a_deployment("late")}


@pytest.mark.parametrize("path", BODIES)
def test_a_new_resource_may_appear_late(simulator: Simulator, gcore: httpx.Client, path: str) -> None:
    simulator.switch("gcore_appear_seconds", 3)
    task_of(gcore.post(path, json=BODIES[path]))
    assert gcore.get(f"{path}/late").status_code == 404
    assert gcore.get(path).json()["count"] == 0
    assert gcore.post(path, json=BODIES[path]).status_code == 409
    simulator.advance(3)
    assert gcore.get(f"{path}/late").status_code == 200
    assert gcore.get(path).json()["count"] == 1


@pytest.mark.parametrize("path", BODIES)
def test_it_appears_at_the_latest_with_the_end_of_its_task(
    simulator: Simulator, gcore: httpx.Client, path: str
) -> None:
    simulator.switch("gcore_appear_seconds", 60)
    task_of(gcore.post(path, json=BODIES[path]))
    simulator.advance(10)
    assert gcore.get(f"{path}/late").status_code == 200
    assert gcore.get(path).json()["count"] == 1


@pytest.mark.parametrize("path", BODIES)
def test_a_list_may_lag_behind(simulator: Simulator, gcore: httpx.Client, path: str) -> None:
    simulator.switch("gcore_list_lag_seconds", 5)
    task_of(gcore.post(path, json=BODIES[path]))
    assert gcore.get(f"{path}/late").status_code == 200
    simulator.advance(4)
    assert gcore.get(path).json()["count"] == 0
    simulator.advance(1)
    assert gcore.get(path).json()["count"] == 1
