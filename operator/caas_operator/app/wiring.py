"""The composition.

The only place that knows every part. It builds them, starts them in order and ends them in order.
"""

import asyncio
import logging
import os
import random
import socket
from dataclasses import dataclass, field
from importlib.metadata import version

from caas_operator.app import binding
from caas_operator.app.accounts.choosing import Rules
from caas_operator.app.accounts.opening import Budget, Opener
from caas_operator.app.accounts.registry import ACCOUNT_KINDS, AccountRegistry
from caas_operator.app.accounts.terms import group_of
from caas_operator.app.accounts.visiting import AccountVisits
from caas_operator.app.audience import Audience
from caas_operator.app.cache import Cache
from caas_operator.app.census import Census
from caas_operator.app.exports import ExportCache
from caas_operator.app.farewell import tell_of_what_is_left
from caas_operator.app.intake import Intake
from caas_operator.app.leadership import Leadership, leadership
from caas_operator.app.loops import Loops, forever
from caas_operator.app.namespaces import NamespaceLabels
from caas_operator.app.objects import CachedObjects
from caas_operator.app.prerequisites import (
    KEY_SECONDS,
    EnvironmentAccounts,
    environment_accounts,
    open_session,
    read_fingerprints,
    running_clock,
)
from caas_operator.app.references import ReferenceCache
from caas_operator.app.settings import Settings
from caas_operator.app.telemetry import logs
from caas_operator.app.telemetry.gauges import Gauges
from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.app.telemetry.server import Probes, serve
from caas_operator.app.worker import Workers
from caas_operator.cloud.connect import Wire
from caas_operator.cloud.prober import AddressProber
from caas_operator.core.acting import Actor
from caas_operator.core.answering import Answers
from caas_operator.core.claims import Claims
from caas_operator.core.errors import NotLeading
from caas_operator.core.finishing import Finisher
from caas_operator.core.model import AccountRef, Key, Resource
from caas_operator.core.outcome import Outcome
from caas_operator.core.ports import Clock
from caas_operator.core.preparing import Preparation
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.reconciler import Reconciler
from caas_operator.core.surroundings import NotYet
from caas_operator.kinds.registry import KINDS
from caas_operator.kube.config_maps import ConfigMaps
from caas_operator.kube.events import Events
from caas_operator.kube.identity import cluster_id
from caas_operator.kube.references import References
from caas_operator.kube.session import Session
from caas_operator.kube.store import ObjectStore

logger = logging.getLogger("caas_operator")


async def run(settings: Settings) -> int:
    """Run the operator until SIGTERM or SIGINT; returns the exit code. Raises SettingsInvalid for the environment's."""
    logs.configure(settings.log_format, settings.log_level)
    environment = environment_accounts(settings)
    async with running_clock(settings) as clock, open_session(settings) as session, leadership(settings) as led:
        cluster = settings.cluster_id or await cluster_id(session)
        logger.info("caas-operator %s, cluster id %s", version("caas-operator"), cluster)
        await Process(settings, clock, session, led, cluster, environment).run()
        return 1 if led.lost else 0


