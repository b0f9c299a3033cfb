"""Troubles of one object: what they share, and under which answers of the clouds each is run."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from caas_operator.simulator.switches import OPENAI, SWITCHES
from tests.support.engine.lives import Life
from tests.support.engine.simulated import KEYS, SimulatedWorld

Json = dict[str, Any]
Trouble = Callable[[SimulatedWorld, str], Awaitable[None]]
Table = Sequence[tuple[Trouble, tuple[str, ...], tuple[str, ...]]]
"""Each trouble, the kinds that can have it, and the switches that it touches."""

PROFILES = ("documented", "opposite", "mix")
WORKLOADS = ("CaasContainer", "InferenceDeployment")
DEPLOYMENT = ("InferenceDeployment",)
BOX = "SandboxContainer"
SERVICE = {"CaasContainer": "gcore.caas", "InferenceDeployment": "gcore.inference", BOX: "openai.containers"}
ONLY = {"caas_address_while_deploying": "CaasContainer"}
"""Switches of one kind among the two of a cloud."""


def begin(world: SimulatedWorld, kind: str, **spec: Any) -> Life:
    return Life.begin(world, kind, "box" if kind == BOX else "web-1", **spec)


def fault(world: SimulatedWorld, kind: str, verb: str, effect: str, **fields: Any) -> None:
    world.clouds.faults.add({"operation": f"{SERVICE[kind]}.{verb}", "effect": effect, "count": 1, **fields})


def at_the_next(world: SimulatedWorld, method: str, part: str, act: Callable[[httpx.Request], object]) -> None:
    """Something happens while a request of ours is on its way: the next of a method, with `part` in its URL."""

    def look(request: httpx.Request) -> None:
        if request.method == method and part in str(request.url):
            world.meanwhile = lambda _: None
            act(request)

    world.meanwhile = look


def external_id(life: Life) -> str:
    return str(life.world.server.status(life.uid)["externalId"])


def message(life: Life) -> str:
    found = life.world.server.condition(life.uid, "Ready")
    return str(found["message"]) if found else ""


async def told(life: Life, reason: str) -> None:
    """By condition or event: the next try may be over before we look."""
    world = life.world
    await life.until(
        lambda: world.server.says(life.uid) == f"False {reason}" or reason in world.process.events.reasons(), reason
    )


async def somebody(world: SimulatedWorld, kind: str, method: str, body: Json | None = None) -> None:
    where = {"CaasContainer": "caas/1/76/containers", "InferenceDeployment": "inference/1/deployments"}[kind]
    version = {"CaasContainer": "v1", "InferenceDeployment": "v3"}[kind]
    async with world.cloud.client(world.cloud.gcore, authorization=f"APIKey {KEYS['gcore']}") as client:
        answer: httpx.Response = await client.request(method, f"/cloud/{version}/{where}/web-1", json=body)
        answer.raise_for_status()


def cases(table: Table) -> list[Any]:
    """Each trouble of each kind under each profile, and alone with each other value of the switches it touches."""
    found = []
    for trouble, kinds, touched in table:
        for kind in kinds:
            worlds: list[tuple[str, Json]] = [(profile, {}) for profile in PROFILES]
            for name in touched:
                worlds += [(f"{name}={value}", {name: value}) for value in others(name) if concerns(name, kind)]
            found += [
                pytest.param(trouble, kind, *world, id=f"{trouble.__name__}-{kind}-{world[0]}") for world in worlds
            ]
    return found


def others(name: str) -> tuple[str | float | bool, ...]:
    """The values of a switch that are not its default."""
    switch = SWITCHES[name]
    return switch.choices[1:] if switch.choices else (switch.opposite,)


def concerns(name: str, kind: str) -> bool:
    return (name in OPENAI) == (kind == BOX) and ONLY.get(name, kind) == kind


async def survive(worlds: list[SimulatedWorld], trouble: Trouble, kind: str, name: str, switches: Json) -> None:
    """Run one case; a trouble that never meets what it is said to touch proves nothing of it."""
    world = SimulatedWorld(name if name in PROFILES else "documented", **switches)
    worlds.append(world)
    world.start()
    await trouble(world, kind)
    assert set(switches.items()) <= world.met, "the clouds were never asked what this switch answers"
