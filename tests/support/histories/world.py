"""A world for long histories: what happens at a chosen moment, what was ever said of each object, and a clean end."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from caas_operator.core.identity import marker, pin_of
from caas_operator.core.model import FINALIZER, JsonObject, Resource
from tests.support.engine.points import Crash
from tests.support.engine.transient import MortalWorld
from tests.support.histories.cloud import RecordingCloud


@dataclass
class Told:
    """What was ever seen of one object. `forced`: somebody took our finalizer off it; `bare`: it went without one."""

    kind: str
    name: str
    marker: str
    last: JsonObject
    gone: bool = False
    retained: bool = False
    observed: bool = False
    forced: bool = False
    bare: bool = False
    adopting: set[str] = field(default_factory=set)
    pinned: set[str] = field(default_factory=set)

    @property
    def spec(self) -> JsonObject:
        spec: JsonObject = self.last["spec"]
        return spec

    @property
    def paused(self) -> bool:
        return bool(self.last["metadata"]["annotations"].get("caas-operator.dev/paused", "false") != "false")

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.last["metadata"]

    @property
    def managed(self) -> bool:
        return self.spec.get("managementPolicy") != "ObserveOnly"

    @property
    def external_name(self) -> str:
        return str(self.spec.get("name") or self.name)

    @property
    def left(self) -> bool:
        """Gone, and what it had in the cloud was to stay there."""
        forgotten = self.observed and (self.bare or not self.managed)
        return self.gone and (self.forced or forgotten or self.spec.get("deletionPolicy") == "Retain")


class HistoryWorld(MortalWorld):
    """The operator may be down; `told` has all objects that there ever were, by uid."""

    boxes: RecordingCloud
    cells: RecordingCloud

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, Told] = {}
        self.up = False
        self.server.listeners.append(self._tell)

    def _cloud(self, *, unique: bool) -> RecordingCloud:
        return RecordingCloud(self.clock, self.points, unique)

    def recording(self, kind: str) -> RecordingCloud:
        return self.boxes if kind == "Box" else self.cells

    async def begin(self) -> None:
        self.points.survive()
        self.start()
        self.up = True

    async def end(self) -> None:
        """As by kill -9: what the process knew is lost."""
        if self.up:
            self.up = False
            await self.process.stop()
        self.points.survive()

    async def pass_time(self, seconds: float) -> None:
        step = 1.0 if seconds <= 20 else 5.0 if seconds <= 200 else 30.0
        if not self.up:
            await self.clock.advance(seconds)
            return
        try:
            await self.run(seconds, step)
        except Crash:
            await self.end()

    async def close(self) -> None:
        await self.end()
        pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        with contextlib.suppress(Crash):
            await asyncio.gather(*pending, return_exceptions=True)

    def _tell(self, type_: str, body: JsonObject) -> None:
        uid = body["metadata"]["uid"]
        if uid not in self.told:
            resource = Resource.from_body(body)
            sign = marker(self.kinds[resource.kind], "c1", resource)
            self.told[uid] = Told(resource.kind, resource.name, sign, body)
        told = self.told[uid]
        had = FINALIZER in told.last["metadata"]["finalizers"]
        told.last = body
        told.gone = type_ == "DELETED"
        told.retained |= told.spec.get("deletionPolicy") == "Retain"
        told.observed |= not told.managed
        told.bare = told.gone and not had
        if told.spec.get("adoptionPolicy") == "Always":
            told.adopting.add(told.external_name)
        if pin := pin_of(Resource.from_body(body)):
            told.pinned.add(pin.external_id or "")
