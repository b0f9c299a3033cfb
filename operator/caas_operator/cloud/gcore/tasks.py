"""The tasks of an account, across its projects [PY, DOC-async]."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from caas_operator.cloud.call import Call, path_of
from caas_operator.cloud.gcore.answers import an_object
from caas_operator.cloud.gcore.paging import list_all
from caas_operator.cloud.scrub import presentable
from caas_operator.cloud.transport import Malformed, Transport
from caas_operator.core.errors import Forbidden, NotFound
from caas_operator.core.model import JsonObject
from caas_operator.core.ports import TaskReport, TaskState

_PATH = "/cloud/v1/tasks"
MARGIN_SECONDS = 60.0
"""Taken off `since` beyond the measured difference of the clocks: Date is exact to a second, and clocks of
one cloud differ."""


@dataclass(frozen=True, slots=True)
class GcoreTasks:
    """core.ports.TaskApi for Gcore."""

    transport: Transport

    async def list_tasks(self, since: float, projects: Sequence[int | str] = ()) -> Sequence[TaskReport]:
        """Every task created at or after `since` (seconds of our clock), and some that are a little older.

        `projects` narrows the list; without it the tasks of everything else in the account come along. Oldest
        first: what begins while the pages are read is added at the end, so that nothing moves.
        """
        start = datetime.fromtimestamp(since + self.transport.clock_skew - MARGIN_SECONDS, UTC)
        params: list[tuple[str, str | int]] = [
            ("from_timestamp", start.strftime("%Y-%m-%dT%H:%M:%SZ")),
            ("order_by", "asc"),
        ]
        params += [("project_id", project) for project in projects]
        call = Call("tasks.list", "GET", _PATH, params=params, scope="tasks", listing=True)
        rows = await list_all(self.transport, call, key="id")
        _, secrets = self.transport.identity.sign()
        return [_report(row, secrets) for row in rows if isinstance(row.get("id"), str)]

    async def get_task(self, task_id: str) -> TaskReport:
        """LOST where the cloud no longer shows it: then the resource itself tells."""
        call = Call("tasks.get", "GET", _PATH + path_of(task_id))
        try:
            row = await self.transport.call(call, _task)
        except (NotFound, Forbidden):
            return TaskReport(task_id, TaskState.LOST)
        return _report(row, self.transport.identity.sign()[1])


def _task(body: object) -> JsonObject:
    row = an_object(body)
    if not isinstance(row.get("id"), str):
        raise Malformed("a task has no id")
    return row


def _report(row: JsonObject, secrets: Collection[str]) -> TaskReport:
    """NEW, RUNNING, FINISHED, ERROR. An error is a failure in any state [LAB, GHA]; an unknown state is no end."""
    error = row.get("error")
    state = row.get("state")
    if error or state == "ERROR":
        text = error if isinstance(error, str) else ""
        return TaskReport(row["id"], TaskState.FAILED, presentable(text, secrets) or "the cloud gives no cause")
    return TaskReport(row["id"], TaskState.FINISHED if state == "FINISHED" else TaskState.RUNNING)
