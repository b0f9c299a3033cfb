"""What the benchmark runs on: API server, simulator and operator as processes of their own, and what each has done."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.bench.api import Api, api_of
from tests.bench.audit import AuditLog
from tests.bench.fleet import Fleet, followed
from tests.bench.profiled import profiled_operator
from tests.bench.usage import usage
from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.support.accounts import apply_accounts
from tests.support.operator import OperatorProcess, running_operator
from tests.support.simulator import Counters, Simulator, running_simulator

T = TypeVar("T")
CRDS = Path(__file__).parents[2] / "crds"
USER = "caas-operator"
CLUSTER_ID = "bench"
ACCOUNTS = frozenset({"cloudaccounts", "clustercloudaccounts"})
TASK_SECONDS = 2.0
POLL_SECONDS = 2.0
"""The operator's own default; the tests' is shorter."""
CALM_SECONDS, CALM_CPU = 0.5, 0.1


@dataclass
class Stage:
    plane: ControlPlane
    simulator: Simulator
    api: Api
    fleet: Fleet
    audit: AuditLog
    kubeconfig: Path
    profile: Path | None = None

    @asynccontextmanager
    async def operating(self, *, follow_clock: bool = False) -> AsyncIterator[OperatorProcess]:
        """An operator with its defaults, ready. Following the simulator's clock costs it 20 requests a second."""
        async with in_thread(self._operator(follow_clock=follow_clock)) as operator:
            yield operator

    @contextmanager
    def _operator(self, *, follow_clock: bool) -> Iterator[OperatorProcess]:
        flags: dict[str, str | float] = {"kubeconfig": str(self.kubeconfig), "task_poll_seconds": POLL_SECONDS}
        flags["cluster_id"] = CLUSTER_ID
        if self.profile is not None:
            with profiled_operator(self.plane, self.profile, flags) as operator:
                yield operator
            return
        with running_operator(self.plane, self.simulator, follow_clock=follow_clock, flags=flags) as operator:
            yield operator

    async def calm(self, pid: int, seconds: float = 120.0) -> float:
        """Wait until a process has nothing to do: no request at a cloud, hardly any CPU. Returns when that began."""
        end = time.perf_counter() + seconds
        while True:
            began, cpu, requests = time.perf_counter(), usage(pid).cpu, self.simulator.counters().requests
            await asyncio.sleep(CALM_SECONDS)
            if usage(pid).cpu - cpu <= CALM_CPU and self.simulator.counters().requests == requests:
                return began
            if began > end:
                raise TimeoutError(f"process {pid} is still busy after {seconds:.0f} s")

    async def calls(self, operation: str, number: int = 1) -> None:
        """Wait until the cloud has had so many more of these requests."""
        wanted = self.simulator.counters().calls(operation) + number
        while self.simulator.counters().calls(operation) < wanted:  # noqa: ASYNC110 - another process's counter
            await asyncio.sleep(0.05)

    def meter(self, pid: int, user: str = USER) -> "Meter":
        """Measures from now on."""
        self.audit.new_writes()
        return Meter(self, pid, user, time.perf_counter(), usage(pid).cpu, self.simulator.counters())


@dataclass(frozen=True)
class Reading:
    """What happened in a stretch of time. `writes`: of the measured user to objects that are no accounts and no events.

    `others`: writes of everybody else to the same resources; `calls`: requests at the clouds by operation; `rss`,
    `peak_rss` in MB as of the end.
    """

    seconds: float
    cpu: float
    writes: int
    account_writes: int
    events: int
    others: int
    calls: dict[str, int]
    rss: float
    peak_rss: float

    @property
    def lists(self) -> int:
        """Calls that many objects share."""
        return sum(number for name, number in self.calls.items() if name.endswith(".list"))

    @property
    def own_calls(self) -> int:
        return sum(self.calls.values()) - self.lists


@dataclass(frozen=True)
class Meter:
    stage: Stage
    pid: int
    user: str
    began: float
    cpu: float
    counters: Counters

    def read(self, until: float | None = None) -> Reading:
        """`until`: when the stretch ended, if that was before now (perf_counter)."""
        now = usage(self.pid)
        written = self.stage.audit.new_writes()
        own = {resource: number for (user, resource), number in written.items() if user == self.user}
        accounts = sum(own.pop(resource, 0) for resource in ACCOUNTS)
        events = own.pop("events", 0)
        return Reading(
            seconds=(until or time.perf_counter()) - self.began,
            cpu=now.cpu - self.cpu,
            writes=sum(own.values()),
            account_writes=accounts,
            events=events,
            others=sum(n for (user, resource), n in written.items() if user != self.user and resource in own),
            calls=self.stage.simulator.counters().minus(self.counters),
            rss=now.rss,
            peak_rss=now.peak_rss,
        )


@asynccontextmanager
async def set_up(profile: Path | None = None) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(in_thread(running_control_plane(audit=True)))
        assert plane.audit_log is not None
        plane.kubectl("apply", "--server-side", f"--filename={CRDS}")
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
        simulator = await stack.enter_async_context(in_thread(running_simulator(task_seconds=TASK_SECONDS)))
        apply_accounts(plane, simulator)
        api = await stack.enter_async_context(api_of(plane))
        fleet = await stack.enter_async_context(followed(Fleet(api, plane.create_namespace())))
        kubeconfig = plane.kubeconfig_for(USER, ["system:masters"])
        yield Stage(plane, simulator, api, fleet, AuditLog(plane.audit_log), kubeconfig, profile)


@asynccontextmanager
async def in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """A manager that blocks while it enters and exits, without holding up what else runs here."""
    value = await asyncio.to_thread(manager.__enter__)
    try:
        yield value
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)
