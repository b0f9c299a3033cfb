"""Accounts over a stubbed cloud: how often their health is told, who is kept waiting, and what the metrics say."""

from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from caas_operator.app.accounts.choosing import Rules
from caas_operator.app.accounts.opening import Budget, Opener
from caas_operator.app.accounts.registry import AccountRegistry, Entry
from caas_operator.app.telemetry import logs
from caas_operator.app.telemetry.gauges import Gauges
from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.cloud.connect import Wire
from caas_operator.core.errors import CloudError, Unavailable
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import External, Key, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.queue import Priority, WorkQueue
from caas_operator.core.secret import Sealed
from caas_operator.core.surroundings import Connection, NotYet
from caas_operator.kinds.registry import KINDS
from caas_operator.kube.references import Content
from tests.core.build import resource
from tests.support.clock import FakeClock

BOX = KINDS[0]
KEY = "a-very-secret-token"


@dataclass
class Cloud:
    """Answers every call alike, or as a test says for a path."""

    status: int = 200
    calls: int = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.calls += 1
        return httpx.Response(self.status, json={"count": 0, "results": []})


@dataclass
class Namespaces:
    """Implements Labels; None is not known yet."""

    known: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, namespace: str) -> Mapping[str, str] | None:
        return self.known.get(namespace)

    def pending(self, namespace: str) -> bool:
        return namespace not in self.known


@dataclass
class Desk:
    """A registry with everything around it."""

    clock: FakeClock = field(default_factory=FakeClock)
    cloud: Cloud = field(default_factory=Cloud)
    labels: Namespaces = field(default_factory=Namespaces)
    metrics: Metrics = field(default_factory=lambda: Metrics("1.2.3"))
    secrets: dict[str, Content] = field(default_factory=dict)
    visits: list[float] = field(default_factory=list)
    woken: list[Key] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.secrets["k"] = Content("u-1", "1", {"k": Sealed(KEY)}, {})
        wire = Wire(self.clock, http=httpx.MockTransport(self.cloud))
        self.registry = AccountRegistry(
            opener=Opener(wire, Budget(1000, 1000, 60, 2), self.woken.append, self.metrics.called),
            reader=self,
            rules=Rules(),
            allowed_hosts=frozenset(),
            labels=self.labels,
            wake=self.woken.append,
            visit=lambda _, when: self.visits.append(when),
            wake_users=lambda _ref, _namespace: None,
        )

    async def read(self, _kind: str, _namespace: str, name: str) -> Content | None:
        return self.secrets.get(name)

    async def connected(self, **spec: Any) -> Entry:
        await self.registry.connect(account(**spec))
        (entry,) = self.registry
        return entry

    def gauges(self) -> str:
        Gauges(self.metrics, WorkQueue(self.clock, 1), self.registry, lambda: ()).set()
        return self.metrics.render().decode()


def account(**spec: Any) -> Resource:
    cloud = {"apiKeySecretRef": {"namespace": "ops", "name": "k", "key": "k"}, "endpoint": "https://cloud.example"}
    whole = {"gcore": cloud, "default": True, "allowedNamespaces": {"names": ["team"]}, **spec}
    made = resource(kind="ClusterCloudAccount", uid="account", name="main", spec=whole)
    return replace(made, namespace=None)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.registry.close()


def trouble(entry: Entry, error: CloudError) -> None:
    assert entry.connection is not None
    entry.connection.gate.failed(1_000_000, error)


def recovery(entry: Entry) -> None:
    assert entry.connection is not None
    entry.connection.gate.succeeded(2_000_000)


async def test_the_first_change_of_health_is_told_at_once_and_the_next_ones_together(desk: Desk) -> None:
    entry, now = await desk.connected(), desk.clock.now()
    desk.visits.clear()
    trouble(entry, Unavailable("no answer in time"))
    assert desk.visits == [now]
    for _ in range(10):
        recovery(entry)
        trouble(entry, Unavailable("no answer in time"))
    assert set(desk.visits[1:]) == {now + 5.0}
    await desk.clock.advance(5.0)
    recovery(entry)
    assert desk.visits[-1] == now + 10.0, "what happens after a pass was due is told by another one"


async def test_after_a_quiet_while_a_change_is_told_at_once_again(desk: Desk) -> None:
    entry = await desk.connected()
    trouble(entry, Unavailable("no answer in time"))
    await desk.clock.advance(60.0)
    recovery(entry)
    assert desk.visits[-1] == desk.clock.now()


