"""Inference deployments over HTTP; what the SDK judges is in test_sdk_gcore."""

from typing import Any

import httpx
import pytest

from tests.simulator.bodies import INFERENCE, JSON, a_deployment, a_region, task, task_of
from tests.support.simulator import Simulator

NO_TRIGGERS = dict.fromkeys(("cpu", "gpu_memory", "gpu_utilization", "http", "memory", "sqs"))


def running(simulator: Simulator, gcore: httpx.Client, **changes: Any) -> JSON:
    """A created deployment after its task."""
    task_of(gcore.post(INFERENCE, json=a_deployment(**changes)))
    simulator.advance(10)
    return shown(gcore)


def shown(gcore: httpx.Client) -> JSON:
    answer: JSON = gcore.get(f"{INFERENCE}/model").raise_for_status().json()
    return answer


def patched(simulator: Simulator, gcore: httpx.Client, body: JSON) -> JSON:
    task_of(gcore.patch(f"{INFERENCE}/model", json=body))
    simulator.advance(10)
    return shown(gcore)


def test_a_deployment_is_deploying_without_address_until_its_task_ends(
    simulator: Simulator, gcore: httpx.Client
) -> None:
    task_id = task_of(gcore.post(INFERENCE, json=a_deployment()))
    assert (shown(gcore)["status"], shown(gcore)["address"]) == ("DEPLOYING", None)
    simulator.advance(10)
    ended = task(gcore, task_id)
    assert ended["created_resources"] == {"inference_instances": ["model"]}
    assert (ended["region_id"], ended["project_id"]) == (None, 1)
    up = shown(gcore)
    assert (up["status"], up["project_id"]) == ("ACTIVE", 1)
    assert up["address"].startswith("https://")
    assert up["containers"][0]["deploy_status"] == {"ready": 1, "total": 1}


def test_the_servers_defaults_are_filled_in(simulator: Simulator, gcore: httpx.Client) -> None:
    up = running(simulator, gcore)
    assert up["timeout"] == 120
    assert (up["description"], up["credentials_name"], up["envs"]) == ("", "", {})
    assert (up["command"], up["probes"], up["logging"], up["ingress_opts"]) == (None, None, None, None)
    assert up["containers"][0]["scale"] == {
        "min": 1,
        "max": 2,
        "cooldown_period": 60,
        "polling_interval": 30,
        "triggers": NO_TRIGGERS | {"cpu": {"threshold": 80}, "memory": {"threshold": 80}},
    }


def test_empty_triggers_mean_none_at_all(simulator: Simulator, gcore: httpx.Client) -> None:
    up = running(simulator, gcore, containers=[a_region(triggers={})])
    assert up["containers"][0]["scale"]["triggers"] == NO_TRIGGERS


def test_scaled_to_zero_everywhere_is_pending(simulator: Simulator, gcore: httpx.Client) -> None:
    zero = a_region(low=0, triggers={"http": {"rate": 1, "window": 60}})
    assert running(simulator, gcore, containers=[zero])["status"] == "PENDING"


def test_a_command_comes_back_as_one_string_and_is_cleared_by_an_empty_list(
    simulator: Simulator, gcore: httpx.Client
) -> None:
    assert running(simulator, gcore, command=["serve", "--port", "8000"])["command"] == "serve --port 8000"
    assert patched(simulator, gcore, {"command": []})["command"] is None


def test_containers_are_replaced_whole_and_keep_the_order_sent(simulator: Simulator, gcore: httpx.Client) -> None:
    running(simulator, gcore, containers=[a_region(76), a_region(6)])
    full: JSON = {"cooldown_period": 5, "polling_interval": 7, "triggers": {}}
    up = patched(simulator, gcore, {"containers": [a_region(80, **full), a_region(6, **full)]})
    assert [part["region_id"] for part in up["containers"]] == [80, 6]
    assert up["containers"][0]["scale"]["cooldown_period"] == 5


def test_the_nulls_that_a_released_terraform_provider_sends_change_nothing(
    simulator: Simulator, gcore: httpx.Client
) -> None:
    before = running(simulator, gcore, command=["run"], timeout=7, description="mine")
    nulls = {"command": None, "credentials_name": None, "flavor_name": None, "timeout": None}
    probes = {"liveness_probe": None, "readiness_probe": None, "startup_probe": None}
    after = patched(simulator, gcore, {**nulls, "probes": probes, "envs": {"A": "1"}})
    assert after == before | {"envs": {"A": "1"}}
    region = a_region(cooldown_period=None, polling_interval=None, triggers={})
    assert patched(simulator, gcore, {"containers": [region]})["containers"][0]["scale"]["cooldown_period"] == 60


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [
        ("envs", {"A": "1"}, {}),
        ("description", "mine", ""),
        ("api_keys", ["key-one"], []),
        ("credentials_name", "registry", ""),
    ],
)
def test_a_field_is_cleared_by_its_empty_value(
    simulator: Simulator, gcore: httpx.Client, field: str, value: object, cleared: object
) -> None:
    simulator.change("create", "api_key", body={"name": "key-one"})
    simulator.change("create", "registry_credential", body={"name": "registry"})
    assert running(simulator, gcore, **{field: value})[field] == value
    assert patched(simulator, gcore, {field: cleared})[field] == cleared


