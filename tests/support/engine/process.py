"""One operator process over a fake cluster and fake clouds: the real engine, queue, cache, intake and workers."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from caas_operator.app.cache import Cache
from caas_operator.app.exports import ExportCache
from caas_operator.app.intake import Intake
from caas_operator.app.objects import CachedObjects
from caas_operator.app.references import ReferenceCache
from caas_operator.app.worker import Workers
from caas_operator.core.acting import Actor
from caas_operator.core.answering import Answers
from caas_operator.core.claims import Claims
from caas_operator.core.errors import CloudError
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.finishing import Finisher
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import AccountRef, External, JsonObject, Key, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import AttachingVerbs, Defaults, Kind, TaskApi, Verbs
from caas_operator.core.preparing import Preparation
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.reconciler import Reconciler
from caas_operator.core.surroundings import NotYet
from caas_operator.core.tasks import TaskBoard
from tests.support.clock import FakeClock, settle
from tests.support.engine.api_server import FakeApiServer, FakeStore
from tests.support.engine.kinds import BOX, CELL
from tests.support.engine.outside import Outside
from tests.support.engine.secrets import FakeReader

RESYNC_SECONDS = 60.0
PROJECT_ONE = Defaults(project_id=1)
KINDS = {kind.name: kind for kind in (BOX, CELL)}


@dataclass
class Account:
    """An account as its object says it; what tests change of it takes effect at the next pass."""

    ref: AccountRef
    clouds: Mapping[str, Any]
    """What a kind's verbs are made over, by kind and endpoint."""
    endpoint: str = "https://cloud.example"
    defaults: Defaults = PROJECT_ONE
    version: str = "1"
    allowed: bool = True
    default: bool = True
    provider: str = "fake"
    task_api: TaskApi | None = None

    @property
    def tasks(self) -> TaskApi | None:
        """Whom to ask for tasks; of fake clouds the one that has them."""
        return self.task_api or self.clouds.get(f"Box {self.endpoint}")


@dataclass
class FakeConnection:
    """One account in one process, with its inventories."""

    account: Account
    clock: FakeClock
    process: "Process"
    tasks: TaskBoard | None
    inventories: dict[tuple[str, str, str], Inventory] = field(default_factory=dict)
    resync_seconds: float = RESYNC_SECONDS

    @property
    def provider(self) -> str:
        return self.account.provider

    @property
    def ref(self) -> AccountRef:
        return self.account.ref

    @property
    def group(self) -> str:
        return str(self.account.ref)

    @property
    def endpoint(self) -> str:
        return self.account.endpoint

    @property
    def defaults(self) -> Defaults:
        return self.account.defaults

    @property
    def version(self) -> str:
        return self.account.version

    def verbs(self, kind: Kind) -> Verbs:
        verbs: Verbs = kind.verbs(self.account.clouds[f"{kind.name} {self.account.endpoint}"])
        return verbs

    def inventory(self, kind: Kind, scope: str) -> Inventory:
        verbs = self.verbs(kind)
        return self._inventory(kind.name, scope, lambda oldest: verbs.list(scope, oldest=oldest))

    def attachments(self, kind: Kind, scope: str) -> Inventory:
        verbs = cast("AttachingVerbs", self.verbs(kind))
        return self._inventory(f"{kind.name} {kind.attached_by}", scope, lambda _: verbs.attachments(scope))

    def _inventory(
        self, what: str, scope: str, fetch: Callable[[float | None], Awaitable[Sequence[External]]]
    ) -> Inventory:
        name = (what, scope, self.account.endpoint)
        if name not in self.inventories:
            self.inventories[name] = Inventory(fetch, self.clock, self.process.wake)
        return self.inventories[name]

    async def look_after(self) -> None:
        """One round of the loops that the real one has."""
        await self.poll()
        await self.resync()

    async def poll(self) -> None:
        if self.tasks is not None and self.tasks.pending:
            with contextlib.suppress(CloudError):
                await self.tasks.poll()

    async def resync(self) -> None:
        for inventory in self.inventories.values():
            due = inventory.last.begun <= self.clock.now() - self.resync_seconds
            if due and inventory.wanted:
                with contextlib.suppress(CloudError):
                    await inventory.listing(self.clock.now() - self.resync_seconds)


@dataclass
class FakeAccounts:
    process: "Process"
    accounts: list[Account]
    connections: dict[AccountRef, FakeConnection] = field(default_factory=dict)

    def find(self, obj: Resource, kind: Kind, bound: AccountRef | None) -> FakeConnection | Outcome | NotYet:
        raw = obj.spec.get("accountRef")
        asked = bound or (AccountRef(raw["kind"], raw["name"]) if raw else None)
        for account in self.accounts:
            chosen = account.ref == asked or (asked is None and account.default and account.provider in kind.providers)
            if account.allowed and chosen:
                return self._connected(account)
        return Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, f"account {asked} does not exist")

    def _connected(self, account: Account) -> FakeConnection:
        if account.ref not in self.connections:
            process = self.process
            board = TaskBoard(account.tasks, process.clock, process.wake) if account.tasks else None
            self.connections[account.ref] = FakeConnection(account, process.clock, process, board)
        return self.connections[account.ref]


@dataclass
class ToldEvents:
    told: list[tuple[str, str, str]] = field(default_factory=list)

    def warn(self, obj: Resource, reason: str, message: str) -> None:  # noqa: ARG002 - as the protocol has it
        self.told.append(("Warning", reason, message))

    def normal(self, obj: Resource, reason: str, message: str) -> None:  # noqa: ARG002 - as the protocol has it
        self.told.append(("Normal", reason, message))

    def reasons(self) -> list[str]:
        return [reason for _, reason, _ in self.told]


