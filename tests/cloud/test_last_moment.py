"""The gate is asked once more when the connection stands, over real connections: making one takes a while."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestServer

from caas_operator.cloud.call import Call
from caas_operator.cloud.connections import connection_maker, trust
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.answers import an_object
from caas_operator.cloud.sending import _Backend
from caas_operator.cloud.transport import Transport
from caas_operator.core.errors import Held
from tests.support.clock import FakeClock
from tests.support.wire import a_gcore, cloud

WRITE = Call("test.write", "POST", "/write", body={"a": 1})
BEFORE_SENDING = 2
"""How often a call asks before it has a connection: when it is let out, and when it is its turn to get one."""


class Lead:
    """Leads for so many questions."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


@asynccontextmanager
async def served(lead: Lead) -> AsyncIterator[tuple[Transport, list[str]]]:
    """A transport to a server that takes every request, and what arrived there."""
    arrived: list[str] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(request.method)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("")).rstrip("/")
        clock = FakeClock()
        transport = a_gcore(cloud(), clock, Gate(clock, 1000.0, 1000, leading=lead)).transport
        transport._base = url
        transport._connections._make = connection_maker(httpx.URL(url), trust())
        try:
            yield transport, arrived
        finally:
            await transport.aclose()


async def test_a_call_that_was_let_out_is_not_sent_when_the_lead_is_lost_while_it_connects() -> None:
    async with served(Lead(BEFORE_SENDING)) as (transport, arrived):
        with pytest.raises(Held) as caught:
            await transport.call(WRITE, an_object)
        assert caught.value.code == "not-leading"
        assert caught.value.__context__ is None
        assert arrived == []


async def test_it_is_asked_at_each_call_also_on_a_connection_that_stands() -> None:
    async with served(Lead(2 * BEFORE_SENDING + 1)) as (transport, arrived):
        assert await transport.call(WRITE, an_object) == {}
        assert len(arrived) == 1
        with pytest.raises(Held):
            await transport.call(WRITE, an_object)
        assert len(arrived) == 1


async def test_a_connection_on_which_nothing_was_sent_does_no_harm_to_the_next_call() -> None:
    lead = Lead(BEFORE_SENDING)
    async with served(lead) as (transport, arrived):
        with pytest.raises(Held):
            await transport.call(WRITE, an_object)
        lead.left = 100
        assert await transport.call(WRITE, an_object) == {}
        assert len(arrived) == 1


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def test_what_is_written_is_with_the_kernel_before_anything_else_happens(
    run: Callable[[Coroutine[Any, Any, bytes]], bytes],
) -> None:
    """A loop that collects writes until the end of a round would send them after a stop that fell in between."""

    async def write() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            stream = await _Backend().connect_tcp("127.0.0.1", listener.getsockname()[1])
            far, _ = listener.accept()
            with far:
                await stream.write(b"at once")
                arrived = far.recv(100, socket.MSG_DONTWAIT)
            await stream.aclose()
            return arrived

    assert run(write()) == b"at once"
