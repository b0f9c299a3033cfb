"""The composition.

The only place that knows every part. It builds them, starts them in order and ends them in order.
"""

import asyncio
import logging
import os
import random
import socket
from collections.abc import Coroutine
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from caas_operator.app import binding
from caas_operator.app.accounts.choosing import Rules
from caas_operator.app.accounts.opening import Budget, Opener
from caas_operator.app.accounts.registry import ACCOUNT_KINDS, AccountRegistry
from caas_operator.app.accounts.terms import group_of
from caas_operator.app.accounts.visiting import AccountVisits
from caas_operator.app.audience import Audience
from caas_operator.app.cache import Cache
from caas_operator.app.census import Census
from caas_operator.app.intake import Intake
from caas_operator.app.loops import forever
from caas_operator.app.namespaces import NamespaceLabels
from caas_operator.app.objects import CachedObjects
from caas_operator.app.prerequisites import EnvironmentAccounts, environment_accounts, open_session, running_clock
from caas_operator.app.references import ReferenceCache
from caas_operator.app.settings import Settings
from caas_operator.app.telemetry import logs
from caas_operator.app.telemetry.gauges import Gauges
from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.app.telemetry.server import Probes, serve
from caas_operator.app.worker import Workers
from caas_operator.cloud.connect import Wire
from caas_operator.core.acting import Actor
from caas_operator.core.claims import Claims
from caas_operator.core.errors import NotLeading
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.model import FINALIZER, AccountRef, Key, Resource
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import Clock
from caas_operator.core.preparing import Preparation
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.reconciler import Reconciler
from caas_operator.core.surroundings import NotYet
from caas_operator.kinds.registry import KINDS
from caas_operator.kube.event_record import Subject
from caas_operator.kube.events import Events
from caas_operator.kube.identity import cluster_id, hmac_key
from caas_operator.kube.references import References
from caas_operator.kube.session import Session
from caas_operator.kube.store import ObjectStore

logger = logging.getLogger("caas_operator")

KEY_SECONDS = 300.0
"""How often the key for fingerprints is looked for while there is none."""


async def run(settings: Settings) -> int:
    """Run the operator until SIGTERM or SIGINT; returns the exit code. Raises SettingsInvalid for the environment's."""
    logs.configure(settings.log_format, settings.log_level)
    environment = environment_accounts(settings)
    async with running_clock(settings) as clock, open_session(settings) as session:
        cluster = settings.cluster_id or await cluster_id(session)
        logger.info("caas-operator %s, cluster id %s", version("caas-operator"), cluster)
        await Process(settings, clock, session, cluster, environment).run()
    return 0