def _ignore(_obj: Resource, _seen: bool) -> None:  # noqa: FBT001 - a callback of the intake
    """Nobody is told of what vanished."""


class Process:
    """Starts with everything that the cluster has; `run` lets time pass."""

    def __init__(
        self,
        clock: FakeClock,
        server: FakeApiServer,
        accounts: list[Account],
        reader: FakeReader,
        cluster: str = "c1",
        *,
        kinds: Mapping[str, Kind] = KINDS,
        fingerprints: Fingerprints | None = None,
        outside: Outside | None = None,
    ) -> None:
        self.clock, self.server = clock, server
        outside = outside or Outside(server.points)
        self.cache, self.queue = Cache(), WorkQueue(clock, 128)
        self.events, self.failed = ToldEvents(), list[str]()
        self.accounts = FakeAccounts(self, accounts)
        self.references = ReferenceCache(reader, clock, self.wake, RESYNC_SECONDS)
        self.exports = ExportCache(outside.config_maps, clock, self.wake, RESYNC_SECONDS)
        self.answers = Answers(outside.prober, clock, self.wake)
        objects = CachedObjects(FakeStore(server), self.cache)  # type: ignore[arg-type]
        claims, jitter = Claims(), random.Random(7)
        self.reconciler = Reconciler(
            preparation=Preparation(dict(kinds), self.accounts, self.references, claims, cluster, self.wake),
            actor=Actor.of(objects, self.events, clock, jitter),
            objects=objects,
            references=self.references,
            events=self.events,
            claims=claims,
            clock=clock,
            wake=self.wake,
            leading_since=clock.now(),
            finisher=Finisher(self.answers, self.exports, clock, jitter),
            fingerprints=fingerprints,
        )
        self.workers = Workers(
            queue=self.queue,
            cache=self.cache,
            objects=objects,
            visits=dict.fromkeys(kinds, self.reconciler.visit),
            forget=self.reconciler.forget,
            clock=clock,
            passed=self._passed,
        )
        self.intake = Intake(
            self.cache, self.queue, clock, self._existing, lambda _: None, lambda _obj, _seen: None, self._group_of
        )
        self.undelivered: deque[tuple[str, JsonObject]] = deque()
        self.watch_stalls = False
        self.passes = 0
        self._rounds: dict[AccountRef, asyncio.Task[None]] = {}
        self._passing: set[asyncio.Task[None]] = set()
        server.listeners.append(self._hear)
        for body in server.bodies.values():
            self.intake.receive("ADDED", body)
        self.reconciler.preparation.recall(self.cache)
        loops = (self.queue.run_delays, self.references.run, self.exports.run)
        self._loops = [asyncio.create_task(loop()) for loop in loops]

    def wake(self, key: Key) -> None:
        self.queue.add(key, Priority.FOLLOW)

    async def run(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass: passes, task polls and resyncs. Raises Crash, and what a pass failed on."""
        until = self.clock.now() + seconds
        await self.work()
        while self.clock.now() < until:
            await self.clock.advance(step)
            for connection in tuple(self.accounts.connections.values()):
                await self._round(connection)
            await self.work()

    async def work(self, most: int = 2000) -> None:
        """Passes until nothing is in line; those that wait for time to pass go on when it does. Raises Crash."""
        for _ in range(most):
            self.deliver()
            while (key := self._next()) is not None:
                self._passing.add(asyncio.create_task(self.workers._pass(key)))
            if not self._passing:
                return
            await settle(4)
            for done in [task for task in self._passing if task.done()]:
                self._passing.discard(done)
                done.result()
            assert not self.failed, f"the engine failed on {self.failed}: see the log"
            if self._passing and await self._all_wait():
                return
        raise AssertionError("the engine does not come to rest")

    def _next(self) -> Key | None:
        return self.queue._pop()

    async def _all_wait(self) -> bool:
        """Whether no pass under way does anything more without time passing."""
        before = (len(self.server.writes), sum(self.queue.depth().values()))
        await settle(40)
        busy = any(task.done() for task in self._passing)
        return not busy and before == (len(self.server.writes), sum(self.queue.depth().values()))

    async def _round(self, connection: FakeConnection) -> None:
        """What the loops of an account do; one that hangs is left to itself. Raises Crash."""
        known = self._rounds.get(connection.ref)
        if known is None or known.done():
            known = self._rounds[connection.ref] = asyncio.create_task(connection.look_after())
        for _ in range(100):
            if known.done():
                known.result()
                return
            await asyncio.sleep(0)

    def deliver(self) -> None:
        """What the watch has to say."""
        while self.undelivered and not self.watch_stalls:
            self.intake.receive(*self.undelivered.popleft())

    def told_at_once(self) -> None:
        """From here on the watch is faster than the answers to our own writes."""
        self.server.listeners.remove(self._hear)
        self._hear = self.intake.receive  # type: ignore[method-assign]
        self.server.listeners.append(self._hear)

    async def stop(self) -> None:
        self.server.listeners.remove(self._hear)
        ending = (*self._loops, *self._passing, *self._rounds.values())
        await self.answers.close()
        for loop in ending:
            loop.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _group_of(self, obj: Resource) -> str | None:
        """The turn that a new object takes."""
        asked = obj.spec.get("accountRef") or {"kind": "CloudAccount", "name": "main"}
        return f"{asked['kind']}/{asked['name']}"

    def _hear(self, type_: str, body: JsonObject) -> None:
        self.undelivered.append((type_, body))

    def _passed(self, kind: str, outcome: str, seconds: float) -> None:  # noqa: ARG002 - as the protocol has it
        self.passes += 1
        if outcome == "failed" and not self.server.points.crash_at:
            self.failed.append(kind)

    async def _existing(self) -> frozenset[Key]:
        return frozenset(Key(body["kind"], uid) for uid, body in self.server.bodies.items())
