"""The open connections to one endpoint.

httpcore's pool walks all its connections, several times, at each request (measured over loopback, CPU a call: 5.4 ms
with 64 connections, 1.2 ms with 16, 0.5 ms with one). So each connection is a pool of its own, and the last used is
used next. httpx's client above the pools (redirects, cookies, auth flows: nothing that is wanted here) is left out,
which saves another 0.2 ms.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from urllib.request import getproxies, proxy_bypass

import httpx

from caas_operator.cloud.sending import asked_first

MAX_CONNECTIONS = 32
CONNECT_TIMEOUT_SECONDS = 5.0
_KEEP_ALIVE_SECONDS = 4.0
"""Shorter than any server's: a POST on a connection that the server is just closing has an unknown outcome."""
_IDLE_SECONDS = 30.0

Connection = httpx.AsyncBaseTransport


class Connections:
    """At most `MAX_CONNECTIONS` at a time; idle ones are closed when others come back.

    `make` makes one, see `connection_maker`.
    """

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._free: deque[tuple[Connection, float]] = deque()
        self._closed = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        async with self._slots:
            connection = self._free.pop()[0] if self._free else self._make()
            try:
                yield connection
            finally:
                now = time.monotonic()
                self._free.append((connection, now))
                while self._free and (self._closed or self._free[0][1] < now - _IDLE_SECONDS):
                    await self._free.popleft()[0].aclose()

    async def aclose(self) -> None:
        """Close the idle ones now, and those in use when they come back."""
        self._closed = True
        while self._free:
            await self._free.popleft()[0].aclose()


def connection_maker(url: httpx.URL, verify: ssl.SSLContext) -> Callable[[], Connection]:
    """What makes connections to `url`, through the proxy that the environment names for it (HTTPS_PROXY, NO_PROXY).

    Raises ValueError for a proxy of a kind that is not served.
    """
    address = proxy_of(url)
    proxy = httpx.Proxy(address) if address else None
    if proxy is not None and proxy.url.scheme not in ("http", "https"):
        raise ValueError("only proxies of http and https are served")
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE_SECONDS)
    return lambda: asked_first(httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy))


def proxy_of(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address."""
    return None if proxy_bypass(url.host) else getproxies().get(url.scheme)


@lru_cache(maxsize=64)
def trust(ca_bundle: str = "") -> ssl.SSLContext:
    """The certificates to trust: those of `ca_bundle` (PEM) alone, or the public ones.

    Raises ssl.SSLError or ValueError for what is no certificate.
    """
    return ssl.create_default_context(cadata=ca_bundle) if ca_bundle else httpx.create_ssl_context()
