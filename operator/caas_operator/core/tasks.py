"""The clouds' asynchronous jobs, followed for everybody at once: one task list answers for all who wait."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from caas_operator.core.errors import CloudError, Forbidden, NotFound
from caas_operator.core.model import Key, Operation
from caas_operator.core.ports import Clock, TaskApi, TaskReport, TaskState
from caas_operator.core.schedule import TASK_FORGOTTEN, look_again

LIST_REACHES_BACK = 600.0
"""Tasks older than this are asked for one by one."""


@dataclass(slots=True)
class Followed:
    """One task that an object waits for."""

    key: Key
    started_at: float
    report: TaskReport
    known: bool = False
    asked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All tasks of an operation together.

    `settled_at`: the resource is to be looked at by a LIST begun later. `known`: the cloud itself has said so.
    """

    state: TaskState
    error: str = ""
    settled_at: float = 0.0
    known: bool = True


@dataclass
class TaskBoard:
    """The tasks of one account that objects wait for.

    `poll` is called by a loop of the account; a task that settles wakes its object.
    """

    api: TaskApi
    clock: Clock
    wake: Callable[[Key], None]
    _followed: dict[str, Followed] = field(default_factory=dict)
    _settled_at: dict[str, float] = field(default_factory=dict)
    _busy: asyncio.Event = field(default_factory=asyncio.Event)

    def follow(self, key: Key, operation: Operation, *, known: bool = False) -> Verdict:
        """Where the operation stands as far as we know; its tasks are followed from now on.

        `known`: the cloud has just begun them.
        """
        if self.clock.now() - operation.started_at > TASK_FORGOTTEN:
            self.drop(operation)
            return Verdict(TaskState.LOST, settled_at=operation.started_at)
        for id_ in operation.task_ids:
            if id_ not in self._followed:
                self._followed[id_] = Followed(key, operation.started_at, TaskReport(id_, TaskState.RUNNING), known)
                self._busy.set()
        reports = [self._followed[id_].report for id_ in operation.task_ids]
        settled = max((self._settled_at.get(id_, 0.0) for id_ in operation.task_ids), default=0.0)
        for state in (TaskState.RUNNING, TaskState.FAILED, TaskState.LOST):
            for report in reports:
                if report.state is state:
                    return Verdict(state, report.error, settled, self._followed[report.id].known)
        return Verdict(TaskState.FINISHED, settled_at=settled)

    def drop(self, operation: Operation) -> None:
        for id_ in operation.task_ids:
            self._followed.pop(id_, None)
            self._settled_at.pop(id_, None)

    async def wait_for_work(self) -> None:
        await self._busy.wait()

    @property
    def pending(self) -> int:
        return sum(task.report.state is TaskState.RUNNING for task in self._followed.values())

    async def poll(self) -> None:
        """Ask once for everything that is pending. Raises CloudError; nothing is lost by it."""
        pending = [task for task in self._followed.values() if task.report.state is TaskState.RUNNING]
        if not pending:
            self._busy.clear()
            return
        now = self.clock.now()
        recent = [task for task in pending if task.started_at > now - LIST_REACHES_BACK]
        listed: dict[str, TaskReport] = {}
        if recent:
            since = min(task.started_at for task in recent)
            listed = {report.id: report for report in await self.api.list_tasks(since)}
        for task in pending:
            if report := listed.get(task.report.id):
                self._settle(task, report)
            elif now - task.asked_at >= look_again(now - task.started_at):
                await self._ask(task, now)

    async def _ask(self, task: Followed, now: float) -> None:
        task.asked_at = now
        try:
            self._settle(task, await self.api.get_task(task.report.id))
        except (NotFound, Forbidden):
            self._settle(task, TaskReport(task.report.id, TaskState.LOST))
        except CloudError:
            if now - task.started_at <= TASK_FORGOTTEN:
                raise
            self._settle(task, TaskReport(task.report.id, TaskState.LOST))

    def _settle(self, task: Followed, report: TaskReport) -> None:
        task.known = True
        if report.state is TaskState.RUNNING:
            return
        task.report = report
        self._settled_at[report.id] = self.clock.now()
        self.wake(task.key)
