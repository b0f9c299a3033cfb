"""One simulator process with a standing clock for all tests here; each test finds it empty."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.simulator import Simulator, running_simulator


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with running_simulator(clock="manual", task_seconds=10) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def gcore(simulator: Simulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"APIKey {simulator.keys.gcore}"}
    with httpx.Client(base_url=simulator.urls.gcore, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def openai(simulator: Simulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {simulator.keys.openai}"}
    with httpx.Client(base_url=simulator.urls.openai, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def gateway(simulator: Simulator) -> Iterator[httpx.Client]:
    headers = {"x-bf-vk": simulator.keys.gateway}
    with httpx.Client(base_url=simulator.urls.gateway, headers=headers, trust_env=False) as client:
        yield client
