"""The way of a request through a simulated cloud: journal, fault rules, rate limit, credential, handler."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Protocol

from starlette.datastructures import Headers, QueryParams
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from caas_operator.simulator.faults import Rule
from caas_operator.simulator.journal import HEADERS_KEPT, Entry
from caas_operator.simulator.wire import ApiError, Call, Reply, Route, Routes, dumps
from caas_operator.simulator.world import World


class Cloud(Protocol):
    """What one cloud adds to the common way."""

    @property
    def name(self) -> str: ...

    @property
    def routes(self) -> tuple[Route, ...]: ...

    def authorize(self, call: Call) -> None:
        """Raise ApiError unless the request carries a good credential."""

    def error_reply(self, call: Call, error: ApiError) -> Reply:
        """A refusal in this cloud's envelope."""

    def injected(self, status: int) -> ApiError:
        """What this cloud says with `status` when a fault rule gives no body."""


class ConnectionDroppedError(ConnectionError):
    """Raised to an in-process client where a real one would see its connection closed."""


@dataclass
class CloudApp:
    """One cloud as an ASGI application.

    Under uvicorn the scope carries `caas.abort`, which closes the connection; in one process with the client
    there is none, and `drop_error` makes the exception that the client gets instead.
    """

    world: World
    cloud: Cloud
    drop_error: Callable[[], Exception] = ConnectionDroppedError

    def __post_init__(self) -> None:
        self._routes = Routes(self.cloud.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call, route = await self._parse(scope, receive)
        names = route.names(call)
        kept = {name: value for name, value in call.headers.items() if name in HEADERS_KEPT}
        query = scope["query_string"].decode("latin-1")
        entry = self.world.journal.begin(
            Entry(
                0,
                self.world.now(),
                self.cloud.name,
                route.operation,
                call.method,
                call.path,
                query,
                call.raw,
                names,
                kept,
            )
        )
        status: int | None = None
        try:
            reply = await self._answer(call, route, entry)
            status = reply.status if reply else None
        finally:
            self.world.journal.finish(entry, status)
            if call.form is not None:
                await call.form.close()
        if reply is None:
            await self._drop(scope, receive)
        else:
            await self._send(call, reply, send)

    async def _parse(self, scope: Scope, receive: Receive) -> tuple[Call, Route]:
        raw = await _read(receive)
        method, path = scope["method"], scope["path"]
        by_method, params = self._routes.find(path)
        route = by_method.get(method) or self._unserved(path, list(by_method))
        query = QueryParams(scope["query_string"])
        call = Call(
            self.world,
            route.operation,
            method,
            path,
            params,
            query,
            Headers(scope=scope),
            raw,
            self.world.uuid(),
        )
        if call.headers.get("content-type", "").startswith("multipart/form-data"):
            try:
                call.form = await Request(scope, _replay(raw)).form()
            except (MultiPartException, KeyError):  # KeyError: the header names no boundary
                call.form = None
        return call, route

    def _unserved(self, path: str, methods: list[str]) -> Route:
        if methods:
            error = ApiError(405, "MethodNotAllowed", "Method Not Allowed")
            error.headers["Allow"] = ", ".join(methods)
        else:
            error = ApiError(404, "NotFoundError", "Not Found")

        def refuse(_: Call) -> Reply:
            raise error

        return Route("*", path, f"{self.cloud.name}.unknown", refuse, lambda _: ())

    async def _answer(self, call: Call, route: Route, entry: Entry) -> Reply | None:
        """The reply, or None when the connection is to be closed without one."""
        call.plan = plan = self.world.faults.plan(self.cloud.name, route.operation, entry.names)
        for rule in plan.before:
            await _wait(rule)
        end = plan.end
        if end and end.effect == "respond":
            return self._injected(call, end)
        if end and end.effect == "drop":
            return None
        reply = self._perform(call, route)
        entry.done = reply.status < 400
        for rule in plan.after:
            await _wait(rule)
        if end is None:
            return reply
        if end.effect == "do_then_drop":
            return None
        if end.effect == "malformed":
            return Reply(200, reply.body[: len(reply.body) // 2] or b"{")
        return self._injected(call, end)

    def _perform(self, call: Call, route: Route) -> Reply:
        world, cloud = self.world, self.cloud.name
        world.settle()
        try:
            credential = call.headers.get("authorization") or call.headers.get("x-bf-vk", "")
            if not world.limiter.take(cloud, credential, world.now()):
                error = self.cloud.injected(429)
                if seconds := world.switches.number(f"{cloud}_rate_limit_retry_after"):
                    error.headers["Retry-After"] = f"{seconds:g}"
                raise error
            self.cloud.authorize(call)
            return route.handler(call)
        except ApiError as error:
            return self._refuse(call, error)

    def _refuse(self, call: Call, error: ApiError) -> Reply:
        reply = self.cloud.error_reply(call, error)
        reply.headers.update(error.headers)
        return reply

    def _injected(self, call: Call, rule: Rule) -> Reply:
        if rule.body is None:
            reply = self._refuse(call, self.cloud.injected(rule.status))
        elif isinstance(rule.body, str):
            reply = Reply(rule.status, rule.body.encode(), media_type="text/plain; charset=utf-8")
        else:
            reply = Reply(rule.status, dumps(rule.body))
        reply.headers.update(rule.headers)
        if rule.retry_after is not None:
            value = rule.retry_after
            reply.headers["Retry-After"] = value if isinstance(value, str) else f"{value:g}"
        return reply

    async def _send(self, call: Call, reply: Reply, send: Send) -> None:
        world, cloud = self.world, self.cloud.name
        headers = {"x-request-id": call.request_id}
        if world.switches.word(f"{cloud}_date_header") == "present":
            wrong = world.switches.number(f"{cloud}_date_header_offset_seconds")
            headers["date"] = formatdate(world.now() + wrong, usegmt=True)
        if reply.status != 204:
            headers["content-type"] = reply.media_type
            headers["content-length"] = str(len(reply.body))
        headers |= {name.lower(): value for name, value in reply.headers.items()}
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        abort = scope.get("caas.abort")
        if abort is None:
            raise self.drop_error()
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(raw: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive


async def _wait(rule: Rule) -> None:
    if rule.effect == "hold":
        await rule.released.wait()
    else:
        await asyncio.sleep(rule.seconds)
