"""CaaS containers over HTTP, by the wire shapes of the API page (no SDK has them)."""

import httpx
import pytest

from tests.simulator.bodies import CAAS, a_container, task, task_of
from tests.support.simulator import Simulator

RESPONSE_FIELDS = {
    "name",
    "image",
    "flavor",
    "description",
    "namespace",
    "listening_port",
    "timeout",
    "envs",
    "scale",
    "is_disabled",
    "is_api_key_auth",
    "pull_secret",
    "status_message",
    "status",
    "address",
    "deploy_status",
    "created_at",
    "source",
    "commands",
    "logging",
}


def test_a_container_exists_as_deploying_while_its_create_task_runs(simulator: Simulator, gcore: httpx.Client) -> None:
    task_id = task_of(gcore.post(CAAS, json=a_container()))
    assert task(gcore, task_id)["state"] == "NEW"
    simulator.advance(1)
    assert task(gcore, task_id)["state"] == "RUNNING"
    shown = gcore.get(f"{CAAS}/web").json()
    assert shown["status"] == "Deploying"
    assert shown["deploy_status"] == {"total": 1, "ready": 0}


def test_a_finished_create_task_names_the_container_and_leaves_it_ready(
    simulator: Simulator, gcore: httpx.Client
) -> None:
    task_id = task_of(gcore.post(CAAS, json=a_container()))
    simulator.advance(10)
    ended = task(gcore, task_id)
    assert ended["state"] == "FINISHED"
    assert ended["task_type"] == "create_caas_container"
    assert ended["created_resources"] == {"caas_containers": ["web"]}
    shown = gcore.get(f"{CAAS}/web").json()
    assert set(shown) == RESPONSE_FIELDS
    assert shown["status"] == "Ready"
    assert shown["address"].startswith("https://web-76-1")
    assert shown["deploy_status"] == {"total": 1, "ready": 1}
    assert shown["scale"] == {"min": 1, "max": 2, "cooldown_period": 60, "triggers": None}
    assert shown["source"] == "cloud"


