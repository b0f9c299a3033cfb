"""Each unknown behaviour of Gcore, in its second answer; the first ones are in the other files."""

import httpx
import pytest

from caas_operator.simulator.switches import GCORE, SWITCHES
from tests.simulator.bodies import CAAS, INFERENCE, TASKS, a_container, a_deployment, a_region, task, task_of
from tests.support.simulator import Simulator


@pytest.fixture
def web(simulator: Simulator, gcore: httpx.Client) -> str:
    """The path of a Ready container."""
    body = a_container(envs={"A": "1"}, timeout=5, description="mine")
    task_of(gcore.post(CAAS, json=body))
    simulator.advance(10)
    return f"{CAAS}/web"


def test_a_duplicate_may_fail_as_a_task(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("duplicate_create", "task_error")
    second = task_of(gcore.post(CAAS, json=a_container(image="other")))
    simulator.advance(10)
    assert "already exists" in task(gcore, second)["error"]
    assert gcore.get(web).json()["image"] == "nginx:1.27"


def test_a_delete_of_nothing_may_be_a_task(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("missing_delete", "task")
    for path in (f"{CAAS}/none", f"{INFERENCE}/none"):
        task_id = task_of(gcore.delete(path))
        simulator.advance(10)
        assert task(gcore, task_id)["state"] == "FINISHED"


def test_a_resource_may_vanish_when_its_delete_begins(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("get_while_deleting", "not_found")
    task_of(gcore.delete(web))
    assert gcore.get(web).status_code == 404
    assert gcore.get(CAAS).json()["count"] == 0


@pytest.mark.parametrize(("mode", "status"), [("http_400", 400), ("http_403", 403), ("task_error", 200)])
def test_a_quota_error_comes_where_the_switch_says(
    simulator: Simulator, gcore: httpx.Client, web: str, mode: str, status: int
) -> None:
    simulator.change("mutate", "quota", region=76, set={"caas_container_count": 1})
    simulator.switch("quota", mode)
    answer = gcore.post(CAAS, json=a_container("second"))
    assert answer.status_code == status
    text = "Quota limit for caas_container_count exceeded by 1"
    if mode == "task_error":
        simulator.advance(10)
        assert task(gcore, task_of(answer))["error"] == text
        return
    envelope = answer.json()
    assert (envelope["exception_class"], envelope["message"]) == ("QuotaLimitExceed", text)
    assert envelope["info"] == {
        "attribute": "caas_container_count",
        "current_usage": 1,
        "requested_usage": 1,
        "limit": 1,
    }


def test_processor_quotas_count_replicas(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.change("mutate", "quota", set={"caas_cpu_count": 200})
    answer = gcore.post(CAAS, json=a_container(scale={"min": 1, "max": 3}))
    assert answer.json()["info"]["attribute"] == "caas_cpu_count"
    limits = gcore.post("/cloud/v1/caas/1/76/check_limits", json={"flavor": "80mCPU-128MiB", "max_replicas": 3})
    assert limits.json() == {
        "caas_cpu_count_limit": 200,
        "caas_cpu_count_usage": 0,
        "caas_cpu_count_requested": 240,
    }
    quotas = gcore.get("/cloud/v2/regional_quotas/1001/76").json()
    assert (quotas["caas_cpu_count_limit"], quotas["caas_container_count_usage"]) == (200, 0)


@pytest.mark.parametrize(("mode", "timeout"), [("unchanged", 5), ("resets", 0)])
def test_a_null_leaves_or_resets(simulator: Simulator, gcore: httpx.Client, web: str, mode: str, timeout: int) -> None:
    simulator.switch("null_in_patch", mode)
    task_of(gcore.patch(web, json={"timeout": None, "image": "new"}))
    simulator.advance(10)
    assert (gcore.get(web).json()["timeout"], gcore.get(web).json()["image"]) == (timeout, "new")


def test_a_null_may_be_refused(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("null_in_patch", "rejected")
    assert "timeout" in gcore.patch(web, json={"timeout": None}).json()["invalid_fields"]


def test_maps_may_be_merged(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("maps_in_patch", "merge")
    task_of(gcore.patch(web, json={"envs": {"B": "2"}}))
    simulator.advance(10)
    assert gcore.get(web).json()["envs"] == {"A": "1", "B": "2"}


def test_an_update_may_show_at_once(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("update_applies", "at_once")
    task_of(gcore.patch(web, json={"image": "new"}))
    assert gcore.get(web).json()["image"] == "new"


def test_a_failed_create_may_leave_a_broken_resource(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("failed_create_leaves", "error_resource")
    simulator.fault("gcore.*.create", "task_error", text="no image")
    gcore.post(CAAS, json=a_container())
    gcore.post(INFERENCE, json=a_deployment())
    simulator.advance(10)
    left = gcore.get(f"{CAAS}/web").json()
    assert (left["status"], left["status_message"]) == ("Error", "no image")
    deployment = gcore.get(f"{INFERENCE}/model").json()
    assert deployment["status"] == "PARTIALLYDEPLOYED"
    assert deployment["containers"][0]["error_message"] == "no image"


def test_an_empty_patch_may_make_no_task(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("empty_patch", "no_tasks")
    assert gcore.patch(web, json={}).json() == {"tasks": []}


def test_what_is_disabled_may_refuse_changes(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("patch_when_disabled", "conflict")
    simulator.change("mutate", "caas", region=76, name="web", set={"is_disabled": True})
    assert gcore.patch(web, json={"image": "new"}).status_code == 409
    assert gcore.patch(web, json={"is_disabled": False}).status_code == 200


def test_a_repeated_stop_may_be_a_conflict(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("repeated_start_stop", "conflict")
    simulator.change("create", "inference", body=a_deployment())
    assert gcore.post(f"{INFERENCE}/model/start").status_code == 409
    assert gcore.post(f"{INFERENCE}/model/stop").status_code == 204


def test_stopping_may_take_time(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("start_stop_seconds", 5)
    simulator.change("create", "inference", body=a_deployment())
    gcore.post(f"{INFERENCE}/model/stop")
    assert gcore.get(f"{INFERENCE}/model").json()["status"] == "ACTIVE"
    simulator.advance(5)
    assert gcore.get(f"{INFERENCE}/model").json()["status"] == "DISABLED"


def test_max_below_min_and_missing_references_may_pass(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("max_below_min", "accepted")
    simulator.switch("missing_reference", "accepted")
    odd = a_container(scale={"min": 3, "max": 2}, pull_secret="none")
    task_of(gcore.post(CAAS, json=odd))
    task_of(gcore.post(INFERENCE, json=a_deployment(containers=[a_region(low=3)], api_keys=["none"])))


def test_default_triggers_may_be_cpu_80(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("caas_default_triggers", "cpu_80")
    gcore.post(CAAS, json=a_container())
    triggers = gcore.get(f"{CAAS}/web").json()["scale"]["triggers"]
    assert triggers == {"cpu": {"threshold": 80}, "memory": None, "http": None}


def test_an_address_may_be_empty_at_first(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("caas_address_while_deploying", "empty")
    gcore.post(CAAS, json=a_container())
    assert gcore.get(f"{CAAS}/web").json()["address"] == ""
    simulator.advance(10)
    assert gcore.get(f"{CAAS}/web").json()["address"]


def test_disabled_probes_may_come_back_as_null(simulator: Simulator, gcore: httpx.Client) -> None:
    off = {name: {"enabled": False} for name in ("liveness_probe", "readiness_probe", "startup_probe")}
    gcore.post(INFERENCE, json=a_deployment(probes=off))
    assert gcore.get(f"{INFERENCE}/model").json()["probes"]["startup_probe"]["enabled"] is False
    simulator.switch("probes_echo", "null")
    assert gcore.get(f"{INFERENCE}/model").json()["probes"] is None


def test_tasks_may_tell_more_or_less(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    for name, value in {
        "task_data": "body",
        "inference_task_region": "first",
        "other_created_resources": "names",
        "task_created_on": "absent",
        "timestamps": "z",
        "task_order": "asc",
    }.items():
        simulator.switch(name, value)
    changed = task_of(gcore.patch(web, json={"image": "new"}))
    started = task_of(gcore.post(INFERENCE, json=a_deployment()))
    simulator.advance(10)
    ended = task(gcore, changed)
    assert ended["data"] == {"image": "new"}
    assert ended["created_resources"] == {"caas_containers": ["web"]}
    assert "created_on" not in ended
    assert ended["finished_on"].endswith("Z")
    assert task(gcore, started)["region_id"] == 76
    assert gcore.get(TASKS).json()["results"][-1]["id"] == started


def test_tasks_may_be_forgotten_and_forbidden(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("task_retention_seconds", 60)
    task_id = task_of(gcore.post(CAAS, json=a_container()))
    simulator.advance(69)
    assert task(gcore, task_id)["state"] == "FINISHED"
    simulator.advance(1)
    assert gcore.get(f"{TASKS}/{task_id}").status_code == 404
    simulator.switch("task_gone", "forbidden")
    assert gcore.get(f"{TASKS}/{task_id}").status_code == 403


def test_a_name_may_stay_taken_after_its_delete(simulator: Simulator, gcore: httpx.Client, web: str) -> None:
    simulator.switch("name_reuse_seconds", 30)
    gcore.delete(web)
    simulator.advance(10)
    assert gcore.post(CAAS, json=a_container()).status_code == 409
    simulator.advance(30)
    task_of(gcore.post(CAAS, json=a_container()))


def test_some_errors_may_be_no_json(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("error_body", "text")
    simulator.fault("gcore.caas.list", "respond", status=502)
    assert gcore.get(CAAS).headers["content-type"].startswith("text/plain")
    assert gcore.get(f"{CAAS}/none").json()["exception_class"] == "NotFoundError"


def test_every_switch_takes_its_own_two_answers(simulator: Simulator) -> None:
    for name, switch in SWITCHES.items():
        simulator.switch(name, switch.opposite)
        simulator.switch(name, switch.default)


def test_profiles_turn_all_switches(simulator: Simulator) -> None:
    simulator.profile("opposite")
    turned = simulator.call("GET", "/switches")["values"]
    assert turned["null_in_patch"] == "resets"
    assert turned["task_seconds"] == 10
    simulator.profile("mix")
    mixed = simulator.call("GET", "/switches")["values"]
    assert {name for name in GCORE if mixed[name] == turned[name]} != set(GCORE)
    simulator.profile("documented")
    assert simulator.call("GET", "/switches")["values"]["null_in_patch"] == "unchanged"
