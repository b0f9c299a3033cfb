"""A cloud with tasks, names and ids, as far as the engine can tell: no HTTP, no vendor's fields."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from caas_operator.core.errors import CloudError, Conflict, InvalidSpec, NotFound, Unavailable
from caas_operator.core.model import Health, Receipt
from caas_operator.core.ports import TaskReport, TaskState
from tests.support.clock import FakeClock
from tests.support.engine.points import Points

Answer = TypeVar("Answer")

LIST_MARGIN = 60.0
"""A list that has no end goes this much further back than it was asked to."""


def no_answer() -> Unavailable:
    return Unavailable("no answer in time", code="timeout", ambiguous=True)


def broken_answer(status: int = 502) -> Unavailable:
    return Unavailable("bad gateway", status=status, ambiguous=True)


@dataclass
class Thing:
    """One external resource."""

    id: str
    name: str
    scope: str
    created_at: float
    wire: dict[str, Any]
    health: Health = Health.SERVING
    message: str = ""


@dataclass
class Job:
    id: str
    created_at: float
    due: float
    done: Callable[[], None]
    error: str = ""
    settled: bool = False


@dataclass(frozen=True)
class Fault:
    """What a call answers instead. `done`: the cloud does it all the same; `lands_after`: that many seconds later."""

    error: CloudError | None
    done: bool = False
    lands_after: float = 0.0


@dataclass
class FakeCloud:
    """`unique`: names are unique in their scope, and all takes a task; else ids are made and all is done at once.

    `once` and `always` are what calls answer instead, `task_errors` how the next tasks end. `held`: calls wait for it.
    `list_lag`: a LIST does not show what is younger. `cures`: the end of a task changes the health. `most_alive`: the
    most resources that one object ever had at a time. `flavors`: all that there are, if any; `advice`: what it says of
    a used-up quota.
    """

    clock: FakeClock
    points: Points
    unique: bool
    task_seconds: float = 3.0
    things: dict[str, Thing] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    once: dict[str, list[Fault]] = field(default_factory=dict)
    always: dict[str, CloudError] = field(default_factory=dict)
    task_errors: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None
    list_lag: float = 0.0
    cures: bool = True
    flavors: tuple[str, ...] = ()
    advice: str = ""
    most_alive: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _landing: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    # -- what tests say -----------------------------------------------------------------------------------------------

    def fail(self, verb: str, error: CloudError | None, *, done: bool = False, lands_after: float = 0.0) -> None:
        """The next call of a verb (list, create, update, delete, tasks)."""
        self.once.setdefault(verb, []).append(Fault(error, done, lands_after))

    def put(self, name: str, scope: str = "1", *, marker: str | None = None, **wire: Any) -> Thing:
        """A resource that somebody else made."""
        id_ = f"{scope}/{name}" if self.unique else f"cell_{next(self._numbers)}"
        return self._enter(Thing(id_, name, scope, float(int(self.clock.now())), {"marker": marker} | wire))

    def living(self) -> list[Thing]:
        self.settle()
        return [thing for thing in self.things.values() if thing.health is not Health.EXPIRED]

    def mutations(self) -> int:
        return self.calls["create"] + self.calls["update"] + self.calls["delete"]

    # -- what the engine asks -----------------------------------------------------------------------------------------

    async def list(self, scope: str, oldest: float | None) -> Sequence[Thing]:
        await self._call("list")
        self._once("list")
        found = sorted(self.things.values(), key=lambda thing: -thing.created_at)
        reached = 0.0 if oldest is None or self.unique else oldest - LIST_MARGIN
        self.points.reach("list answered")
        latest = self.clock.now() - self.list_lag
        return [one for one in found if one.scope == scope and reached <= one.created_at <= latest]

    async def create(self, scope: str, name: str, wire: Mapping[str, Any]) -> tuple[Receipt, Thing | None]:
        await self._call("create")

        def act() -> tuple[Receipt, Thing | None]:
            if not self.unique:
                made = self._enter(
                    Thing(f"cell_{next(self._numbers)}", name, scope, float(int(self.clock.now())), dict(wire))
                )
                return Receipt(external_id=made.id), made
            id_ = f"{scope}/{name}"
            if id_ in self.things:
                raise Conflict("the name is taken", status=409, ambiguous=True)
            made = self._enter(Thing(id_, name, scope, self.clock.now(), dict(wire), Health.CHANGING))
            error = self.task_errors.pop(0) if self.task_errors else ""
            return Receipt(
                (self._job(lambda: self._finish(id_, Health.BROKEN if error else Health.SERVING), error),)
            ), None

        return self._mutate("create", act)

    async def update(self, id_: str, wire: Mapping[str, Any]) -> Receipt:
        await self._call("update")

        def act() -> Receipt:
            thing = self._known(id_)
            error = self.task_errors.pop(0) if self.task_errors else ""

            def done() -> None:
                if not error:
                    thing.wire.update(wire)
                self._finish(id_, Health.STOPPED if thing.wire.get("suspend") else Health.SERVING)

            return Receipt((self._job(done, error),))

        return self._mutate("update", act)

    async def delete(self, id_: str) -> Receipt:
        await self._call("delete")

        def act() -> Receipt:
            self._known(id_)
            if not self.unique:
                del self.things[id_]
                return Receipt()
            error = self.task_errors.pop(0) if self.task_errors else ""

            def done() -> None:
                if not error:
                    self.things.pop(id_, None)

            return Receipt((self._job(done, error),))

        return self._mutate("delete", act)

    async def list_tasks(self, since: float) -> Sequence[TaskReport]:
        await self._call("tasks")
        self._once("tasks")
        return [self._report(job) for job in self.jobs.values() if job.created_at >= since - 60.0]

    async def get_task(self, task_id: str) -> TaskReport:
        await self._call("task")
        self._once("task")
        return self._report(self.jobs[task_id]) if task_id in self.jobs else TaskReport(task_id, TaskState.LOST)

    async def check(self, spec: Mapping[str, Any]) -> None:
        """As the real ones, this never fails for the cloud's sake."""
        if self.flavors and spec.get("flavor", self.flavors[0]) not in self.flavors:
            raise InvalidSpec("spec.flavor", "the cloud has none of this name")

    async def advise(self) -> str:
        await self._call("advise")
        return self.advice

    # -- how it works -------------------------------------------------------------------------------------------------

    async def _call(self, verb: str) -> None:
        self.points.reach(f"{verb} asked")
        self.calls[verb] += 1
        if self.held is not None:
            await self.held.wait()
        await asyncio.sleep(0)
        self.settle()
        if verb in self.always:
            raise self.always[verb]

    def settle(self) -> None:
        """What was due by now has happened."""
        now = self.clock.now()
        for due, act in tuple(self._landing):
            if due <= now:
                self._landing.remove((due, act))
                act()
        for job in self.jobs.values():
            if not job.settled and job.due <= now:
                job.settled = True
                job.done()

    def _once(self, verb: str) -> Fault | None:
        faults = self.once.get(verb)
        if not faults:
            return None
        fault = faults.pop(0)
        if fault.error is not None and not fault.done and not fault.lands_after:
            raise fault.error
        return fault

    def _mutate(self, verb: str, act: Callable[[], Answer]) -> Answer:
        fault = self._once(verb)
        if fault is not None and fault.lands_after:
            self._landing.append((self.clock.now() + fault.lands_after, lambda: _quietly(act)))
        else:
            answer = act()
            self.points.reach(f"{verb} done")
            if fault is None or fault.error is None:
                return answer
        assert fault.error is not None
        raise fault.error

    def _job(self, done: Callable[[], None], error: str) -> str:
        id_ = f"task-{next(self._numbers)}"
        now = self.clock.now()
        self.jobs[id_] = Job(id_, now, now + self.task_seconds, done, error)
        return id_

    def _report(self, job: Job) -> TaskReport:
        if not job.settled:
            return TaskReport(job.id, TaskState.RUNNING)
        return TaskReport(job.id, TaskState.FAILED if job.error else TaskState.FINISHED, job.error)

    def _enter(self, thing: Thing) -> Thing:
        self.things[thing.id] = thing
        marker = thing.wire.get("marker") or thing.name
        alive = [one for one in self.things.values() if one.health is not Health.EXPIRED]
        self.most_alive[marker] = max(
            self.most_alive[marker], sum((one.wire.get("marker") or one.name) == marker for one in alive)
        )
        return thing

    def _finish(self, id_: str, health: Health) -> None:
        if id_ in self.things and self.cures:
            self.things[id_].health = health

    def _known(self, id_: str) -> Thing:
        if id_ not in self.things:
            raise NotFound("no such thing", status=404)
        return self.things[id_]


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except CloudError:
        return
