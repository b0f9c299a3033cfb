"""A cluster, its clouds and an operator that can be killed and started again."""

import asyncio
from collections.abc import Mapping

from caas_operator.core.model import AccountRef
from caas_operator.core.ports import Kind
from tests.support.clock import FakeClock
from tests.support.engine.api_server import FakeApiServer
from tests.support.engine.cloud import FakeCloud
from tests.support.engine.outside import Outside
from tests.support.engine.points import Points
from tests.support.engine.process import KINDS, Account, Process
from tests.support.engine.secrets import FakeReader

HOME = "https://cloud.example"
ELSEWHERE = "https://elsewhere.example"


class TickingClock(FakeClock):
    """Moves a millisecond a look, so that what happens later is later."""

    def now(self) -> float:
        self._now += 0.001
        return self._now


class World:
    """`boxes` and `cells` are the clouds at HOME; ELSEWHERE has empty ones for accounts that move."""

    kinds: Mapping[str, Kind] = KINDS

    def __init__(self) -> None:
        self.clock = TickingClock()
        self.points = Points()
        self.server = FakeApiServer(self.clock, self.points)
        self.reader = FakeReader()
        self.outside = Outside(self.points)
        self.boxes, self.cells = self._cloud(unique=True), self._cloud(unique=False)
        clouds = {
            f"Box {HOME}": self.boxes,
            f"Cell {HOME}": self.cells,
            f"Box {ELSEWHERE}": self._cloud(unique=True),
            f"Cell {ELSEWHERE}": self._cloud(unique=False),
        }
        self.clouds = clouds
        self.account = Account(AccountRef("CloudAccount", "main"), clouds)
        self.accounts = [self.account]
        self.process: Process

    @property
    def hanging(self) -> dict[str, FakeCloud]:
        """Clouds of an account whose calls never end."""
        clouds = {name: self._cloud(unique=name.startswith("Box")) for name in self.clouds}
        for cloud in clouds.values():
            cloud.held = asyncio.Event()
        return clouds

    def start(self, cluster: str = "c1") -> Process:
        self.process = Process(
            self.clock, self.server, self.accounts, self.reader, cluster, kinds=self.kinds, outside=self.outside
        )
        return self.process

    def apply(self, kind: str) -> None:
        self.server.apply(kind, "one", image="a")

    async def restart(self) -> Process:
        """Kill -9, and a new process that knows nothing."""
        await self.process.stop()
        self.points.survive()
        return self.start()

    async def run(self, seconds: float, step: float = 1.0) -> None:
        await self.process.run(seconds, step)

    def cloud(self, kind: str) -> FakeCloud:
        return self.boxes if kind == "Box" else self.cells

    def _cloud(self, *, unique: bool) -> FakeCloud:
        return FakeCloud(self.clock, self.points, unique)
