"""Events for people: said once and forgotten by the one who says it.

Nothing here blocks or fails a pass: occurrences go into a bounded queue, and what does not fit, or the API server does
not take, is logged and gone.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from caas_operator.core.errors import NotLeading
from caas_operator.core.model import Resource
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.event_record import EventType, Occurrence, Subject, again, clipped, new_event
from caas_operator.kube.paths import core
from caas_operator.kube.session import FIELD_MANAGER, MERGE_PATCH, Session, asking

SAME_SECONDS = 600.0
"""The same occurrence within this time of the last one is counted, not repeated."""
BURST = 25
REFILL_SECONDS = 300.0
"""An object may say 25 things at once and one more each five minutes, as client-go has it."""
_QUEUE_LENGTH = 1000
_REMEMBERED = 5000

_logger = logging.getLogger(__name__)

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Recent(OrderedDict[_K, _V], Generic[_K, _V]):
    """The entries set last; older ones are forgotten."""

    def remember(self, key: _K, value: _V) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Written:
    """An event that is on the API server."""

    path: str
    count: int
    last: float


@dataclass(frozen=True, slots=True)
class _Bucket:
    """A token bucket as it was at `at`."""

    tokens: float
    at: float


class Events:
    """Says events. `now` gives seconds since the epoch; `run` is a task of the wiring.

    `before_write` is called right before each is sent; where it raises NotLeading, the event is not said.
    """

    def __init__(
        self,
        session: Session,
        *,
        now: Callable[[], float],
        instance: str,
        before_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._before_write = before_write
        self._now = now
        self._instance = instance
        self._queue: asyncio.Queue[Occurrence] = asyncio.Queue(_QUEUE_LENGTH)
        self._written: _Recent[tuple[str, ...], _Written] = _Recent()
        self._buckets: _Recent[tuple[str, str], _Bucket] = _Recent()

    def normal(self, about: Resource | Subject, reason: str, message: str) -> None:
        self._say("Normal", about, reason, message)

    def warn(self, about: Resource | Subject, reason: str, message: str) -> None:
        self._say("Warning", about, reason, message)

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            occurrence = await self._queue.get()
            try:
                with asking(self._before_write):
                    await self._write(occurrence)
            except (ClusterError, NotLeading) as error:
                _logger.warning("an event was lost: %s", error, extra={"reason": occurrence.reason})
            finally:
                self._queue.task_done()

    async def drain(self, seconds: float) -> None:
        """Returns when everything said so far is written, or after `seconds`; `run` must be running."""
        try:
            await asyncio.wait_for(self._queue.join(), seconds)
        except TimeoutError:
            _logger.warning("%d events were lost at the end", self._queue.qsize())

    def _say(self, kind: EventType, about: Resource | Subject, reason: str, message: str) -> None:
        subject = Subject.of(about) if isinstance(about, Resource) else about
        occurrence = Occurrence(subject, kind, reason, clipped(message), self._now())
        if not self._allowed(occurrence):
            return
        try:
            self._queue.put_nowait(occurrence)
        except asyncio.QueueFull:
            _logger.warning("an event was lost: too many are waiting", extra={"reason": reason})

    def _allowed(self, occurrence: Occurrence) -> bool:
        key, at = occurrence.subject.identity, occurrence.at
        bucket = self._buckets.get(key, _Bucket(BURST, at))
        tokens = min(float(BURST), bucket.tokens + max(0.0, at - bucket.at) / REFILL_SECONDS)
        if tokens < 1:
            return False
        self._buckets.remember(key, _Bucket(tokens - 1, at))
        return True

    async def _write(self, occurrence: Occurrence) -> None:
        before = self._written.get(occurrence.sameness)
        if before is not None and occurrence.at - before.last < SAME_SECONDS:
            try:
                await self._count(occurrence, before)
            except ClusterError as error:
                if error.status != 404:
                    raise
            else:
                return
        home = occurrence.subject.home
        body = new_event(occurrence, self._instance)
        await self._session.call("POST", core("events", home), query=_QUERY, body=body)
        path = core("events", home, body["metadata"]["name"])
        self._written.remember(occurrence.sameness, _Written(path, 1, occurrence.at))

    async def _count(self, occurrence: Occurrence, before: _Written) -> None:
        count = before.count + 1
        await self._session.call(
            "PATCH",
            before.path,
            query=_QUERY,
            body=again(count, occurrence.at),
            content_type=MERGE_PATCH,
        )
        self._written.remember(occurrence.sameness, _Written(before.path, count, occurrence.at))


_QUERY = {"fieldManager": FIELD_MANAGER}
