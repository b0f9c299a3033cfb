from typing import Any

import pytest

from caas_operator.core.errors import CloudError, Unavailable
from caas_operator.core.ports import TaskApi, TaskReport, TaskState
from tests.support.clock import FakeClock
from tests.support.wire import a_gcore, answer, cloud, gcore_error


def task(**fields: Any) -> dict[str, Any]:
    return {"id": "t-1", "task_type": "create_caas_container", "state": "NEW", "error": None} | fields


@pytest.mark.parametrize(
    ("row", "report"),
    [
        (task(), TaskReport("t-1", TaskState.RUNNING)),
        (task(state="RUNNING"), TaskReport("t-1", TaskState.RUNNING)),
        (task(state="RUNNING", data="text", created_resources=None), TaskReport("t-1", TaskState.RUNNING)),
        (task(state="PAUSED"), TaskReport("t-1", TaskState.RUNNING)),
        (task(state=None), TaskReport("t-1", TaskState.RUNNING)),
        (task(state="FINISHED"), TaskReport("t-1", TaskState.FINISHED)),
        (task(state="FINISHED", error=""), TaskReport("t-1", TaskState.FINISHED)),
        (task(state="ERROR", error="no\nimage"), TaskReport("t-1", TaskState.FAILED, "no image")),
        (task(state="RUNNING", error="boom"), TaskReport("t-1", TaskState.FAILED, "boom")),
        (task(state="ERROR"), TaskReport("t-1", TaskState.FAILED, "the cloud gives no cause")),
        (task(state="ERROR", error={"a": 1}), TaskReport("t-1", TaskState.FAILED, "the cloud gives no cause")),
    ],
)
async def test_a_tasks_state_is_read(row: dict[str, Any], report: TaskReport) -> None:
    assert await a_gcore(cloud(answer(200, row))).tasks.get_task("t-1") == report
    listed = await a_gcore(cloud(answer(200, {"count": 1, "results": [row]}))).tasks.list_tasks(0)
    assert list(listed) == [report]


async def test_tasks_are_listed_oldest_first_from_a_minute_before_the_time_asked_for() -> None:
    clock = FakeClock()  # 2027-01-15T08:00:00Z
    served = cloud(answer(200, {"count": 0, "results": []}))
    api: TaskApi = a_gcore(served, clock).tasks
    await api.list_tasks(clock.now())
    assert served.last.url.path == "/cloud/v1/tasks"
    assert dict(served.last.url.params) == {
        "from_timestamp": "2027-01-15T07:59:00Z",
        "order_by": "asc",
        "limit": "1000",
        "offset": "0",
    }


async def test_the_time_is_the_clouds_own_where_its_clock_differs() -> None:
    clock = FakeClock()
    served = cloud(answer(200, {"count": 0, "results": []}, date="Fri, 15 Jan 2027 07:30:00 GMT"))
    tasks = a_gcore(served, clock).tasks
    await tasks.list_tasks(clock.now())
    await tasks.list_tasks(clock.now())
    assert served.last.url.params["from_timestamp"] == "2027-01-15T07:29:00Z"


async def test_tasks_can_be_listed_for_some_projects_alone() -> None:
    served = cloud(answer(200, {"count": 0, "results": []}))
    await a_gcore(served).tasks.list_tasks(1e9, projects=(1, 2))
    assert served.last.url.params.get_list("project_id") == ["1", "2"]


async def test_more_tasks_than_a_page_holds_are_all_listed() -> None:
    rows = [task(id=f"t-{number}") for number in range(1500)]

    def serve(request: Any) -> Any:
        offset = int(request.url.params["offset"])
        return answer(200, {"count": len(rows), "results": rows[offset : offset + 1000]})

    assert len(await a_gcore(cloud(serve)).tasks.list_tasks(0)) == 1500


@pytest.mark.parametrize(("status", "name"), [(404, "NotFoundError"), (403, "ForbiddenError")])
async def test_a_task_that_the_cloud_no_longer_shows_is_lost_and_nothing_else_is_held(status: int, name: str) -> None:
    client = a_gcore(cloud(gcore_error(status, name, "no")))
    assert await client.tasks.get_task("t-1") == TaskReport("t-1", TaskState.LOST)
    assert client.gate.blocked() is None


@pytest.mark.parametrize("row", [[], {"state": "NEW"}, {"id": 7, "state": "NEW"}])
async def test_an_answer_that_is_no_task_is_not_taken_for_one(row: Any) -> None:
    with pytest.raises(Unavailable):
        await a_gcore(cloud(answer(200, row))).tasks.get_task("t-1")


async def test_a_cloud_that_fails_is_not_a_lost_task() -> None:
    with pytest.raises(CloudError):
        await a_gcore(cloud(answer(500))).tasks.get_task("t-1")
