"""What objects publish in ConfigMaps: written when it changes, and looked at again once a resync."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from caas_operator.core.model import ExportTarget, Key, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock
from caas_operator.kube.config_maps import Found, NotOurs
from caas_operator.kube.errors import ClusterError, ClusterUnavailable

logger = logging.getLogger("caas_operator.exports")

FIELD = "spec.exportTo.configMapKeyRef"
NEVER = float("-inf")


class Writer(Protocol):
    """`kube.config_maps.ConfigMaps`."""

    async def read(self, owner: Resource, target: ExportTarget) -> Found: ...
    async def put(self, owner: Resource, target: ExportTarget, value: str | None) -> None: ...


@dataclass(slots=True)
class Published:
    """What an object has published, as of `seen_at`."""

    owner: Resource
    target: ExportTarget
    value: str
    seen_at: float


class ExportCache:
    """Implements the engine's Exports over `writer`."""

    def __init__(self, writer: Writer, clock: Clock, wake: Callable[[Key], None], resync_seconds: float) -> None:
        self._writer = writer
        self._clock = clock
        self._wake = wake
        self._resync = resync_seconds
        self._published: dict[Key, Published] = {}

    async def publish(self, obj: Resource, target: ExportTarget, value: str) -> Outcome | None:
        known = self._published.get(obj.key)
        if known is not None and (known.target, known.value) == (target, value):
            return None
        now, published = self._clock.now(), obj.status.get("exportedTo")
        try:
            await self._writer.put(obj, target, value)
        except NotOurs as error:
            return self._refused(obj, target, Reason.CONFLICT, _taken(error))
        except ClusterUnavailable as error:
            logger.warning("exportTo: %s", error)
            if known is None and published == {"name": target.name, "key": target.key}:
                # After a restart: it was there, and the next round looks again.
                self._published[obj.key] = Published(obj, target, value, NEVER)
                return None
            return self._refused(obj, target, Reason.DEPENDENCY_NOT_READY, "cannot be written: no answer")
        except ClusterError as error:
            return self._refused(obj, target, Reason.DEPENDENCY_NOT_READY, f"cannot be written: {error}")
        self._published[obj.key] = Published(obj, target, value, now)
        return None

    async def retract(self, obj: Resource, target: ExportTarget) -> Outcome | None:
        self._published.pop(obj.key, None)
        try:
            await self._writer.put(obj, target, None)
        except NotOurs:
            return None
        except ClusterUnavailable as error:
            logger.warning("exportTo: %s", error)
            return self._refused(obj, target, Reason.DEPENDENCY_NOT_READY, "cannot be cleared: no answer")
        except ClusterError as error:
            return self._refused(obj, target, Reason.DEPENDENCY_NOT_READY, f"cannot be cleared: {error}")
        return None

    def forget(self, key: Key) -> None:
        self._published.pop(key, None)

    async def run(self) -> None:
        """Look at everything published, once a resync, and wake those whose value is not there; runs for ever."""
        while True:
            now = self._clock.now()
            for key, known in tuple(self._published.items()):
                if known.seen_at <= now - self._resync:
                    await self._check(key, known, now)
            await self._clock.sleep_until(now + self._resync / 10)

    async def _check(self, key: Key, known: Published, now: float) -> None:
        try:
            found = await self._writer.read(known.owner, known.target)
        except ClusterError as error:
            logger.debug("exportTo: %s", error)
            return
        if self._published.get(key) is not known:
            return
        if found == Found(ours=True, value=known.value):
            known.seen_at = now
        else:
            del self._published[key]
            self._wake(key)

    def _refused(self, obj: Resource, target: ExportTarget, reason: Reason, told: str) -> Outcome:
        self._published.pop(obj.key, None)
        return Outcome(State.RETRYING, reason, f"{FIELD}: ConfigMap {obj.namespace}/{target.name} {told}")


def _taken(error: NotOurs) -> str:
    owner = f"belongs to {error.owner}" if error.owner else "exists and is not this object's"
    return f"{owner}: choose another name, or delete it"
