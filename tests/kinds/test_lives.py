"""Whole lives of the real kinds, engine and all, under each answer to what no document settles about the clouds."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from caas_operator.simulator.switches import GCORE, OPENAI, RATES, Switch
from tests.support.engine.lives import TOKEN, Life, of_a_sandbox, of_a_workload
from tests.support.engine.simulated import SimulatedWorld
from tests.support.engine.troubles import PROFILES, WORKLOADS

Json = dict[str, Any]
Value = str | float | bool

UNHEARD = {
    "task_order": "every list of tasks names its order",
    "empty_patch": "no change names nothing",
    "repeated_regions": "a region that is named twice is refused before it is sent",
    "passthrough": "that way through a gateway is never used",
    "task_seconds": "it is what a profile leaves alone",
}
"""Switches that cannot matter to the operator, and why. All others are turned alone, in a case that meets them."""

SELDOM = {
    *("duplicate_create", "busy", "missing_delete", "get_while_deleting", "quota", "failed_create_leaves"),
    *("patch_when_disabled", "probes_in_patch", "probes_echo", "repeated_start_stop", "missing_reference"),
    *("in_use_delete", "caas_address_while_deploying", "task_gone", "error_body", "expired_get", "deleted_get"),
    *("expired_file_call", "expired_delete", "deleted_delete", "network_policy_unset_echo", "unknown_after"),
}
"""What a plain life never meets: the troubles of test_troubles.py and test_rare_answers.py do."""

ON_A_CLUSTER = {"address_warm_seconds": "tests/cluster/lifecycle/test_readiness_checks.py"}
OF_ONE_KIND = {
    "caas_default_triggers": "CaasContainer",
    "capacity": "InferenceDeployment",
    "inference_task_region": "InferenceDeployment",
    "max_below_min": "InferenceDeployment",
    "name_reuse_seconds": "InferenceDeployment",
    "start_stop_seconds": "InferenceDeployment",
}
"""What lives of the other kind do not meet."""

ELSEWHERE = SELDOM | UNHEARD.keys() | ON_A_CLUSTER.keys()

STRANGER: dict[str, tuple[float, ...]] = {
    "rate_limit_rps": (2.0,),
    "rate_limit_burst": (2.0,),
    "date_header_offset_seconds": (3600.0, -3600.0),
}
"""Switches whose opposite is the default: what they are set to alone. A burst and a Retry-After need a rate."""


NEEDS: dict[str, Json] = {"rate_limit_burst": {"rps": 2.0}, "rate_limit_retry_after": {"rps": 1.0, "burst": 2.0}}


def with_needs(switch: str, value: Value) -> dict[str, Value]:
    """The switch, and what it means nothing without."""
    cloud, _, kept = switch.partition("_")
    return {f"{cloud}_rate_limit_{name}": needed for name, needed in NEEDS.get(kept, {}).items()} | {switch: value}


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


ALONE = [
    (kind, "documented", name, value)
    for kind in WORKLOADS
    for name, value in alone(GCORE | of_cloud("gcore"))
    if name not in ELSEWHERE and OF_ONE_KIND.get(name, kind) == kind
]
GCORE_WORLDS = [(kind, profile, "maps_in_patch", "replace") for kind in WORKLOADS for profile in PROFILES] + ALONE


@pytest.mark.parametrize(("kind", "profile", "switch", "value"), GCORE_WORLDS, ids=str)
async def test_a_workload_lives(start: Start, kind: str, profile: str, switch: str, value: Value) -> None:
    world = start(profile, **with_needs(switch, value))
    await of_a_workload(Life.begin(world, kind, **TOKEN))
    assert (switch, value) in world.met, "the clouds were never asked what this switch answers"


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
    if name not in ELSEWHERE and name != "allowed_domain_check"  # which is another test's
]


@pytest.mark.parametrize(("profile", "switch", "value"), SANDBOX_WORLDS, ids=str)
async def test_a_sandbox_lives(start: Start, profile: str, switch: str, value: Value) -> None:
    world = start(profile, **with_needs(switch, value))
    await of_a_sandbox(Life.begin(world, "SandboxContainer", "box", **POLICY))
    assert (switch, value) in world.met, "the clouds were never asked what this switch answers"


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