def test_ready_may_come_later_than_the_end_of_the_task(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("ready_seconds", 60)
    task_id = task_of(gcore.post(CAAS, json=a_container()))
    simulator.advance(11)
    assert task(gcore, task_id)["state"] == "FINISHED"
    assert gcore.get(f"{CAAS}/web").json()["status"] == "Deploying"
    simulator.advance(59)
    assert gcore.get(f"{CAAS}/web").json()["status"] == "Ready"


def test_a_patch_replaces_maps_and_leaves_what_it_omits_or_nulls(simulator: Simulator, gcore: httpx.Client) -> None:
    full = a_container(envs={"A": "1", "B": "2"}, description="mine", timeout=5, commands="run")
    gcore.post(CAAS, json=full)
    simulator.advance(10)
    task_id = task_of(gcore.patch(f"{CAAS}/web", json={"envs": {"C": "3"}, "timeout": None}))
    assert gcore.get(f"{CAAS}/web").json()["envs"] == {"A": "1", "B": "2"}
    simulator.advance(10)
    assert task(gcore, task_id)["task_type"] == "patch_caas_container"
    shown = gcore.get(f"{CAAS}/web").json()
    assert shown["envs"] == {"C": "3"}
    assert (shown["timeout"], shown["description"], shown["commands"]) == (5, "mine", "run")
    assert shown["status"] == "Ready"


def test_a_finished_patch_shows_its_values_before_it_is_ready(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    simulator.advance(10)
    simulator.switch("ready_seconds", 60)
    gcore.patch(f"{CAAS}/web", json={"image": "new"})
    assert gcore.get(f"{CAAS}/web").json()["image"] == "nginx:1.27"
    simulator.advance(10)
    shown = gcore.get(f"{CAAS}/web").json()
    assert (shown["image"], shown["status"]) == ("new", "Deploying")


def test_a_patch_can_disable_and_enable(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    simulator.advance(10)
    gcore.patch(f"{CAAS}/web", json={"is_disabled": True})
    simulator.advance(10)
    shown = gcore.get(f"{CAAS}/web").json()
    assert (shown["status"], shown["deploy_status"]) == ("Disabled", {"total": 0, "ready": 0})
    gcore.patch(f"{CAAS}/web", json={"is_disabled": False})
    simulator.advance(10)
    assert gcore.get(f"{CAAS}/web").json()["status"] == "Ready"


def test_a_deleted_container_is_gone_the_moment_its_task_is_finished(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    simulator.advance(10)
    task_id = task_of(gcore.delete(f"{CAAS}/web"))
    simulator.advance(9.9)
    assert gcore.get(f"{CAAS}/web").status_code == 200
    simulator.advance(0.1)
    assert gcore.get(f"{CAAS}/web").status_code == 404
    assert task(gcore, task_id)["state"] == "FINISHED"
    assert gcore.get(CAAS).json() == {"count": 0, "results": []}


def test_a_failed_create_leaves_nothing_behind(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.create", "task_error", text="no luck", count=1)
    task_id = task_of(gcore.post(CAAS, json=a_container()))
    simulator.advance(10)
    ended = task(gcore, task_id)
    assert (ended["state"], ended["error"], ended["created_resources"]) == ("ERROR", "no luck", None)
    assert gcore.get(f"{CAAS}/web").status_code == 404


def test_a_second_create_of_a_name_is_refused_as_a_conflict(gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    answer = gcore.post(CAAS, json=a_container())
    assert (answer.status_code, answer.json()["exception_class"]) == (409, "ConflictError")


def test_names_are_free_in_another_region_and_project(gcore: httpx.Client) -> None:
    for place in ("1/76", "1/6", "2/76"):
        assert gcore.post(f"/cloud/v1/caas/{place}/containers", json=a_container()).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_busy_container_refuses_another_mutation(gcore: httpx.Client, method: str) -> None:
    gcore.post(CAAS, json=a_container())
    answer = gcore.request(method, f"{CAAS}/web", content="{}")
    assert (answer.status_code, answer.json()["exception_class"]) == (409, "ConflictError")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_missing_container_is_not_found(gcore: httpx.Client, method: str) -> None:
    answer = gcore.request(method, f"{CAAS}/none", content="{}")
    assert (answer.status_code, answer.json()["exception_class"]) == (404, "NotFoundError")
    assert answer.json()["request_id"]


@pytest.mark.parametrize("place", ["9/76", "1/8", "1/9999"])
def test_a_wrong_project_or_region_is_not_found(gcore: httpx.Client, place: str) -> None:
    assert gcore.get(f"/cloud/v1/caas/{place}/containers").status_code == 404


def test_lists_are_paged_in_order_of_creation(gcore: httpx.Client) -> None:
    names = [f"web-{n}" for n in range(7)]
    for name in names:
        gcore.post(CAAS, json=a_container(name))
    page = gcore.get(CAAS, params={"limit": 3, "offset": 5}).json()
    assert page["count"] == 7
    assert [item["name"] for item in page["results"]] == names[5:]
    assert gcore.get(CAAS, params={"limit": 1001}).status_code == 400


def test_logs_flavors_and_limits_have_their_documented_shapes(gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    assert isinstance(gcore.get(f"{CAAS}/web/logs").json()["logs"], list)
    flavors = gcore.get("/cloud/v1/caas/flavors/1/76").json()
    assert flavors["count"] == 7
    one = gcore.get("/cloud/v1/caas/flavors/1/76", params={"name": "330mCPU-512MiB"}).json()
    assert one["results"] == [{"name": "330mCPU-512MiB", "cpu": 330, "ram": 512}]
    limits = gcore.post("/cloud/v1/caas/1/76/check_limits", json={"flavor": "80mCPU-128MiB", "max_replicas": 2})
    assert limits.json() == {}


def test_the_date_header_follows_the_simulated_clock(simulator: Simulator, gcore: httpx.Client) -> None:
    before = gcore.get(CAAS).headers["date"]
    simulator.advance(86400)
    assert gcore.get(CAAS).headers["date"] != before


def test_a_local_address_answers_503_until_it_is_warm(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("gcore_addresses", "local")
    simulator.switch("address_warm_seconds", 90)
    gcore.post(CAAS, json=a_container())
    address = gcore.get(f"{CAAS}/web").json()["address"]
    assert httpx.get(address).status_code == 503
    simulator.advance(10 + 89)
    assert httpx.get(f"{address}healthz").status_code == 503
    simulator.advance(1)
    assert httpx.get(f"{address}healthz").status_code == 200
