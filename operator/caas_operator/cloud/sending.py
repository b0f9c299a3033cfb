"""The last question, asked where the bytes go to the kernel.

Between a call's turn and its first byte lies making a connection; a process that is stopped meanwhile would send when
it goes on, an hour later maybe. What is written goes to the kernel at once, a request's head and its body each on its
own: if the answer changes in between, the cloud has half a request, which it cannot carry out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx
from anyio.abc import ByteStream

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def asking(check: Callable[[], None]) -> Iterator[None]:
    """What is sent in here asks `check` first; what that raises ends the call, and the connection with it."""
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


def asked_first(transport: httpx.AsyncHTTPTransport) -> httpx.AsyncHTTPTransport:
    """The same transport; httpx has no other way to give it a network backend of ours."""
    transport._pool._network_backend = _Backend()  # noqa: SLF001 - see above
    return transport


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        # TLS is put above it, so that what is asked about is what goes to the kernel.
        stream._stream = _Stream(stream._stream)  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other way in
        return stream


class _Stream(ByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def send(self, item: bytes) -> None:
        if (check := _check.get()) is not None:
            check()
        await self._stream.send(item)

    async def receive(self, max_bytes: int = 65536) -> bytes:
        received: bytes = await self._stream.receive(max_bytes)
        return received

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        attributes: Mapping[Any, Callable[[], Any]] = self._stream.extra_attributes
        return attributes
