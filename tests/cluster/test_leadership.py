"""Two operators, one Lease: who works, and what reaches the cloud when the leader goes, hangs or is stopped.

Each has an API key and a user of its own, so the cloud's journal and the API server's audit log tell them apart.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.support.operator import OperatorProcess, running_operator
from tests.support.simulator import Entry, running_simulator
from tests.support.tcp_proxy import tcp_proxy
from tests.support.world import World, api_client

FENCE = 75
"""Seconds after which an absence is believed."""
DURATION, DEADLINE, RETRY = 8, 5, 1
FLEET = 20


@dataclass
class Two:
    """`one` is started first and leads."""

    world: World
    kubeconfigs: dict[str, Path] = field(default_factory=dict)

    def key(self, name: str) -> str:
        return f"key-of-{name}"

    def user(self, name: str) -> str:
        return f"{name}-of-{self.world.namespace}"

    def run(self, name: str, **flags: str | float) -> AbstractContextManager[OperatorProcess]:
        world = self.world
        kubeconfig = self.kubeconfigs.get(name) or world.plane.kubeconfig_for(self.user(name), ["system:masters"])
        environment = {
            "GCORE_API_KEY": self.key(name),
            "GCORE_BASE_URL": world.simulator.urls.gcore,
            "GCORE_CLOUD_PROJECT_ID": "1",
            "GCORE_CLOUD_REGION_ID": "76",
            "OPENAI_API_KEY": self.key(name),
            "OPENAI_BASE_URL": world.simulator.urls.openai,
        }
        given: dict[str, str | float] = {
            "kubeconfig": str(kubeconfig),
            "environment_account_namespaces": world.namespace,
            "operator_namespace": world.namespace,
            "metrics_address": "127.0.0.1:0",
            "leader_elect": "true",
            "lease_duration_seconds": DURATION,
            "lease_renew_deadline_seconds": DEADLINE,
            "lease_retry_seconds": RETRY,
        }
        return running_operator(world.plane, world.simulator, environment=environment, flags={**given, **flags})

    def calls(self, name: str, *, since: int = 0) -> list[Entry]:
        """What reached the cloud from one of them.

        A request whose body was held back is none: its head was sent before the process was stopped, and no cloud can
        carry it out.
        """
        return [
            entry
            for entry in self.world.simulator.journal(since=since)
            if self.key(name) in entry.headers["authorization"]
            and (entry.body or entry.method not in {"POST", "PATCH"})
        ]

    def last_seq(self) -> int:
        return max((entry.seq for entry in self.world.simulator.journal()), default=0)

    def writes(self, name: str) -> list[str]:
        """What one of them wrote to objects of ours and the API server took: what comes late meets a 409."""
        assert self.world.plane.audit_log is not None
        entries = map(json.loads, self.world.plane.audit_log.read_text(encoding="utf-8").splitlines())
        return [
            entry["requestURI"]
            for entry in entries
            if entry["user"].get("username") == self.user(name)
            and entry["verb"] in {"patch", "update", "create", "delete"}
            and entry.get("objectRef", {}).get("apiGroup") == "caas-operator.dev"
            and entry["responseStatus"]["code"] < 300
        ]

    def lease(self) -> dict[str, object]:
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.world.namespace}/leases/caas-operator"
        found: dict[str, object] = self.world.http.get(path).raise_for_status().json()["spec"]
        return found

    def wait_until_leading(self, operator: OperatorProcess) -> None:
        self.world.operator = operator
        self.world.wait(lambda: leads(operator), seconds=60, told="the other one leads")

    def create_fleet(self, prefix: str, kind: str = "CaasContainer") -> None:
        for number in range(FLEET):
            self.world.create(kind, f"{prefix}-{number}")

    def wait_for_fleet(self, prefix: str, kind: str = "CaasContainer") -> None:
        for number in range(FLEET):
            self.world.wait_ready(kind, f"{prefix}-{number}", seconds=90)

    def in_cloud(self, prefix: str, kind: str = "CaasContainer") -> list[str]:
        return sorted(item["name"] for item in self.world.in_cloud(kind) if item["name"].startswith(prefix))


def leads(operator: OperatorProcess) -> bool:
    return "caas_operator_leader 1.0" in operator.metrics()


def go_on(operator: OperatorProcess) -> None:
    """After a SIGSTOP."""
    if operator.process.poll() is None:
        os.kill(operator.pid, signal.SIGCONT)


def exit_code(operator: OperatorProcess) -> int:
    try:
        return operator.process.wait(60)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"it does not end:\n{operator.tail()}") from None


@pytest.fixture
def two(control_plane: ControlPlane) -> Iterator[Two]:
    with running_simulator(task_seconds=0.5) as simulator, api_client(control_plane) as http:
        keys = ["key-of-one", "key-of-two"]
        simulator.change("mutate", "keys", set={"gcore": keys, "openai": keys})
        world = World(control_plane, simulator, control_plane.create_namespace(), http)
        try:
            yield Two(world)
        finally:
            world.clean_up()


def test_a_standby_is_ready_and_makes_no_call_and_no_write(two: Two) -> None:
    with two.run("one") as one, two.run("two") as standby:
        assert leads(one)
        assert not leads(standby)
        two.world.operator = one
        two.world.create("CaasContainer", "web")
        two.world.wait_ready("CaasContainer", "web")
        assert standby.get("/readyz")
        assert standby.get("/healthz")
        assert two.lease()["leaseTransitions"] == 0
        assert standby.stop() == 0
        assert two.calls("one")
        assert two.calls("two") == []
        assert two.writes("two") == []
        assert leads(one)


@pytest.mark.parametrize("kind", ["CaasContainer", "SandboxContainer"])
def test_a_killed_leader_is_followed_and_nothing_is_made_twice(two: Two, kind: str) -> None:
    world = two.world
    create = {"CaasContainer": "gcore.caas.create", "SandboxContainer": "openai.containers.create"}[kind]
    with two.run("one") as one, two.run("two") as other:
        two.create_fleet("before", kind)
        two.wait_for_fleet("before", kind)
        held = world.simulator.fault(create, "hold", when="after")
        two.create_fleet("half", kind)
        world.wait(lambda: world.simulator.counters().in_flight >= FLEET, seconds=90, told="creates in flight")
        one.kill()
        world.simulator.release(held)
        two.wait_until_leading(other)
        world.simulator.advance(FENCE)
        two.wait_for_fleet("half", kind)
        assert len(two.in_cloud("half", kind)) == FLEET
        assert len(two.in_cloud("before", kind)) == FLEET
        assert two.lease()["leaseTransitions"] == 1
        made = [entry.name for entry in two.calls("two") if entry.operation == create]
        assert made == []


def test_a_leader_that_is_asked_to_end_hands_over_when_its_last_call_is_answered(two: Two) -> None:
    """With a Lease of a minute: only its release explains a takeover within seconds."""
    world, patient = two.world, {"lease_duration_seconds": 60, "lease_renew_deadline_seconds": 40}
    with two.run("one", **patient) as one, two.run("two", **patient) as other:
        world.operator = one
        world.simulator.fault("gcore.caas.create", "delay", when="after", seconds=3, count=1)
        world.create("CaasContainer", "slow")
        world.wait(lambda: world.simulator.counters().in_flight, seconds=90, told="a create in flight")
        os.kill(one.pid, signal.SIGTERM)
        world.create("CaasContainer", "later")
        world.wait(lambda: two.calls("two"), seconds=30, told="the other one works")
        handed_over = two.calls("two")[0].time
        sent = next(entry for entry in two.calls("one") if entry.operation == "gcore.caas.create")
        assert 3 <= handed_over - sent.time < 3 + 10
        assert one.process.wait(40) == 0
        world.operator = other
        for name in ("slow", "later"):
            world.wait_ready("CaasContainer", name)
        creates = [entry for entry in world.simulator.journal("gcore.caas.create") if entry.done]
        assert len(creates) == 2
        assert [entry.name for entry in two.calls("one") if entry.operation == "gcore.caas.create"] == ["slow"]


def test_a_leader_that_was_stopped_calls_no_cloud_once_another_leads(two: Two) -> None:
    world = two.world
    with ExitStack() as stack:
        one = stack.enter_context(two.run("one"))
        other = stack.enter_context(two.run("two"))
        two.create_fleet("early")
        world.operator = one
        world.wait(lambda: len(two.calls("one")) > FLEET // 2, seconds=90, told="the leader is at work")
        # Creates, tasks and lists are under way; whatever it had planned is overdue when it wakes.
        os.kill(one.pid, signal.SIGSTOP)
        stack.callback(go_on, one)
        two.wait_until_leading(other)
        two.create_fleet("burst")
        world.simulator.advance(FENCE)
        for prefix in ("early", "burst"):
            two.wait_for_fleet(prefix)
        stopped_at, written = two.last_seq(), len(two.writes("one"))
        for number in range(FLEET):
            world.edit("CaasContainer", f"early-{number}", timeout=30)
        go_on(one)
        assert exit_code(one) == 1
        two.wait_for_fleet("early")
        late = [(entry.operation, entry.name, entry.time, entry.status) for entry in two.calls("one", since=stopped_at)]
        assert late == [], f"after {stopped_at}\n{one.tail()}"
        assert len(two.writes("one")) == written
        assert len(two.in_cloud("early")) == len(two.in_cloud("burst")) == FLEET
        creates = [entry for entry in world.simulator.journal("gcore.caas.create") if entry.done]
        assert len(creates) == 2 * FLEET


def test_a_leader_that_cannot_reach_the_api_server_stops_its_calls_before_another_leads(
    two: Two, tmp_path: Path
) -> None:
    world = two.world
    address = urlsplit(world.plane.url)
    assert address.hostname is not None
    assert address.port is not None
    with tcp_proxy(address.hostname, address.port) as proxy, ExitStack() as stack:
        two.kubeconfigs["one"] = through(
            world.plane.kubeconfig_for(two.user("one"), ["system:masters"]), proxy.port, tmp_path / "kubeconfig"
        )
        one = stack.enter_context(two.run("one"))
        other = stack.enter_context(two.run("two"))
        world.operator = one
        # A task without end has the leader ask the cloud again and again.
        held = world.simulator.fault("gcore.caas.create", "task_hold")
        world.create("CaasContainer", "web")
        world.wait(lambda: len(two.calls("one")) > 8, seconds=90, told="tasks are polled")
        hung_at = world.simulator.now()
        proxy.hang()
        two.wait_until_leading(other)
        world.simulator.release(held)
        assert exit_code(one) == 1
        world.wait_ready("CaasContainer", "web")
        last, first = two.calls("one")[-1].time, two.calls("two")[0].time
        assert hung_at < last < hung_at + DEADLINE + 1
        assert last < first
        assert "could not be renewed" in one.tail()
        assert len(two.in_cloud("web")) == 1


def through(kubeconfig: Path, port: int, path: Path) -> Path:
    """The same cluster, by way of a proxy on the loopback interface."""
    config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
