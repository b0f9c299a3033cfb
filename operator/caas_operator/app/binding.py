"""The only place that knows kopf: it watches, and hands every event on. It keeps no state on objects, writes nothing.

kopf's own handlers for create, update and delete would keep their progress in annotations, retry without growth and
drop the finalizer when a delete handler fails for good; so its storages are null here and its finalizer a name nobody
uses.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import kopf

from caas_operator.core.model import GROUP, VERSION
from caas_operator.kube.session import Session

Receive = Callable[[str | None, Mapping[str, Any]], None]
"""Gets each event: its type (None while kopf lists) and the object."""

SERVER_TIMEOUT, CLIENT_TIMEOUT, CONNECT_TIMEOUT = 300, 330.0, 10.0
"""Seconds (the first goes to the API server as it stands, and only whole ones do).

Without them a watch whose connection died silently would wait for ever.
"""
WATCH_CONNECTIONS = 64
LIST_CHUNK = 500


class NoDiffBase(kopf.DiffBaseStorage):
    """Remembers nothing of what was handled: we compare generations ourselves."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's own
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002 - kopf's signature
        return None

    def store(self, **_: Any) -> None:
        return


class NoProgress(kopf.ProgressStorage):
    """Remembers no progress: an event handler has none."""

    def fetch(self, **_: Any) -> None:
        return

    def store(self, **_: Any) -> None:
        return

    def purge(self, **_: Any) -> None:
        return

    def touch(self, **_: Any) -> None:
        return

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


def quiet_settings(namespaces: Sequence[str]) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # In namespaced mode there is no right to look for new kinds and namespaces, and kopf would ask nine times.
    settings.scanning.disabled = bool(namespaces)
    settings.persistence.finalizer = f"{GROUP}/not-used"
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.watching.chunk_size = LIST_CHUNK
    settings.watching.server_timeout = SERVER_TIMEOUT
    settings.watching.client_timeout = CLIENT_TIMEOUT
    settings.watching.connect_timeout = CONNECT_TIMEOUT
    settings.queueing.idle_timeout = 0.5
    settings.posting.enabled = False
    return settings


def registry_for(plurals: Sequence[str], session: Session, receive: Receive) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        credentials = await session.credentials()
        return kopf.AiohttpSession(
            server=credentials.server, aiohttp_session=await session.client_session(limit=WATCH_CONNECTIONS)
        )

    async def on_event(event: Mapping[str, Any], **_: Any) -> None:
        receive(event["type"], event["object"])

    for plural in plurals:
        kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"{plural}-event")(on_event)
    return registry


async def watch(
    plurals: Sequence[str],
    session: Session,
    receive: Receive,
    namespaces: Sequence[str],
    asked: asyncio.Event,
    shut_down: Callable[[], Awaitable[None]],
) -> None:
    """Watch until SIGTERM or SIGINT, which set `asked`; then `shut_down` runs, and only after it the watches end."""
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    stop = asyncio.Event()
    tasks = await kopf.spawn_tasks(
        registry=registry_for(plurals, session, receive),
        settings=quiet_settings(namespaces),
        standalone=True,
        clusterwide=not namespaces,
        namespaces=list(namespaces),
        stop_flag=stop,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # kopf has installed its own by now, which would cancel everything at once.
        loop.add_signal_handler(number, asked.set)
    ending = asyncio.create_task(_end(asked, shut_down, stop), name="shutdown")
    try:
        await kopf.run_tasks(tasks, ignored=await _others(tasks))
    finally:
        ending.cancel()


async def _end(asked: asyncio.Event, shut_down: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    await asked.wait()
    try:
        await shut_down()
    finally:
        stop.set()


async def _others(tasks: Any) -> frozenset[asyncio.Task[Any]]:
    """Everything that runs beside kopf: it would cancel at its end whatever it does not know."""
    return frozenset(asyncio.all_tasks()) - frozenset(tasks)
