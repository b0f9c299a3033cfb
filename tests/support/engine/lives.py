"""Whole lives of the real kinds: one object each, made, edited, disturbed and deleted, and judged at every step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.support.engine.simulated import SimulatedWorld

Json = dict[str, Any]
Steps = Callable[["Life"], Awaitable[None]]

PATIENCE = 900
"""Seconds in which every step converges, whatever the clouds are like: a few backoffs, of 5 minutes at most."""

TOKEN: Json = {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
MINIMAL: dict[str, Json] = {
    "CaasContainer": {"flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 2}},
    "InferenceDeployment": {
        "flavor": "inference-4vcpu-16gib",
        "regions": [{"regionId": 76, "scale": {"min": 1, "max": 2}}],
    },
}
STORED = {"CaasContainer": "caas", "InferenceDeployment": "inference"}


@dataclass
class Life:
    """One object, its generation as the user last wrote it, and its cloud."""

    world: SimulatedWorld
    kind: str
    uid: str
    name: str = "web-1"

    @classmethod
    def begin(cls, world: SimulatedWorld, kind: str, name: str = "web-1", /, **spec: Any) -> "Life":
        whole = {"image": "nginx:1", "listeningPort": 80, **MINIMAL[kind], **spec} if kind in MINIMAL else spec
        return cls(world, kind, world.server.apply(kind, name, **whole), name)

    async def until(self, holds: Callable[[], object], told: str) -> None:
        for _ in range(PATIENCE // 5):
            if holds():
                return
            await self.world.run(5)
        seen = self.world.server.bodies.get(self.uid, {}).get("status")
        calls = [f"{entry.time:.0f} {entry.operation} {entry.status}" for entry in self.world.asked()[-20:]]
        raise AssertionError(f"{self.kind}: not {told} within {PATIENCE} s: {seen}\n{calls}")

    async def ready(self, reason: str = "Available") -> None:
        """Ready at its own generation, and in step."""

        def holds() -> bool:
            server = self.world.server
            ready = server.condition(self.uid, "Ready") or {}
            current = ready.get("observedGeneration") == server.bodies[self.uid]["metadata"]["generation"]
            return (
                current and server.says(self.uid) == f"True {reason}" and server.says(self.uid, "Synced")[:4] == "True"
            )

        await self.until(holds, f"Ready {reason}")

    async def edit(self, reason: str = "Available", /, **spec: Any) -> None:
        self.world.server.edit(self.uid, **spec)
        await self.ready(reason)

    async def delete(self) -> None:
        self.world.server.delete(self.uid)
        await self.until(lambda: self.uid not in self.world.server.bodies, "gone")

    def in_cloud(self) -> Json:
        """What there is under its name, as its cloud keeps it. Fails if that is not exactly one."""
        (found,) = self.all_in_cloud()
        return found

    def all_in_cloud(self) -> list[Json]:
        self.world.clouds.settle()
        if self.kind == "SandboxContainer":
            known = self.world.clouds.sandboxes.known.values()
            return [one.body for one in known if not one.deleted and not one.expired and self.is_mine(one.name)]
        state = self.world.clouds.gcore
        held = state.containers if self.kind == "CaasContainer" else state.deployments
        return [one.spec for place in held.values() for one in place.values() if one.name == self.name]

    def is_mine(self, name: str) -> bool:
        return name.startswith(f"{self.name}-")

    def disturb(self, action: str, **fields: Any) -> None:
        """Change or delete it in the cloud behind our back."""
        self.world.change(action, STORED[self.kind], name=self.name, region=76, **fields)

    def sent(self, verb: str) -> int:
        """How many requests of a verb (create, update, delete) its cloud has taken."""
        service = {"CaasContainer": "gcore.caas", "InferenceDeployment": "gcore.inference"}
        return sum(entry.done for entry in self.world.asked(f"{service.get(self.kind, 'openai.containers')}.{verb}"))


async def of_a_workload(life: Life) -> None:
    """Create, edit, drift, secret change, suspend and resume, loss in the cloud, delete."""
    world = life.world
    await life.ready()
    assert life.in_cloud()["envs"] == {"TOKEN": "first"}
    await life.edit(image="nginx:2", scale=None if life.kind == "InferenceDeployment" else {"min": 2, "max": 3})
    assert life.in_cloud()["image"] == "nginx:2"
    life.disturb("mutate", set={"image": "evil:1"})
    await life.until(lambda: life.in_cloud()["image"] == "nginx:2", "corrected")
    world.reader.put("s", k="second")
    await life.until(lambda: life.in_cloud()["envs"] == {"TOKEN": "second"}, "in step with its Secret")
    await life.ready()
    await life.edit("Suspended", suspend=True)
    await life.edit(suspend=None)
    assert life.sent("create") == 1
    life.disturb("delete")
    await life.until(lambda: life.sent("create") == 2, "made anew")
    await life.ready()
    assert life.in_cloud()["envs"] == {"TOKEN": "second"}
    await life.delete()
    assert life.all_in_cloud() == []


async def of_a_sandbox(life: Life) -> None:
    """Create, edit, secret change, expiry, delete: each but the last makes another one."""
    world = life.world
    await life.ready()
    await world.run(200)
    await life.ready()
    assert life.sent("create") == 1
    assert life.in_cloud()["network_policy"]["domain_secrets"][0]["value"] == "first"
    await life.edit(memoryLimit="4g")
    assert life.in_cloud()["memory_limit"] == "4g"
    world.reader.put("s", k="second")
    await life.until(
        lambda: [one["network_policy"]["domain_secrets"][0]["value"] for one in life.all_in_cloud()] == ["second"],
        "in step with its Secret",
    )
    await life.ready()
    made = life.sent("create")
    assert made == 3
    world.change("mutate", "sandbox", id=world.server.status(life.uid)["externalId"], set={"expired": True})
    await life.until(lambda: life.sent("create") == made + 1, "made anew")
    await life.ready()
    assert len(life.all_in_cloud()) == 1
    await life.delete()
    assert life.all_in_cloud() == []
