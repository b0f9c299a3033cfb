"""An API server that says what a test tells it to, for answers that a real one does not give on request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from caas_operator.kube.session import Session, connect

Handler = Callable[[web.Request], Awaitable[web.Response]]


def status(code: int, reason: str, message: str) -> web.Response:
    """An error as the API server words it."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
    return web.json_response(body, status=code)


def kubeconfig(
    path: Path, server: str, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "me", "user": user or {}}],
        "contexts": [{"name": "stub", "context": {"cluster": "there", "user": "me"}}],
        "current-context": "stub",
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@asynccontextmanager
async def stubbed(folder: Path, handler: Handler, user: dict[str, Any] | None = None) -> AsyncIterator[Session]:
    """A session with a server where `handler` answers everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        session = await connect(kubeconfig(folder / "kubeconfig", str(server.make_url("")).rstrip("/"), user))
        try:
            yield session
        finally:
            await session.close()
