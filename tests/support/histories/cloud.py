"""A cloud that remembers who made what, and that misbehaves as real ones do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caas_operator.core.model import Health
from tests.support.engine.cloud import Thing
from tests.support.engine.kinds import NUMBERED
from tests.support.engine.transient import SandboxCloud


@dataclass
class RecordingCloud(SandboxCloud):
    """`theirs`: what others made, as they made it. `made`: every resource that a POST of ours has made.

    `delete_lag`: a LIST shows what is gone for so long. `tampered`: what others have changed. `orphans`: doubles whose
    first one went by other hands.
    """

    delete_lag: float = 0.0
    theirs: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[Thing] = field(default_factory=list)
    tampered: set[str] = field(default_factory=set)
    orphans: set[str] = field(default_factory=set)
    _ghosts: dict[str, tuple[float, Thing]] = field(default_factory=dict)
    _theirs_comes: bool = False

    def put(self, name: str, scope: str = "1", *, marker: str | None = None, **wire: Any) -> Thing:
        self._theirs_comes = True
        thing = super().put(name, scope, marker=marker, **wire)
        self._theirs_comes = False
        self.theirs[thing.id] = dict(thing.wire)
        return thing

    def vanish(self, thing: Thing) -> None:
        """Somebody deletes it behind our back."""
        del self.things[thing.id]
        self.theirs.pop(thing.id, None)
        self._orphan(thing)

    def expire(self, thing: Thing) -> None:
        super().expire(thing)
        self._orphan(thing)

    def double(self, thing: Thing) -> None:
        """A gateway repeats a POST of ours."""
        del self.theirs[self.put(thing.name, **thing.wire).id]

    def _orphan(self, thing: Thing) -> None:
        """Nobody knows of a double any more when the first has gone before it was seen: it expires by itself."""
        if not self.unique:
            self.orphans |= {one.id for one in self.living() if one.name == thing.name and one is not thing}

    def marker_of(self, thing: Thing) -> str | None:
        if self.unique:
            found: str | None = thing.wire.get("marker")
            return found
        numbered = NUMBERED.fullmatch(thing.name)
        return numbered["marker"] if numbered else None

    def signed(self, marker: str) -> list[Thing]:
        """What lives with this marker, the oldest first."""
        return sorted(
            (one for one in self.living() if self.marker_of(one) == marker), key=lambda one: (one.created_at, one.id)
        )

    def calm(self) -> None:
        """From here on it is at its best, but for what is on its way already."""
        self.once.clear()
        self.always.clear()
        self.task_errors.clear()
        self.list_lag = self.delete_lag = 0.0
        self.task_seconds, self.idle_seconds = 3.0, None
        for job in self.jobs.values():
            job.due = min(job.due, self.clock.now() + 5.0)
        for thing in self.things.values():
            if thing.health is Health.BROKEN:
                thing.health = Health.STOPPED if thing.wire.get("suspend") else Health.SERVING

    def settle(self) -> None:
        now = self.clock.now()
        for landing in [one for one in self._landing if one[0] <= now]:
            self._landing.remove(landing)
            before = set(self.things)
            landing[1]()
            for id_ in set(self.things) - before:
                # Made when it was due, not when somebody came to look.
                self.things[id_].created_at = float(int(landing[0]))
        super().settle()

    async def list(self, scope: str, oldest: float | None) -> Sequence[Thing]:
        before = set(self.things)
        found = list(await super().list(scope, oldest))
        now = self.clock.now()
        shown = {one.id for one in found}
        for id_, (gone_at, thing) in self._ghosts.items():
            if thing.scope == scope and id_ not in shown | before and now - gone_at < self.delete_lag:
                found.append(thing)
        return found

    def _enter(self, thing: Thing) -> Thing:
        self.theirs.pop(thing.id, None)
        self.tampered.discard(thing.id)
        if not self._theirs_comes:
            self.made.append(thing)
        return super()._enter(thing)

    async def delete(self, id_: str) -> Any:
        known = self.things.get(id_)
        receipt = await super().delete(id_)
        if known is not None and id_ not in self.things:
            self._ghosts[id_] = (self.clock.now(), known)
        return receipt
