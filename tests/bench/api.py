"""The API server as the benchmark's own client reaches it: one pool of connections, plain requests, watches."""

import asyncio
import base64
import json
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import yaml

from tests.cluster.control_plane import ControlPlane

Json = dict[str, Any]
T = TypeVar("T")
POOL_SIZE = 64
"""As many connections as the operator's own pool has."""
CALL_SECONDS = 60.0


class Refused(AssertionError):
    """The API server said no; the text has its words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Api:
    http: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        """One request and its JSON. Raises Refused."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if body is None else json.dumps(body)
        async with self.http.request(
            method, self.url + path, data=data, params=query, headers={"Content-Type": kind}
        ) as answer:
            raw = await answer.read()
            if answer.status >= 300:
                raise Refused(f"{method} {path}: {answer.status} {raw[:500]!r}", answer.status)
            parsed: Json = json.loads(raw)
            return parsed

    async def lines(self, path: str, **query: str) -> AsyncIterator[bytes]:
        """The lines of a watch, until the server ends it."""
        endless = aiohttp.ClientTimeout(total=None)
        async with self.http.get(self.url + path, params=query, timeout=endless) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                yield line


@asynccontextmanager
async def api_of(plane: ControlPlane, *, connections: int = POOL_SIZE) -> AsyncIterator[Api]:
    """The API server as its admin."""
    connector = aiohttp.TCPConnector(limit=connections, ssl=_trust(plane))
    patience = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=patience, read_bufsize=2**21) as http:
        yield Api(http, plane.url)


def _trust(plane: ControlPlane) -> ssl.SSLContext:
    user = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]
    context = ssl.create_default_context(cafile=str(plane.ca_file))
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


async def at_once(limit: int, what: Callable[[T], Awaitable[object]], items: Iterable[T]) -> float:
    """Do something for each item, so many at a time; returns the seconds it took."""
    left = iter(list(items))
    started = time.perf_counter()

    async def work() -> None:
        for item in left:
            await what(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(work())
    return time.perf_counter() - started