@dataclass
class Process:
    """One operator process. `run` is its whole life."""

    settings: Settings
    clock: Clock
    session: Session
    leadership: Leadership
    cluster: str
    environment: EnvironmentAccounts = ()
    _loops: Loops = field(default_factory=Loops)
    _asked_to_end: asyncio.Event = field(default_factory=asyncio.Event)
    _ready_for_work: bool = False
    """It stays so when a standby takes over."""

    def __post_init__(self) -> None:
        settings, clock, fence = self.settings, self.clock, self.leadership.fence
        self.metrics = Metrics(version("caas-operator"))
        self.census = Census(self.session, settings.namespaces)
        self.cache = Cache()
        self.queue = WorkQueue(clock, settings.workers_per_account, self.metrics.waited)
        self.audience = Audience(self.cache, tuple(kind.name for kind in KINDS), self.wake)
        store = ObjectStore(
            self.session, self.census.served, on_write=self.metrics.kube_write, before_write=fence.check
        )
        self.objects = CachedObjects(store, self.cache)
        instance = f"{socket.gethostname()}-{os.getpid()}"
        self.events = Events(self.session, now=clock.now, instance=instance, before_write=fence.check)
        reader = References(self.session)
        self.references = ReferenceCache(reader, clock, self.wake, settings.resync_seconds)
        exported = ConfigMaps(self.session, before_write=fence.check)
        self.exports = ExportCache(exported, clock, self.wake, settings.resync_seconds)
        self.answers = Answers(AddressProber.allowing(settings.readiness_check_networks), clock, self.wake)
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
        told = (self._arrived, self._vanished, self._group_of)
        self.intake = Intake(self.cache, self.queue, clock, self.census.existing, *told, idle=True)

    def _registry(self, reader: References) -> AccountRegistry:
        settings = self.settings
        budget = Budget(
            settings.requests_per_second, settings.burst, settings.resync_seconds, settings.task_poll_seconds
        )
        return AccountRegistry(
            opener=Opener(Wire(self.clock), budget, self.wake, self.metrics.called, self.leadership.fence.leads),
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
        jitter = random.Random()  # noqa: S311 - jitter is no secret
        return Reconciler(
            preparation=Preparation(kinds, self.accounts, self.references, claims, self.cluster, self.wake),
            actor=Actor.of(self.objects, self.events, self.clock, jitter),
            finisher=Finisher(self.answers, self.exports, self.clock, jitter),
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
        self.metrics.leader.set_function(self.leadership.fence.leads)
        periodic = (self.references.run, self.exports.run, self.labels.run)
        for loop in (*periodic, self.intake.run, self.queue.run_delays, self.events.run):
            self._loops.start(forever(loop.__qualname__, self.clock, loop))
        self._loops.start(forever("learning the key for fingerprints", self.clock, self._learn_key))
        self._loops.start(self._begin())
        plurals = [kind.plural for kind in self.census.served]
        try:
            watched = (plurals, self.session, self.intake.receive, self.settings.namespaces)
            await binding.watch(*watched, self._asked_to_end, self._shut_down)
        finally:
            await self._loops.end()
            await server.close()

    async def _learn_key(self) -> None:
        if self.reconciler.fingerprints is None:
            self.reconciler.fingerprints = await read_fingerprints(self.session, self.settings.operator_namespace)
        await self.clock.sleep_until(self.clock.now() + KEY_SECONDS)

    async def _begin(self) -> None:
        """First know every object, then lead, then know every account, and only then work.

        A restart must not judge by half a picture, and who stands by has the picture and makes no call.
        """
        await self.intake.wait_until_complete()
        self._ready_for_work = self.leadership.election is not None
        await self.leadership.win(self._asked_to_end.set)
        self.reconciler.lead(self.clock.now())
        await self.accounts.connect_environment(self.environment)
        accounts = [obj for kind in ACCOUNT_KINDS for obj in self.cache.of_kind(kind)]
        await asyncio.gather(*(self._first_visit(account) for account in accounts))
        self._ready_for_work = True
        self.reconciler.preparation.recall(self.cache)
        self.intake.begin()
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

    async def _shut_down(self) -> None:
        """Take no more keys, let what is in flight end and be written, then let go of the clouds."""
        logger.info("stopping: no new work, waiting for calls in flight")
        seconds = 0.0 if self.leadership.lost else self.settings.shutdown_seconds
        if left := await self.workers.drain(seconds):
            logger.warning("%d passes did not end in %.0f s", left, seconds)
        if not self.leadership.lost:
            await self.events.drain(1.0)
        await self.leadership.resign()
        self.workers.abandon()
        await self.accounts.close()
        # What still runs when kopf ends, it would wait for.
        await self.answers.close()
        await self._loops.end()

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
            self._loops.start(self._drop_account(obj))
        else:
            self._visit_leaving_accounts()
        if seen and self.leadership.fence.leads() and not self.reconciler.was_released(obj.key):
            tell_of_what_is_left(self.events, obj)

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
        if self.leadership.lost:
            return "another process leads, or may lead"
        ended = self._loops.failed()
        return f"{ended} parts of the operator have ended" if ended else None

    def _ready(self) -> str | None:
        return None if self._ready_for_work else "the cache is not complete yet"
