"""The simulator in the test's own process and event loop: no sockets, for property tests."""

from dataclasses import dataclass

import httpx

from caas_operator.simulator.apps import Apps, create_apps
from caas_operator.simulator.config import Config

HOSTS = ("gcore", "openai", "gateway", "admin")


@dataclass(frozen=True)
class InProcess:
    """`apps.world` is the whole state; `transport` serves http://gcore.simulated and so on."""

    apps: Apps
    transport: httpx.AsyncBaseTransport

    gcore: str = "http://gcore.simulated"
    openai: str = "http://openai.simulated/v1"
    gateway: str = "http://gateway.simulated"
    admin: str = "http://admin.simulated"

    def client(self, base_url: str, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=base_url, transport=self.transport, headers=headers)


class ByHost(httpx.AsyncBaseTransport):
    """Hands each request to the application that its host names."""

    def __init__(self, apps: Apps) -> None:
        self._transports = {name: httpx.ASGITransport(getattr(apps, name)) for name in HOSTS}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".simulated")
        if name not in self._transports:
            raise httpx.ConnectError(f"no such host: {request.url.host}", request=request)
        return await self._transports[name].handle_async_request(request)


def in_process(config: Config | None = None) -> InProcess:
    """A simulator without a server; a dropped connection is httpx's RemoteProtocolError, as over a socket."""
    apps = create_apps(
        config, drop_error=lambda: httpx.RemoteProtocolError("Server disconnected without sending a response.")
    )
    return InProcess(apps, ByHost(apps))
