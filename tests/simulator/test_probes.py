"""What a PATCH makes of a probe."""

from typing import Any

import httpx
import pytest

from tests.simulator.bodies import INFERENCE, a_deployment, task_of
from tests.support.simulator import Simulator

HTTP = {"enabled": True, "probe": {"period_seconds": 5, "http_get": {"port": 9000, "path": "/up"}}}


@pytest.fixture
def model(simulator: Simulator, gcore: httpx.Client) -> str:
    task_of(gcore.post(INFERENCE, json=a_deployment(probes={"liveness_probe": HTTP})))
    simulator.advance(10)
    return f"{INFERENCE}/model"


def patched(simulator: Simulator, gcore: httpx.Client, model: str, **probes: object) -> dict[str, Any]:
    task_of(gcore.patch(model, json={"probes": probes}))
    simulator.advance(10)
    shown: dict[str, Any] = gcore.get(model).json()["probes"]
    return shown


def test_a_probe_is_replaced_and_the_others_stay(simulator: Simulator, gcore: httpx.Client, model: str) -> None:
    tcp = {"enabled": True, "probe": {"tcp_socket": {"port": 1}}}
    probes = patched(simulator, gcore, model, readiness_probe=tcp, startup_probe=None)
    assert probes["liveness_probe"]["probe"]["period_seconds"] == 5
    probes = patched(simulator, gcore, model, liveness_probe=tcp)
    assert probes["liveness_probe"]["probe"]["http_get"] is None
    assert probes["liveness_probe"]["probe"]["period_seconds"] == 10
    assert probes["readiness_probe"]["probe"]["tcp_socket"] == {"port": 1}


def test_a_probe_may_be_merged(simulator: Simulator, gcore: httpx.Client, model: str) -> None:
    simulator.switch("probes_in_patch", "merge")
    live = patched(simulator, gcore, model, liveness_probe={"probe": {"tcp_socket": {"port": 1}}})["liveness_probe"]
    assert live["enabled"] is True
    assert live["probe"]["period_seconds"] == 5
    assert live["probe"]["http_get"]["path"] == "/up"
    assert live["probe"]["tcp_socket"] == {"port": 1}


def test_parts_that_were_never_sent_have_defaults(simulator: Simulator, gcore: httpx.Client, model: str) -> None:
    ready = patched(simulator, gcore, model, readiness_probe={"probe": {"http_get": {}}})["readiness_probe"]
    assert ready["enabled"] is False
    assert ready["probe"]["failure_threshold"] == 3
    assert ready["probe"]["http_get"] == {"port": 8000, "path": "/", "schema": "HTTP", "host": None, "headers": {}}


def test_in_a_create_a_probe_is_whole_and_not_null(gcore: httpx.Client) -> None:
    wrongs: tuple[dict[str, Any], ...] = ({"probe": {}}, {"enabled": True, "probe": None})
    for wrong in wrongs:
        answer = gcore.post(INFERENCE, json=a_deployment(probes={"liveness_probe": wrong}))
        assert answer.status_code == 400
