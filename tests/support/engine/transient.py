"""Cells that do not live for ever: they expire when nobody uses them, and are kept alive, renewed and replaced."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caas_operator.core.conditions import format_time
from caas_operator.core.lifespan import Lifespan
from caas_operator.core.model import External, Health, Place, Receipt
from caas_operator.core.ports import Naming, Wanted
from tests.support.engine.cloud import FakeCloud, Thing
from tests.support.engine.kinds import BOX, CELL, FakeVerbs, external
from tests.support.engine.world import World


@dataclass
class SandboxCloud(FakeCloud):
    """`idle_seconds`: what nobody uses for so long expires, and stays in the list; None: nothing does."""

    idle_seconds: float | None = None
    used_at: dict[str, float] = field(default_factory=dict)

    def expire(self, thing: Thing) -> None:
        thing.health = Health.EXPIRED

    def active_at(self, thing: Thing) -> float:
        return max(thing.created_at, self.used_at.get(thing.id, 0.0))

    def settle(self) -> None:
        super().settle()
        if self.idle_seconds is None or self.unique:
            return
        for thing in self.things.values():
            if self.active_at(thing) + self.idle_seconds <= self.clock.now():
                thing.health = Health.EXPIRED

    async def touch(self, id_: str) -> Thing:
        await self._call("touch")
        thing = self._mutate("touch", lambda: self._known(id_))
        if thing.health is not Health.EXPIRED:
            self.used_at[id_] = self.clock.now()
        return thing

    async def furnish(self, id_: str, files: str) -> None:
        await self._call("furnish")
        self._mutate("furnish", lambda: self._known(id_).wire.update(files=files))


@dataclass(frozen=True)
class CellVerbs(FakeVerbs):
    """What the sandbox kind can do besides."""

    cloud: SandboxCloud
    naming: Naming = Naming.NUMBERED

    def _external(self, thing: Thing) -> External:
        found, idle = external(thing, self.naming), self.cloud.idle_seconds
        if idle is None:
            return found
        active_at = self.cloud.active_at(thing)
        observed = {**found.observed, "expiresAt": format_time(active_at + idle)}
        return dataclasses.replace(found, active_at=active_at, expires_at=active_at + idle, observed=observed)

    async def list(self, scope: str, *, oldest: float | None) -> list[External]:
        return [self._external(thing) for thing in await self.cloud.list(scope, oldest)]

    async def create(self, wanted: Wanted) -> Receipt:
        receipt = await super().create(wanted)
        assert receipt.external_id is not None
        return dataclasses.replace(receipt, found=self._external(self.cloud.things[receipt.external_id]))

    async def touch(self, place: Place, external_id: str) -> External:  # noqa: ARG002 - as the protocol has it
        return self._external(await self.cloud.touch(external_id))

    async def furnish(self, wanted: Wanted, found: External) -> None:
        await self.cloud.furnish(found.id, wanted.spec["files"])


def lifespan(spec: Mapping[str, Any]) -> Lifespan:
    """The fields of a SandboxContainer, but `keepAlive`, which is in seconds."""
    return Lifespan(
        keep_alive=spec.get("keepAlive"),
        deadline=spec.get("activeDeadlineSeconds"),
        renew=spec.get("expiryPolicy") == "Recreate",
        replace=spec.get("replacePolicy") == "Recreate",
        kept_after=spec.get("ttlSecondsAfterFinished"),
    )


MORTAL_CELL = dataclasses.replace(
    CELL, verbs=CellVerbs, lifespan=lifespan, furnished=lambda spec: ("files",) if "files" in spec else ()
)
MORTALS = {"Box": BOX, "Cell": MORTAL_CELL}


class MortalWorld(World):
    """Its cells are sandboxes to the full."""

    kinds = MORTALS
    cells: SandboxCloud

    def _cloud(self, *, unique: bool) -> FakeCloud:
        return SandboxCloud(self.clock, self.points, unique)
