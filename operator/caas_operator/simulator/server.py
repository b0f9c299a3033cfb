"""The simulator as a process: four servers on one event loop, on the loopback interface unless told otherwise."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from caas_operator.simulator.apps import create_apps
from caas_operator.simulator.config import Config

LOOPBACK = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""longer than clients keep idle connections, so that no request meets a closing one"""


@dataclass(frozen=True)
class Ports:
    """0 takes a free one."""

    gcore: int = 0
    openai: int = 0
    gateway: int = 0
    admin: int = 0


class AbortableProtocol(H11Protocol):
    """Gives the application `scope["caas.abort"]`, which closes the connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as H11Protocol
        super().connection_made(transport)
        served = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["caas.abort"] = transport.abort
            await served(scope, receive, send)

        self.app = app


class QuietServer(uvicorn.Server):
    """A server that leaves the signals to whoever runs several of them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(config: Config, ports: Ports, *, host: str = LOOPBACK, exit_with_parent: bool = False) -> int:
    """Serve until SIGTERM or SIGINT. Prints one line of JSON with the URLs once everything listens.

    With `exit_with_parent`, also until standard input ends, which is a pipe that only the parent writes to: however
    the parent dies, the pipe ends.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, ports, host=host, exit_with_parent=exit_with_parent))
    return 0


async def serve(config: Config, ports: Ports, *, host: str = LOOPBACK, exit_with_parent: bool = False) -> None:
    apps = create_apps(config)
    listeners = {name: _listen(host, getattr(ports, name)) for name in ("gcore", "openai", "gateway", "admin")}
    urls = {name: f"http://{host}:{sock.getsockname()[1]}" for name, sock in listeners.items()}
    apps.world.local_urls.update(urls)
    servers = {name: _server(getattr(apps, name)) for name in listeners}

    def stop() -> None:
        apps.world.faults.remove()  # requests that a rule holds would delay the exit
        for server in servers.values():
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if exit_with_parent:
        _at_end_of_input(loop, stop)
    running = [asyncio.create_task(server.serve([listeners[name]])) for name, server in servers.items()]
    for server in servers.values():
        await server.listening.wait()
    announced = urls | {"openai": urls["openai"] + "/v1"}
    sys.stdout.write(json.dumps(announced) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*running)


def _at_end_of_input(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            loop.remove_reader(sys.stdin.fileno())
            stop()

    loop.add_reader(sys.stdin.fileno(), readable)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _server(app: ASGIApp) -> QuietServer:
    return QuietServer(
        uvicorn.Config(
            app,
            http=AbortableProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="error",
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
            backlog=1024,
        )
    )
