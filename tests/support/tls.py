"""HTTPS in front of a plain HTTP server, as an account of a namespace demands it."""

import asyncio
import base64
import contextlib
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.cluster.certificates import Credential, issue, new_authority


@dataclass(frozen=True)
class TlsFront:
    """`host` is host:port; `ca_bundle` is base64, as a spec has it."""

    host: str
    ca_bundle: str

    @property
    def url(self) -> str:
        return f"https://{self.host}"


@contextmanager
def tls_front(target: str) -> Iterator[TlsFront]:
    """Serve what `target` (an http:// address) serves, over TLS on a free loopback port."""
    authority = new_authority("authority of the front")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        context = _server_context(issue(authority, "front", hosts=["127.0.0.1"]))
        server = asyncio.run_coroutine_threadsafe(_serve(target, context), loop).result(10)
        port = server.sockets[0].getsockname()[1]
        yield TlsFront(f"127.0.0.1:{port}", base64.b64encode(authority.certificate).decode())
        loop.call_soon_threadsafe(server.close)
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _server_context(credential: Credential) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        credential.write(Path(directory), "front")
        context.load_cert_chain(Path(directory) / "front.crt", Path(directory) / "front.key")
    return context


async def _serve(target: str, context: ssl.SSLContext) -> asyncio.Server:
    address = urlsplit(target)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(address.hostname, address.port)
        await asyncio.gather(_pump(reader, behind_writer), _pump(behind_reader, writer))

    return await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
