"""Many objects of one kind: made, edited and deleted together, and followed by one watch."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.bench.api import POOL_SIZE, Api, Json, Refused, at_once
from tests.support.accounts import GROUP

WAIT_SECONDS = 600.0

SPEC: Json = {
    "image": "nginx:1.27",
    "listeningPort": 80,
    "flavor": "80mCPU-128MiB",
    "scale": {"min": 1, "max": 2},
    "env": [{"name": "MODE", "value": "production"}, {"name": "LOG_LEVEL", "value": "info"}],
}


@dataclass
class Fleet:
    """The objects of a kind in a namespace. `ready` holds the names that are so at their current generation."""

    api: Api
    namespace: str
    group: str = GROUP
    kind: str = "CaasContainer"
    plural: str = "caascontainers"
    known: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    last_ready_at: float = 0.0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def collection(self) -> str:
        return f"/apis/{self.group}/namespaces/{self.namespace}/{self.plural}"

    def item(self, name: str) -> str:
        return f"{self.collection}/{name}"

    async def create(self, names: list[str]) -> float:
        """Returns the seconds it took, as all of these."""

        async def one(name: str) -> None:
            body = {"apiVersion": self.group, "kind": self.kind, "metadata": {"name": name}, "spec": SPEC}
            await self.api.call("POST", self.collection, body)

        return await at_once(POOL_SIZE, one, names)

    async def edit(self, name: str, value: str) -> float:
        """Set one value that the cloud takes by PATCH; returns when the answer was here (seconds since the epoch)."""
        env = [{"name": "MODE", "value": value}, {"name": "LOG_LEVEL", "value": "info"}]
        await self.api.call("PATCH", self.item(name), {"spec": {"env": env}})
        self.ready.discard(name)
        return time.time()

    async def delete(self, names: list[str]) -> float:
        return await at_once(POOL_SIZE, lambda name: self.api.call("DELETE", self.item(name)), names)

    async def until(self, holds: Callable[[], bool], told: str, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the watch has shown something; TimeoutError with `told`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
                return
        counts = f"{len(self.ready)} of {len(self.known)} are ready"
        raise TimeoutError(f"not within {seconds:.0f} s: {told}; {counts}; among the others: {await self._unready(3)}")

    async def _unready(self, number: int) -> list[Json]:
        names = sorted(self.known - self.ready)[:number]
        return [await self.api.call("GET", self.item(name)) for name in names]

    async def until_ready(self, names: list[str]) -> None:
        wanted = set(names)
        await self.until(lambda: wanted <= self.ready, f"{len(wanted)} objects ready")

    async def until_gone(self, names: list[str]) -> None:
        unwanted = set(names)
        await self.until(lambda: not unwanted & self.known, f"{len(unwanted)} objects gone")

    async def follow(self) -> None:
        """Keep `known` and `ready`; runs for ever. The server ends a watch that it finds too slow: list again then."""
        while True:
            version = await self._list()
            async for line in self.api.lines(self.collection, watch="1", resourceVersion=version):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    break
                if event["type"] == "DELETED":
                    self.known.discard(event["object"]["metadata"]["name"])
                    self.ready.discard(event["object"]["metadata"]["name"])
                    self._changed.set()
                else:
                    self._see(event["object"])

    async def _list(self) -> str:
        """Returns the version to watch from. A kind that was just defined answers 429 for a moment."""
        while True:
            try:
                listed = await self.api.call("GET", self.collection)
            except Refused as refused:
                if refused.status != 429:
                    raise
                await asyncio.sleep(0.2)
                continue
            self.known.clear()
            for obj in listed["items"]:
                self._see(obj)
            self.ready &= self.known
            self._changed.set()
            return str(listed["metadata"]["resourceVersion"])

    def _see(self, obj: Json) -> None:
        name = obj["metadata"]["name"]
        self.known.add(name)
        if is_ready(obj) and name not in self.ready:
            self.ready.add(name)
            self.last_ready_at = time.perf_counter()
        elif not is_ready(obj):
            self.ready.discard(name)
        self._changed.set()


def is_ready(obj: Json) -> bool:
    """As `kubectl wait --for=condition=Ready` sees it; a user of kopf writes `phase` instead."""
    status, generation = obj.get("status") or {}, obj["metadata"]["generation"]
    if "phase" in status:
        return bool(status["phase"] == "Ready" and status.get("observedGeneration") == generation)
    return any(
        one["type"] == "Ready" and one["status"] == "True" and one["observedGeneration"] >= generation
        for one in status.get("conditions", ())
    )


@asynccontextmanager
async def followed(fleet: Fleet) -> AsyncIterator[Fleet]:
    """A fleet that is followed; should that fail, the block is cancelled and the failure raised."""
    async with asyncio.TaskGroup() as group:
        following = group.create_task(fleet.follow())
        yield fleet
        following.cancel()


def names_of(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number:05}" for number in range(count)]
