"""The task list: filters, order, paging, acknowledgement, and tasks held or queued."""

import httpx
import pytest

from tests.simulator.bodies import CAAS, INFERENCE, TASKS, a_container, a_deployment, task, task_of
from tests.support.simulator import Simulator


def ids(gcore: httpx.Client, **query: str | int | list[str]) -> list[str]:
    answer = gcore.get(TASKS, params=query).raise_for_status().json()
    return [item["id"] for item in answer["results"]]


def three_tasks(simulator: Simulator, gcore: httpx.Client) -> list[str]:
    """A finished create of project 1, a running one of project 2, a running one of inference."""
    made = [task_of(gcore.post(CAAS, json=a_container()))]
    simulator.advance(10)
    made.append(task_of(gcore.post("/cloud/v1/caas/2/6/containers", json=a_container())))
    simulator.advance(3)
    made.append(task_of(gcore.post(INFERENCE, json=a_deployment())))
    return made


def test_filters_choose_tasks_and_repeat(simulator: Simulator, gcore: httpx.Client) -> None:
    first, second, third = three_tasks(simulator, gcore)
    assert ids(gcore, project_id=1, order_by="asc") == [first, third]
    assert ids(gcore, region_id=["76", "6"], order_by="asc") == [first, second]
    assert ids(gcore, state="FINISHED") == [first]
    assert ids(gcore, state=["NEW", "RUNNING"], order_by="asc") == [second, third]
    assert ids(gcore, task_type="create_inference_instance") == [third]
    assert ids(gcore, is_acknowledged="true") == []


def test_times_bound_the_list_in_any_zone(simulator: Simulator, gcore: httpx.Client) -> None:
    first, second, third = three_tasks(simulator, gcore)
    middle = task(gcore, second)["created_on"]
    assert ids(gcore, from_timestamp=middle, order_by="asc") == [second, third]
    assert ids(gcore, from_timestamp=f"{middle}+00:00", order_by="asc") == [second, third]
    assert ids(gcore, to_timestamp=f"{middle}Z", order_by="asc") == [first, second]


def test_the_list_is_short_by_default_and_pages(gcore: httpx.Client) -> None:
    made = [task_of(gcore.post(CAAS, json=a_container(f"web-{n}"))) for n in range(12)]
    assert ids(gcore) == made[::-1][:10]
    assert ids(gcore, order_by="asc", limit=5, offset=10) == made[10:]
    assert gcore.get(TASKS).json()["count"] == 12
    assert gcore.get(TASKS, params={"limit": 1001}).status_code == 400


@pytest.mark.parametrize("bad", [{"state": "DONE"}, {"order_by": "up"}, {"from_timestamp": "noon"}])
def test_a_bad_filter_is_refused(gcore: httpx.Client, bad: dict[str, str]) -> None:
    assert gcore.get(TASKS, params=bad).json()["exception_class"] == "ValidationError"


def test_an_acknowledged_task_says_so(simulator: Simulator, gcore: httpx.Client) -> None:
    first, second, _ = three_tasks(simulator, gcore)
    assert gcore.post(f"{TASKS}/{first}/acknowledge").json()["acknowledged_at"]
    assert ids(gcore, is_acknowledged="true") == [first]
    simulator.advance(10)
    assert gcore.post(f"{TASKS}/acknowledge_all", params={"project_id": 2}).status_code == 204
    assert set(ids(gcore, is_acknowledged="true")) == {first, second}


def test_active_tasks_are_those_that_have_not_ended(simulator: Simulator, gcore: httpx.Client) -> None:
    _, second, _ = three_tasks(simulator, gcore)
    active = gcore.get(f"{TASKS}/2/6/active").json()
    assert [item["id"] for item in active["results"]] == [second]
    simulator.advance(10)
    assert gcore.get(f"{TASKS}/2/6/active").json()["count"] == 0


def test_a_held_task_runs_until_it_is_released(simulator: Simulator, gcore: httpx.Client) -> None:
    rule = simulator.fault("gcore.caas.create", "task_hold", count=1)
    held = task_of(gcore.post(CAAS, json=a_container()))
    simulator.advance(100_000)
    assert task(gcore, held)["state"] == "RUNNING"
    simulator.release(rule)
    assert task(gcore, held)["state"] == "FINISHED"


def test_queued_tasks_run_one_after_another(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("busy", "queue")
    first = task_of(gcore.post(CAAS, json=a_container()))
    second = task_of(gcore.delete(f"{CAAS}/web"))
    simulator.advance(10)
    assert [task(gcore, one)["state"] for one in (first, second)] == ["FINISHED", "NEW"]
    simulator.advance(10)
    assert task(gcore, second)["state"] == "FINISHED"
    assert gcore.get(f"{CAAS}/web").status_code == 404


def test_one_jump_of_the_clock_runs_a_whole_queue_at_the_right_times(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("busy", "queue")
    first = task_of(gcore.post(CAAS, json=a_container()))
    second = task_of(gcore.delete(f"{CAAS}/web"))
    simulator.advance(1000)
    assert task(gcore, second)["state"] == "FINISHED"
    assert task(gcore, first)["finished_on"] < task(gcore, second)["finished_on"]


def test_the_word_text_and_time_of_a_task_can_be_set_by_rules(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.*.create", "task_seconds", name="slow*", seconds=500)
    slow = task_of(gcore.post(CAAS, json=a_container("slow-one")))
    quick = task_of(gcore.post(CAAS, json=a_container("quick")))
    simulator.advance(10)
    assert task(gcore, slow)["state"] == "RUNNING"
    assert task(gcore, quick)["state"] == "FINISHED"
    simulator.advance(490)
    assert task(gcore, slow)["state"] == "FINISHED"
