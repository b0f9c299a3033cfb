"""Labels of namespaces, for accounts that allow namespaces by label. Read by GET when asked, again once a resync."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from caas_operator.core.ports import Clock
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.paths import core
from caas_operator.kube.session import Session

logger = logging.getLogger("caas_operator.accounts")


class Labels(Protocol):
    def of(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace; None while they are not known, or where they cannot be read."""

    def pending(self, namespace: str) -> bool:
        """Whether the labels are still being read; who asked is woken when they are known."""


class NamespaceLabels:
    """Implements Labels; `changed` is told when labels become known or change."""

    def __init__(self, session: Session, clock: Clock, changed: Callable[[str], None], resync_seconds: float) -> None:
        self._session = session
        self._clock = clock
        self._changed = changed
        self._resync = resync_seconds
        self._labels: dict[str, Mapping[str, str] | None] = {}
        self._asked = asyncio.Event()
        self._unread: set[str] = set()

    def of(self, namespace: str) -> Mapping[str, str] | None:
        if namespace not in self._labels:
            self._unread.add(namespace)
            self._asked.set()
        return self._labels.get(namespace)

    def pending(self, namespace: str) -> bool:
        self.of(namespace)
        return namespace not in self._labels

    async def run(self) -> None:
        """Read what was asked for; runs for ever."""
        resync = asyncio.create_task(self._again())
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                while self._unread:
                    await self._read(self._unread.pop())
        finally:
            resync.cancel()

    async def _again(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + self._resync)
            self._unread |= set(self._labels)
            self._asked.set()

    async def _read(self, namespace: str) -> None:
        known = self._labels.get(namespace)
        try:
            body = await self._session.call("GET", core("namespaces", None, namespace))
        except ClusterError as error:
            if error.status == 404:
                self._labels.pop(namespace, None)
                return
            logger.warning("the labels of namespace %s cannot be read: %s", namespace, error)
            labels = known
        else:
            labels = dict(body["metadata"].get("labels") or {})
        if namespace not in self._labels or labels != known:
            self._labels[namespace] = labels
            self._changed(namespace)