def test_logging_is_cleared_by_disabling_it(simulator: Simulator, gcore: httpx.Client) -> None:
    logging = {"enabled": True, "topic_name": "mine", "retention_policy": {"period": 7}}
    assert running(simulator, gcore, logging=logging)["logging"] == {"destination_region_id": None, **logging}
    off = patched(simulator, gcore, {"logging": {"enabled": False}})["logging"]
    assert off == {
        "enabled": False,
        "destination_region_id": None,
        "topic_name": None,
        "retention_policy": None,
    }


def test_probes_come_back_with_their_defaults(simulator: Simulator, gcore: httpx.Client) -> None:
    http = {"port": 8000, "schema": "HTTPS", "headers": {"X": "y"}}
    up = running(simulator, gcore, probes={"liveness_probe": {"enabled": True, "probe": {"http_get": http}}})
    assert up["probes"]["liveness_probe"]["probe"] == {
        "failure_threshold": 3,
        "success_threshold": 1,
        "period_seconds": 10,
        "timeout_seconds": 3,
        "initial_delay_seconds": 0,
        "exec": None,
        "tcp_socket": None,
        "http_get": {"path": "/", "host": None, **http},
    }
    off = patched(simulator, gcore, {"probes": {"liveness_probe": {"enabled": False}}})
    assert off["probes"]["liveness_probe"] == {"enabled": False}


def test_stop_and_start_answer_at_once_without_a_task(simulator: Simulator, gcore: httpx.Client) -> None:
    running(simulator, gcore)
    stopped = gcore.post(f"{INFERENCE}/model/stop")
    assert (stopped.status_code, stopped.content) == (204, b"")
    assert shown(gcore)["status"] == "DISABLED"
    assert shown(gcore)["containers"][0]["deploy_status"] == {"ready": 0, "total": 0}
    gcore.post(f"{INFERENCE}/model/stop").raise_for_status()
    gcore.post(f"{INFERENCE}/model/start").raise_for_status()
    assert shown(gcore)["status"] == "ACTIVE"


def test_an_update_of_a_stopped_deployment_leaves_it_stopped(simulator: Simulator, gcore: httpx.Client) -> None:
    running(simulator, gcore)
    gcore.post(f"{INFERENCE}/model/stop")
    up = patched(simulator, gcore, {"description": "new"})
    assert (up["status"], up["description"]) == ("DISABLED", "new")


def test_a_failure_is_partiallydeployed_with_an_error_message(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.inference.create", "set", set={"error_message": {"6": "no such image"}})
    up = running(simulator, gcore, containers=[a_region(76), a_region(6)])
    assert up["status"] == "PARTIALLYDEPLOYED"
    assert [part["error_message"] for part in up["containers"]] == [None, "no such image"]
    simulator.change("mutate", "inference", name="model", set={"error_message": ""})
    assert shown(gcore)["status"] == "ACTIVE"


def test_deleting_shows_until_the_task_ends_and_then_the_name_is_gone(
    simulator: Simulator, gcore: httpx.Client
) -> None:
    running(simulator, gcore)
    task_id = task_of(gcore.delete(f"{INFERENCE}/model"))
    assert shown(gcore)["status"] == "DELETING"
    simulator.advance(10)
    assert task(gcore, task_id)["state"] == "FINISHED"
    assert gcore.get(f"{INFERENCE}/model").status_code == 404
    task_of(gcore.post(INFERENCE, json=a_deployment()))


@pytest.mark.parametrize(
    ("mode", "status"), [("http_403", 403), ("http_400", 400), ("task_error", 200), ("error_message", 200)]
)
def test_a_region_without_room_refuses_in_the_way_of_its_switch(
    simulator: Simulator, gcore: httpx.Client, mode: str, status: int
) -> None:
    simulator.change("mutate", "capacity", region=76, set={"inference-4vcpu-16gib": 0})
    simulator.switch("capacity", mode)
    answer = gcore.post(INFERENCE, json=a_deployment())
    assert answer.status_code == status
    simulator.advance(10)
    if mode == "error_message":
        assert "limit of flavor" in shown(gcore)["containers"][0]["error_message"]
    elif mode == "task_error":
        assert "limit of flavor" in task(gcore, task_of(answer))["error"]
    else:
        assert answer.json()["exception_class"] == "ForbiddenError"
    listed = gcore.get("/cloud/v3/inference/capacity").json()["results"]
    (here,) = [item for item in listed if item["region_id"] == 76]
    assert {"flavor_name": "inference-4vcpu-16gib", "capacity": 0} in here["capacity"]


def test_check_limits_names_the_quota_that_a_deployment_would_break(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.change("mutate", "quota", set={"inference_gpu_h100_count": 1})
    asked: JSON = {"flavor_name": "inference-16vcpu-232gib-1xh100-80gb", "containers": [a_region(high=2)]}
    answer = gcore.post(f"{INFERENCE}/check_limits", json=asked)
    assert answer.json() == {
        "inference_gpu_h100_count_limit": 1,
        "inference_gpu_h100_count_usage": 0,
        "inference_gpu_h100_count_requested": 2,
    }
    refused = gcore.post(INFERENCE, json=a_deployment(**asked))
    assert refused.json()["info"]["attribute"] == "inference_gpu_h100_count"
