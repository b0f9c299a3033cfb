"""A Lease in memory, with the API server's rule: who writes must have seen the last version."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from caas_operator.kube.errors import ClusterError, ClusterRefused, ClusterUnavailable
from caas_operator.kube.lease import LeaseState


@dataclass
class LeaseInMemory:
    """What the API server holds; every process' `LeaseSeenBy` shares it."""

    spec: dict[str, Any] | None = None
    version: int = 0

    @property
    def holder(self) -> str | None:
        return self.spec["holderIdentity"] if self.spec else None

    def state(self) -> LeaseState | None:
        if self.spec is None:
            return None
        return LeaseState({"metadata": {"resourceVersion": str(self.version)}, "spec": dict(self.spec)})

    def write(self, seen: LeaseState | None, **changes: Any) -> LeaseState:
        known = self.state()
        if (known and known.body["metadata"]) != (seen and seen.body["metadata"]):
            raise ClusterRefused("changed meanwhile", status=409 if known else 404)
        self.version += 1
        self.spec = {**(self.spec or {"leaseTransitions": -1}), **changes, "renewTime": self.version}
        return LeaseState({"metadata": {"resourceVersion": str(self.version)}, "spec": dict(self.spec)})


@dataclass
class LeaseSeenBy:
    """One process' way to it. `hangs`: no answer comes; `late`: what is sent is done all the same."""

    server: LeaseInMemory
    hangs: bool = False
    late: bool = False
    fails: ClusterError | None = None
    calls: list[str] = field(default_factory=list)

    async def read(self, *, latest: bool = True) -> LeaseState | None:
        await self._on_the_way("read" if latest else "look")
        return self.server.state()

    async def take(self, seen: LeaseState | None, holder: str, duration_seconds: int) -> LeaseState:
        more = {} if seen and seen.holder == holder else {"leaseTransitions": (seen.transitions if seen else -1) + 1}
        return await self._write("take", seen, holderIdentity=holder, leaseDurationSeconds=duration_seconds, **more)

    async def renew(self, seen: LeaseState) -> LeaseState:
        return await self._write("renew", seen)

    async def release(self, seen: LeaseState) -> LeaseState:
        return await self._write("release", seen, holderIdentity="", leaseDurationSeconds=1)

    async def _write(self, what: str, seen: LeaseState | None, **changes: Any) -> LeaseState:
        if self.late:
            self.server.write(seen, **changes)
        await self._on_the_way(what)
        return self.server.write(seen, **changes)

    async def _on_the_way(self, what: str) -> None:
        self.calls.append(what)
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails


def unavailable() -> ClusterUnavailable:
    return ClusterUnavailable("connection refused")
