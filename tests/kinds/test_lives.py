"""Whole lives of the real kinds, engine and all, under each answer to what no document settles about the clouds."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from caas_operator.simulator.switches import GATEWAY, GCORE, OPENAI, RATES, Switch
from tests.support.engine.lives import TOKEN, Life, of_a_sandbox, of_a_workload
from tests.support.engine.simulated import SimulatedWorld

Json = dict[str, Any]
Value = str | float | bool
PROFILES = ("documented", "opposite", "mix")

STRANGER: dict[str, tuple[float, ...]] = {
    "rate_limit_rps": (2.0,),
    "date_header_offset_seconds": (3600.0, -3600.0),
}
"""Switches whose opposite is the default: what they are set to alone."""


def alone(switches: dict[str, Switch]) -> list[tuple[str, Value]]:
    """Each switch with each value that is not its default."""
    found: list[tuple[str, Value]] = []
    for name, switch in switches.items():
        stranger = STRANGER.get(name.partition("_")[2], (switch.opposite,))
        values: tuple[Value, ...] = switch.choices[1:] if switch.choices else stranger
        found += [(name, value) for value in values if value != switch.default]
    return found


def of_cloud(name: str) -> dict[str, Switch]:
    return {key: switch for key, switch in RATES.items() if key.startswith(f"{name}_")}


def test_every_switch_is_turned_alone() -> None:
    turned = {name for name, _ in alone(GCORE | OPENAI | GATEWAY | RATES)}
    bursts = {f"{cloud}_rate_limit_burst" for cloud in ("gcore", "openai", "gateway")}
    assert (GCORE | OPENAI | GATEWAY | RATES).keys() - turned == {"task_seconds"} | bursts


Start = Callable[..., SimulatedWorld]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    made: list[SimulatedWorld] = []

    def begin(profile: str = "documented", **switches: Value) -> SimulatedWorld:
        world = SimulatedWorld(profile, **switches)
        made.append(world)
        world.reader.put("s", k="first")
        world.reader.put("script", "ConfigMap", run="print(1)")
        world.start()
        return world

    yield begin
    for world in made:
        await world.process.stop()


WORKLOADS = ("CaasContainer", "InferenceDeployment")
ALONE = [("documented", name, value) for name, value in alone(GCORE | of_cloud("gcore"))]
GCORE_WORLDS = [(profile, "maps_in_patch", "replace") for profile in PROFILES] + ALONE


@pytest.mark.parametrize("kind", WORKLOADS)
@pytest.mark.parametrize(("profile", "switch", "value"), GCORE_WORLDS, ids=str)
async def test_a_workload_lives(start: Start, kind: str, profile: str, switch: str, value: Value) -> None:
    world = start(profile, **{switch: value})
    await of_a_workload(Life.begin(world, kind, **TOKEN))


POLICY: Json = {
    "networkPolicy": {
        "type": "allowlist",
        "allowedDomains": ["a.example"],
        "domainSecrets": [
            {"domain": "a.example", "name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
        ],
    },
    "files": [{"path": "run.py", "configMapKeyRef": {"name": "script", "key": "run"}}],
    "replacePolicy": "Recreate",
    "expiryPolicy": "Recreate",
    "activeDeadlineSeconds": 86400,
}
SANDBOX_WORLDS = [(profile, "allowed_domain_check", "accepted") for profile in PROFILES] + [
    ("documented", name, value)
    for name, value in alone(OPENAI | of_cloud("openai"))
    if name != "allowed_domain_check"  # the next test's
]


@pytest.mark.parametrize(("profile", "switch", "value"), SANDBOX_WORLDS, ids=str)
async def test_a_sandbox_lives(start: Start, profile: str, switch: str, value: Value) -> None:
    world = start(profile, **{switch: value})
    await of_a_sandbox(Life.begin(world, "SandboxContainer", "box", **POLICY))


async def test_a_changed_file_is_told_where_a_sandbox_may_not_be_replaced(start: Start) -> None:
    world = start()
    life = Life.begin(world, "SandboxContainer", "box", files=POLICY["files"])
    await life.ready()
    await world.run(200)
    await life.ready()
    world.reader.put("script", "ConfigMap", run="print(2)")
    await life.until(lambda: world.server.says(life.uid, "Synced") == "False DriftDetected", "told")
    assert (world.server.says(life.uid), world.server.says(life.uid, "Stalled")) == ("True Available", "-")
    assert "files" in (world.server.condition(life.uid, "Synced") or {})["message"]
    assert [entry.operation for entry in world.asked("openai.files.create")] == ["openai.files.create"]
    world.reader.put("script", "ConfigMap", run="print(1)")
    await life.ready()
    assert life.sent("create") == 1


async def test_a_domain_off_the_organisations_list_is_told(start: Start) -> None:
    world = start(allowed_domain_check="rejected")
    life = Life.begin(world, "SandboxContainer", "box", **POLICY)
    await world.run(60)
    assert world.server.says(life.uid, "Stalled") == "True InvalidSpec"
    assert (life.sent("create"), life.all_in_cloud()) == (0, [])
