"""The four ASGI applications over one world."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from caas_operator.simulator.admin.app import admin_app
from caas_operator.simulator.asgi import CloudApp, ConnectionDroppedError
from caas_operator.simulator.config import Config
from caas_operator.simulator.gcore.cloud import GcoreCloud
from caas_operator.simulator.openai.direct import OpenAICloud
from caas_operator.simulator.openai.gateway_cloud import GatewayCloud
from caas_operator.simulator.world import World


@dataclass(frozen=True)
class Apps:
    """Each is an ASGI application; all see the same `world`."""

    world: World
    gcore: CloudApp
    openai: CloudApp
    gateway: CloudApp
    admin: ASGIApp


def create_apps(config: Config | None = None, *, drop_error: Callable[[], Exception] = ConnectionDroppedError) -> Apps:
    """The clouds and their admin API, for a server or for `httpx.ASGITransport`.

    `drop_error` makes what an in-process client gets where a fault rule drops its connection, for example
    `lambda: httpx.RemoteProtocolError("dropped")`; under a server the connection is really closed.
    """
    world = World(config)
    return Apps(
        world,
        CloudApp(world, GcoreCloud(), drop_error),
        CloudApp(world, OpenAICloud(), drop_error),
        CloudApp(world, GatewayCloud(), drop_error),
        admin_app(world),
    )
