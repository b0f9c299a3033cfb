"""Following the cloud's jobs: one list for all, single questions for the old ones, and an end to it."""

import contextlib
from collections.abc import Sequence

import pytest

from caas_operator.core.errors import CloudError, Unavailable
from caas_operator.core.model import Key, Operation, Verb
from caas_operator.core.ports import TaskReport, TaskState
from caas_operator.core.tasks import TaskBoard
from tests.support.clock import FakeClock

RUNNING, FINISHED, FAILED, LOST = TaskState.RUNNING, TaskState.FINISHED, TaskState.FAILED, TaskState.LOST


class Api:
    def __init__(self) -> None:
        self.reports: dict[str, TaskReport] = {}
        self.unlisted: dict[str, TaskReport | CloudError] = {}
        self.lists: list[float] = []
        self.gets: list[str] = []
        self.error: CloudError | None = None

    async def list_tasks(self, since: float) -> Sequence[TaskReport]:
        self.lists.append(since)
        if self.error:
            raise self.error
        return tuple(self.reports.values())

    async def get_task(self, task_id: str) -> TaskReport:
        self.gets.append(task_id)
        answer = self.unlisted.get(task_id) or TaskReport(task_id, TaskState.LOST)
        if isinstance(answer, CloudError):
            raise answer
        return answer

    def settle(self, id_: str, state: TaskState, error: str = "") -> None:
        self.reports[id_] = TaskReport(id_, state, error)


class Desk:
    def __init__(self) -> None:
        self.clock, self.api, self.woken = FakeClock(), Api(), list[str]()
        self.board = TaskBoard(self.api, self.clock, lambda key: self.woken.append(key.uid))

    def operation(self, *ids: str, ago: float = 0.0) -> Operation:
        return Operation(Verb.CREATE, ids, 1, self.clock.now() - ago)


@pytest.fixture
def desk() -> Desk:
    return Desk()


KEY = Key("Box", "a")


async def test_what_is_not_known_yet_is_running(desk: Desk) -> None:
    assert desk.board.follow(KEY, desk.operation("t")).state is RUNNING
    assert desk.board.pending == 1


async def test_one_list_answers_for_all_who_wait(desk: Desk) -> None:
    for number in range(100):
        desk.board.follow(Key("Box", str(number)), desk.operation(f"t{number}"))
        desk.api.settle(f"t{number}", FINISHED)
    await desk.board.poll()
    assert len(desk.api.lists) == 1
    assert desk.api.gets == []
    assert len(desk.woken) == 100


async def test_a_running_task_wakes_nobody(desk: Desk) -> None:
    desk.board.follow(KEY, desk.operation("t"))
    desk.api.settle("t", RUNNING)
    await desk.board.poll()
    assert desk.woken == []


async def test_a_task_that_settled_wakes_once_and_is_asked_for_no_more(desk: Desk) -> None:
    operation = desk.operation("t")
    desk.board.follow(KEY, operation)
    desk.api.settle("t", FINISHED)
    await desk.board.poll()
    await desk.board.poll()
    assert desk.woken == ["a"]
    assert len(desk.api.lists) == 1
    assert desk.board.follow(KEY, operation).state is FINISHED


async def test_settled_at_is_when_we_learned_it(desk: Desk) -> None:
    """Only a LIST begun later shows what the task has done."""
    operation = desk.operation("t")
    desk.board.follow(KEY, operation)
    await desk.clock.advance(7)
    desk.api.settle("t", FINISHED)
    await desk.board.poll()
    assert desk.board.follow(KEY, operation).settled_at == desk.clock.now()


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ((FINISHED, FINISHED), FINISHED),
        ((FINISHED, RUNNING), RUNNING),
        ((FAILED, RUNNING), RUNNING),
        ((FAILED, FINISHED), FAILED),
        ((LOST, FINISHED), LOST),
        ((LOST, FAILED), FAILED),
    ],
)
async def test_an_operation_of_several_tasks_stands_where_its_worst_does(
    desk: Desk, states: tuple[TaskState, ...], together: TaskState
) -> None:
    ids = tuple(f"t{number}" for number in range(len(states)))
    operation = desk.operation(*ids)
    desk.board.follow(KEY, operation)
    for id_, state in zip(ids, states, strict=True):
        desk.api.settle(id_, state)
    await desk.board.poll()
    assert desk.board.follow(KEY, operation).state is together


