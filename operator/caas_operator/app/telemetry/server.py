"""/healthz, /readyz and /metrics over HTTP."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from caas_operator.app.settings import parse_address
from caas_operator.app.telemetry.metrics import CONTENT_TYPE, Metrics

Probe = Callable[[], str | None]
"""None while all is well, else why it is not."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probes:
    """`healthy`: restart me if this fails. `ready`: I do my work (or am a warm standby)."""

    healthy: Probe
    ready: Probe


@dataclass(frozen=True, slots=True)
class TelemetryServer:
    """What listens; the addresses are the real ones (`127.0.0.1:41234`), None where nothing does."""

    health: str | None
    metrics: str | None
    _runners: tuple[web.AppRunner, ...]

    async def close(self) -> None:
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))


async def serve(health_address: str, metrics_address: str, probes: Probes, metrics: Metrics) -> TelemetryServer:
    """Serve on `host:port` each, or nowhere where it is empty; one listener where both are the same.

    Raises OSError where an address cannot be had; nothing is left listening then.
    """
    shared = _fixed(health_address) is not None and _fixed(health_address) == _fixed(metrics_address)
    runners: list[web.AppRunner] = []
    health = measured = None
    try:
        if health_address:
            routes = _probe_routes(probes) + (_metrics_routes(metrics) if shared else [])
            health = await _listen(runners, health_address, routes)
            _logger.info("health is served at http://%s/healthz", health)
        if metrics_address:
            measured = health if shared else await _listen(runners, metrics_address, _metrics_routes(metrics))
            _logger.info("metrics are served at http://%s/metrics", measured)
    except BaseException:
        await asyncio.gather(*(runner.cleanup() for runner in runners))
        raise
    return TelemetryServer(health, measured, tuple(runners))


async def _listen(runners: list[web.AppRunner], address: str, routes: list[web.RouteDef]) -> str:
    host, port = parse_address(address)
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, host, port, reuse_address=True).start()
    return _written(runner.addresses[0])


def _written(address: tuple[str, int, *tuple[int, ...]]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _probe_routes(probes: Probes) -> list[web.RouteDef]:
    return [web.get("/healthz", _answer(probes.healthy)), web.get("/readyz", _answer(probes.ready))]


def _answer(probe: Probe) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_: web.Request) -> web.Response:
        reason = probe()
        return web.Response(status=503 if reason else 200, text=f"{reason or 'ok'}\n")

    return handle


def _metrics_routes(metrics: Metrics) -> list[web.RouteDef]:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    return [web.get("/metrics", handle)]


def _fixed(address: str) -> tuple[str, int] | None:
    """Host and port; None for no address, and for port 0, which is never the same twice."""
    parsed = parse_address(address) if address else None
    return parsed if parsed and parsed[1] else None
