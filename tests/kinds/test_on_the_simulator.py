"""The verbs against simulated clouds, under each profile of what no document settles: every step converges."""

from collections.abc import Sequence
from typing import Any

import pytest

from caas_operator.cloud.connect import Client, Wire, connect
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.model import External, Health, Receipt
from caas_operator.core.ports import Kind, Wanted
from caas_operator.core.secret import Sealed
from caas_operator.simulator.config import Config
from tests.support.clock import FakeClock
from tests.support.in_process import InProcess, in_process
from tests.support.wanted import CONTAINER, DEPLOYMENT, SANDBOX, a_wanted

Raw = dict[str, Any]
PROFILES = ("documented", "opposite", "mix")
VALUES = {"Secret/s": {"k": "hunter2"}}

WEB: Raw = {
    "image": "nginx:1.27",
    "listeningPort": 80,
    "flavor": "80mCPU-128MiB",
    "scale": {"min": 1, "max": 2},
}
MODEL: Raw = {
    "image": "vllm/vllm-openai:v0.9",
    "listeningPort": 8000,
    "flavor": "inference-4vcpu-16gib",
    "regions": [{"regionId": 76, "scale": {"min": 1, "max": 2}}],
}
TOKEN: Raw = {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
TRIGGERS: Raw = {"cpu": {"threshold": 70}, "http": {"rate": 5, "window": 10}}
PROBE: Raw = {
    "httpGet": {"port": 80, "host": "a.example", "httpHeaders": [{"name": "X", "value": "y"}]},
    "periodSeconds": 5,
}
LOGS: Raw = {"enabled": True, "topicName": "logs", "retentionPolicy": {"period": 45}}

LIVES: dict[str, tuple[Kind, list[Raw]]] = {
    "container": (
        CONTAINER,
        [
            WEB,
            WEB | TOKEN | {"commands": "sleep 1", "description": "hello", "timeout": 5, "logging": LOGS},
            WEB | TOKEN | {"commands": "sleep 2", "timeout": 6, "logging": {"enabled": False}},
            WEB | {"commands": "sleep 2", "timeout": 6, "scale": {"min": 0, "max": 5, "triggers": TRIGGERS}},
            WEB | {"commands": "sleep 2", "timeout": 6, "suspend": True},
            WEB | {"commands": "sleep 2", "timeout": 6, "image": "nginx:1.28"},
        ],
    ),
    "deployment": (
        DEPLOYMENT,
        [
            MODEL,
            MODEL | TOKEN | {"command": ["sleep", "a b"], "description": "hello", "livenessProbe": PROBE},
            MODEL | TOKEN | {"livenessProbe": {"httpGet": {"port": 80}}},
            MODEL | TOKEN | {"timeout": 5, "livenessProbe": {"tcpSocket": {"port": 80}}, "logging": LOGS},
            MODEL | {"regions": [{"regionId": 42, "scale": {"min": 0, "max": 1, "triggers": {}}}, *MODEL["regions"]]},
            MODEL | {"suspend": True, "ingressOpts": {"disableResponseBuffering": True}},
            MODEL | {"image": "vllm/vllm-openai:v1"},
        ],
    ),
}


def connected(cloud: InProcess, vendor: Vendor, url: str, key: str) -> Client:
    clock = FakeClock(cloud.apps.world.now())
    wire = Wire(clock, http=cloud.transport)
    return connect(Endpoint(vendor, url), lambda: Sealed(key), Gate(clock, 1000.0, 1000), wire)


def a_cloud(profile: str) -> InProcess:
    cloud = in_process(Config(clock="manual", task_seconds=1))
    cloud.apps.world.switches.profile(profile)  # type: ignore[arg-type]
    return cloud


def settle(cloud: InProcess) -> None:
    cloud.apps.world.clock.advance(30)
    cloud.apps.world.settle()


def wanted(kind: Kind, raw: Raw, applied: Sequence[str] = ()) -> Wanted:
    return a_wanted(kind, raw, values=VALUES, applied=applied)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("life", LIVES)
async def test_every_edit_arrives_and_leaves_no_drift(life: str, profile: str) -> None:
    kind, specs = LIVES[life]
    cloud = a_cloud(profile)
    # Merged, a variable could not be taken away at all; a cloud like that would break Gcore's Terraform provider [RUN].
    cloud.apps.world.switches.set("maps_in_patch", "replace")
    verbs = kind.verbs(connected(cloud, Vendor.GCORE, cloud.gcore, "gcore-key"))
    place = wanted(kind, specs[0]).place

    async def found() -> External:
        [item] = await verbs.list(place.scope, oldest=None)
        return item

    await verbs.create(wanted(kind, specs[0]))
    settle(cloud)
    applied: Sequence[str] = ()
    for raw in specs:
        now = wanted(kind, raw, applied)
        for _ in range(3):
            drift = kind.drift(now, await found())
            if not drift:
                break
            await verbs.update(now, await found(), drift)
            settle(cloud)
        seen = await found()
        assert kind.drift(now, seen) == ()
        assert seen.health is (Health.STOPPED if raw.get("suspend") else Health.SERVING)
        assert seen.marker == now.marker
        applied = kind.applied(now.spec)
    await verbs.delete(place, (await found()).id)
    settle(cloud)
    assert list(await verbs.list(place.scope, oldest=None)) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("raw", [{}, {"memoryLimit": "4g", "expiresAfter": {"minutes": 5}}])
async def test_a_sandbox_is_as_it_was_wanted(raw: Raw, profile: str) -> None:
    cloud = a_cloud(profile)
    verbs = SANDBOX.verbs(connected(cloud, Vendor.OPENAI, cloud.openai, "sk-openai"))
    receipt: Receipt = await verbs.create(wanted(SANDBOX, raw))
    settle(cloud)
    [found] = await verbs.list("", oldest=None)
    assert receipt.external_id == found.id
    assert (found.health, found.number) == (Health.SERVING, 1)
    assert SANDBOX.drift(wanted(SANDBOX, raw), found) == ()