@dataclass
class Process:
    """One operator process. `run` is its whole life."""

    settings: Settings
    clock: Clock
    session: Session
    cluster: str
    environment: EnvironmentAccounts = ()
    _loops: list[asyncio.Task[Any]] = field(default_factory=list)
    _working: bool = False

    def __post_init__(self) -> None:
        settings, clock = self.settings, self.clock
        self.metrics = Metrics(version("caas-operator"))
        self.census = Census(self.session, settings.namespaces)
        self.cache = Cache()
        self.queue = WorkQueue(clock, settings.workers_per_account, self.metrics.waited)
        self.audience = Audience(self.cache, tuple(kind.name for kind in KINDS), self.wake)
        store = ObjectStore(self.session, self.census.served, on_write=self.metrics.kube_write)
        self.objects = CachedObjects(store, self.cache)
        self.events = Events(self.session, now=clock.now, instance=f"{socket.gethostname()}-{os.getpid()}")
        reader = References(self.session)
        self.references = ReferenceCache(reader, clock, self.wake, settings.resync_seconds)
        self.labels = NamespaceLabels(self.session, clock, self.audience.wake_namespace, settings.resync_seconds)
        self.accounts = self._registry(reader)
        self.gauges = Gauges(self.metrics, self.queue, self.accounts, self.audience.objects)
        self.reconciler = self._engine()
        visits = AccountVisits(self.accounts, self.objects, clock, settings.resync_seconds, self.audience.count_users)
        self.workers = Workers(
            queue=self.queue,
            cache=self.cache,
            objects=self.objects,
            visits={
                **dict.fromkeys((kind.name for kind in KINDS), self.reconciler.visit),
                **dict.fromkeys(ACCOUNT_KINDS, visits.visit),
            },
            forget=self.reconciler.forget,
            clock=clock,
            passed=self.metrics.passed,
        )
        self.account_visits = visits
        self.intake = Intake(
            self.cache, self.queue, clock, self.census.existing, self._arrived, self._vanished, self._group_of
        )

    def _registry(self, reader: References) -> AccountRegistry:
        settings = self.settings
        budget = Budget(
            settings.requests_per_second, settings.burst, settings.resync_seconds, settings.task_poll_seconds
        )
        return AccountRegistry(
            opener=Opener(Wire(self.clock), budget, self.wake, self.metrics.called),
            reader=reader,
            rules=Rules(frozenset(settings.environment_account_namespaces)),
            allowed_hosts=frozenset(settings.allowed_endpoint_hosts),
            labels=self.labels,
            wake=self.wake,
            visit=self._visit_account,
            wake_users=self.audience.wake_users,
        )

    def _engine(self) -> Reconciler:
        kinds, claims = {kind.name: kind for kind in KINDS}, Claims()
        return Reconciler(
            preparation=Preparation(kinds, self.accounts, self.references, claims, self.cluster, self.wake),
            actor=Actor.of(self.objects, self.events, self.clock, random.Random()),  # noqa: S311 - jitter is no secret
            objects=self.objects,
            references=self.references,
            events=self.events,
            claims=claims,
            clock=self.clock,
            wake=self.wake,
            leading_since=self.clock.now(),
        )

    async def run(self) -> None:
        server = await serve(
            self.settings.health_address,
            self.settings.metrics_address,
            Probes(self._healthy, self._ready),
            self.metrics,
        )
        self.metrics.before_scrape(self.gauges.set)
        for loop in (self.references.run, self.labels.run, self.intake.run, self.queue.run_delays, self.events.run):
            self._start(forever(loop.__qualname__, self.clock, loop))
        self._start(forever("learning the key for fingerprints", self.clock, self._learn_key))
        self._start(self._begin())
        plurals = [kind.plural for kind in self.census.served]
        try:
            await binding.watch(plurals, self.session, self.intake.receive, self.settings.namespaces, self._shut_down)
        finally:
            await self._end_loops()
            await server.close()

    async def _learn_key(self) -> None:
        """The key for fingerprints of Secrets; where it cannot be had yet, its namespace may come after us."""
        if self.reconciler.fingerprints is None:
            key = await hmac_key(self.session, self.settings.operator_namespace)
            self.reconciler.fingerprints = Fingerprints(key.id, key.key) if key else None
        await self.clock.sleep_until(self.clock.now() + KEY_SECONDS)

    async def _begin(self) -> None:
        """First know every object, then every account, and only then work.

        A restart must not judge by half a picture.
        """
        await self.intake.wait_until_complete()
        await self.accounts.connect_environment(self.environment)
        accounts = [obj for kind in ACCOUNT_KINDS for obj in self.cache.of_kind(kind)]
        await asyncio.gather(*(self._first_visit(account) for account in accounts))
        self._working = True
        logger.info("watching %d objects", len(self.cache))
        await self.workers.run()

    async def _first_visit(self, account: Resource) -> None:
        try:
            visit = await self.account_visits.visit(account)
        except NotLeading:
            self.queue.add(account.key, Priority.EDIT)
        except Exception:
            logger.exception("%s cannot be connected yet", account)
            self.queue.add(account.key, Priority.EDIT)
        else:
            if visit.again_at is not None:
                self.queue.add_at(account.key, visit.again_at)

    async def _end_loops(self) -> None:
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _shut_down(self) -> None:
        """Take no more keys, let what is in flight end and be written, then let go of the clouds."""
        logger.info("stopping: no new work, waiting for calls in flight")
        left = await self.workers.drain(self.settings.shutdown_seconds)
        if left:
            logger.warning("%d passes did not end in %.0f s", left, self.settings.shutdown_seconds)
        await self.events.drain(1.0)
        await self.accounts.close()
        # What still runs when kopf ends, it would wait for.
        await self._end_loops()

    # -- what the parts tell each other -----------------------------------------------------------------------------

    def wake(self, key: Key) -> None:
        self.queue.add(key, Priority.FOLLOW)

    def _group_of(self, obj: Resource) -> str | None:
        """Whose turn in the queue a new object takes, so that one account's flood delays no other account."""
        kind = self.reconciler.preparation.kinds.get(obj.kind)
        if kind is None:
            return None
        found = self.accounts.find(obj, kind, None)
        return None if isinstance(found, Outcome | NotYet) else found.group

    def _arrived(self, obj: Resource) -> None:
        if obj.kind in ACCOUNT_KINDS:
            self.accounts.put(obj)

    def _vanished(self, obj: Resource, seen: bool) -> None:  # noqa: FBT001 - a callback of the intake
        if obj.kind in ACCOUNT_KINDS:
            self._start(self._drop_account(obj))
        else:
            self._visit_leaving_accounts()
        external_id = obj.status.get("externalId")
        if (
            seen
            and not self.reconciler.was_released(obj.key)
            and FINALIZER in obj.finalizers
            and external_id
            and obj.namespace
            and obj.kind not in ACCOUNT_KINDS
        ):
            told = f"{obj} is gone, its finalizer was removed by hand; {external_id} may be left in the cloud"
            self.events.warn(Subject.of_namespace(obj.namespace), "LeftBehind", told)

    async def _drop_account(self, obj: Resource) -> None:
        await self.accounts.drop(obj.key)
        self.metrics.forget_account(group_of(AccountRef(obj.kind, obj.name), obj.namespace))

    def _visit_account(self, key: Key, when: float) -> None:
        if when <= self.clock.now():
            self.queue.add(key, Priority.URGENT)
        else:
            self.queue.add_at(key, when)

    def _visit_leaving_accounts(self) -> None:
        """An account that is being deleted waits for its last user."""
        for kind in ACCOUNT_KINDS:
            for account in self.cache.of_kind(kind):
                if account.deleting:
                    self.queue.add(account.key, Priority.URGENT)

    # -- health -----------------------------------------------------------------------------------------------------

    def _healthy(self) -> str | None:
        """Loops go on whatever happens in a round; what ended all the same is mended by a restart only."""
        ended = [task for task in self._loops if task.done() and not task.cancelled() and task.exception()]
        return f"{len(ended)} parts of the operator have ended" if ended else None

    def _ready(self) -> str | None:
        return None if self._working else "the cache is not complete yet"

    def _start(self, loop: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(loop)
        task.add_done_callback(_say_if_failed)
        self._loops.append(task)


def _say_if_failed(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a part of the operator has ended", exc_info=error)