async def test_a_failed_task_says_why(desk: Desk) -> None:
    operation = desk.operation("t")
    desk.board.follow(KEY, operation)
    desk.api.settle("t", FAILED, "Quota exceeded")
    await desk.board.poll()
    assert desk.board.follow(KEY, operation).error == "Quota exceeded"


async def test_the_list_goes_back_to_the_oldest_and_ten_minutes_at_most(desk: Desk) -> None:
    desk.board.follow(KEY, desk.operation("old", ago=900))
    desk.board.follow(KEY, desk.operation("middle", ago=500))
    desk.board.follow(KEY, desk.operation("new"))
    await desk.board.poll()
    assert desk.api.lists == [desk.clock.now() - 500]
    assert "old" in desk.api.gets


async def test_an_old_task_alone_needs_no_list(desk: Desk) -> None:
    desk.board.follow(KEY, desk.operation("old", ago=900))
    desk.api.unlisted["old"] = TaskReport("old", RUNNING)
    await desk.board.poll()
    assert desk.api.lists == []
    assert desk.api.gets == ["old"]


async def test_an_old_task_is_asked_for_with_backoff_to_half_a_minute(desk: Desk) -> None:
    desk.board.follow(KEY, desk.operation("old", ago=900))
    desk.api.unlisted["old"] = TaskReport("old", RUNNING)
    for _ in range(300):
        await desk.board.poll()
        await desk.clock.advance(1)
    assert 9 <= len(desk.api.gets) <= 12


async def test_a_task_that_the_cloud_no_longer_shows_is_lost(desk: Desk) -> None:
    """Look at the resource then."""
    operation = desk.operation("t", ago=900)
    desk.board.follow(KEY, operation)
    await desk.board.poll()
    assert desk.board.follow(KEY, operation).state is LOST
    assert desk.woken == ["a"]


async def test_one_task_that_cannot_be_asked_for_does_not_keep_the_others(desk: Desk) -> None:
    """An error of one question must not end the round for those behind it."""
    desk.board.follow(Key("Box", "a"), desk.operation("bad", ago=900))
    desk.board.follow(Key("Box", "b"), desk.operation("good", ago=800))
    desk.api.unlisted["bad"] = Unavailable("no", status=500)
    desk.api.unlisted["good"] = TaskReport("good", FINISHED)
    for _ in range(5):
        with contextlib.suppress(CloudError):
            await desk.board.poll()
        await desk.clock.advance(1)
    assert desk.woken == ["b"]


async def test_after_two_hours_a_task_is_forgotten(desk: Desk) -> None:
    operation = desk.operation("t", ago=7201)
    assert desk.board.follow(KEY, operation).state is LOST
    assert desk.board.pending == 0


async def test_a_failed_poll_loses_nothing(desk: Desk) -> None:
    operation = desk.operation("t")
    desk.board.follow(KEY, operation)
    desk.api.error = Unavailable("no", status=503)
    with pytest.raises(CloudError):
        await desk.board.poll()
    desk.api.error = None
    desk.api.settle("t", FINISHED)
    await desk.board.poll()
    assert desk.board.follow(KEY, operation).state is FINISHED


async def test_what_is_dropped_is_asked_for_no_more(desk: Desk) -> None:
    operation = desk.operation("t")
    desk.board.follow(KEY, operation)
    desk.board.drop(operation)
    await desk.board.poll()
    assert desk.api.lists == []
    assert desk.board.pending == 0


async def test_a_task_of_a_deleted_object_is_not_asked_for_for_ever(desk: Desk) -> None:
    desk.board.follow(KEY, desk.operation("t", ago=7100))
    for _ in range(400):
        with contextlib.suppress(CloudError):
            await desk.board.poll()
        await desk.clock.advance(1)
    asked = len(desk.api.gets)
    for _ in range(100):
        await desk.board.poll()
        await desk.clock.advance(1)
    assert len(desk.api.gets) == asked