async def test_while_the_labels_of_a_namespace_are_read_nobody_is_let_in_or_turned_away(desk: Desk) -> None:
    barred = {"matchExpressions": [{"key": "untrusted", "operator": "DoesNotExist"}]}
    await desk.connected(allowedNamespaces={"selector": barred})
    obj = resource(namespace="elsewhere")
    assert isinstance(desk.registry.find(obj, BOX, None), NotYet)
    desk.labels.known["elsewhere"] = {"untrusted": "yes"}
    assert isinstance(desk.registry.find(obj, BOX, None), Outcome)
    desk.labels.known["elsewhere"] = {}
    assert not isinstance(desk.registry.find(obj, BOX, None), Outcome | NotYet)


async def test_who_was_kept_waiting_is_woken_when_the_account_is_connected(desk: Desk) -> None:
    desk.registry.put(account())
    obj = resource(namespace="team")
    assert isinstance(desk.registry.find(obj, BOX, None), NotYet)
    await desk.registry.connect(account())
    assert obj.key in desk.woken
    assert not isinstance(desk.registry.find(obj, BOX, None), Outcome | NotYet)


def converged(obj: Resource) -> Resource:
    conditions = [
        {"type": name, "status": "True", "observedGeneration": obj.generation} for name in ("Ready", "Synced")
    ]
    return replace(obj, status={"conditions": conditions})


async def test_a_secret_that_has_gone_is_told_to_those_who_have_something_to_do(desk: Desk) -> None:
    await desk.connected()
    del desk.secrets["k"]
    outcome = await desk.registry.connect(account())
    assert outcome.reason is Reason.DEPENDENCY_NOT_READY
    busy = resource(namespace="team")
    refused = desk.registry.find(busy, BOX, None)
    assert isinstance(refused, Outcome)
    assert (refused.state, refused.reason) == (State.RETRYING, Reason.DEPENDENCY_NOT_READY)
    assert isinstance(desk.registry.find(converged(busy), BOX, None), NotYet)
    leaving: Connection | Outcome | NotYet = desk.registry.find(replace(busy, deleting_since="now"), BOX, None)
    assert not isinstance(leaving, Outcome | NotYet), "a deletion goes on with the key in memory"


async def test_a_key_that_was_read_never_shows_in_the_logs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "redaction", type(logs.redaction)())
    await desk.connected()
    assert logs.redaction(f"the key is {KEY}") == "the key is ***"


async def test_the_metrics_tell_of_each_account_until_it_has_gone(desk: Desk) -> None:
    entry = await desk.connected()
    assert 'caas_operator_account_up{account="ClusterCloudAccount/main"} 1.0' in desk.gauges()
    labels = 'account="ClusterCloudAccount/main",operation="check",status="200"'
    assert f"caas_operator_cloud_requests_total{{{labels}}} 1.0" in desk.gauges()
    trouble(entry, Unavailable("no answer in time"))
    assert 'caas_operator_account_up{account="ClusterCloudAccount/main"} 0.0' in desk.gauges()
    assert "inventory_age_seconds{" not in desk.gauges()
    await desk.registry.drop(Key("ClusterCloudAccount", "account"))
    desk.metrics.forget_account("ClusterCloudAccount/main")
    assert "ClusterCloudAccount/main" not in desk.gauges()


async def test_the_age_of_a_list_counts_from_when_it_was_first_asked_for(desk: Desk) -> None:
    entry = await desk.connected()
    assert entry.connection is not None
    inventory = entry.connection.inventory(BOX, "1/76")
    inventory.subscribe(Key(BOX.name, "u"), frozenset({"web"}), 0.0)
    desk.cloud.status = 503
    await desk.clock.advance(42.0)
    assert entry.connection.inventory_age() == 42.0
    desk.cloud.status = 200
    await inventory.listing(desk.clock.now() - 1)
    await desk.clock.advance(3.0)
    assert entry.connection.inventory_age() == pytest.approx(3.0, abs=0.5)


async def test_a_shared_list_is_not_about_the_object_that_came_first() -> None:
    whose = ContextVar("whose", default="nobody's")
    seen: list[str] = []

    async def fetch(_: float | None) -> list[External]:
        seen.append(whose.get())
        return []

    whose.set("the first object's")
    await Inventory(fetch, FakeClock(), lambda _: None).listing(0.0)
    assert seen == ["nobody's"]


async def test_the_time_in_line_is_measured_by_priority() -> None:
    clock, metrics = FakeClock(), Metrics("1.2.3")
    queue = WorkQueue(clock, 1, metrics.waited)
    queue.add(Key("Box", "a"), Priority.FOLLOW)
    await clock.advance(1.5)
    queue.add(Key("Box", "a"), Priority.EDIT)
    await clock.advance(0.5)
    assert await queue.get() == Key("Box", "a")
    assert 'caas_operator_queue_wait_seconds_sum{priority="edit"} 2.0' in metrics.render().decode()
