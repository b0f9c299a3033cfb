import asyncio
import time

import httpx
import pytest

from caas_operator.cloud.connections import MAX_CONNECTIONS, Connections
from tests.support.clock import settle


class Made:
    """Connections that only say whether they are closed."""

    def __init__(self) -> None:
        self.all: list[Fake] = []
        self.connections = Connections(self.make)

    def make(self) -> httpx.AsyncBaseTransport:
        self.all.append(Fake())
        return self.all[-1]

    def closed(self) -> list[bool]:
        return [one.closed for one in self.all]


class Fake(httpx.AsyncBaseTransport):
    closed = False

    async def aclose(self) -> None:
        self.closed = True


async def test_one_after_another_uses_the_same_connection() -> None:
    made = Made()
    for _ in range(5):
        async with made.connections.one():
            pass
    assert made.closed() == [False]


async def test_no_more_than_the_maximum_are_open_at_a_time() -> None:
    made = Made()
    release = asyncio.Event()

    async def use() -> None:
        async with made.connections.one():
            await release.wait()

    tasks = [asyncio.create_task(use()) for _ in range(MAX_CONNECTIONS + 10)]
    await settle()
    assert len(made.all) == MAX_CONNECTIONS
    release.set()
    await asyncio.gather(*tasks)
    assert len(made.all) == MAX_CONNECTIONS


async def test_those_that_were_idle_for_long_are_closed_when_another_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Made()
    async with made.connections.one(), made.connections.one(), made.connections.one():
        pass
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    async with made.connections.one():
        pass
    assert sum(made.closed()) == 2


async def test_one_in_use_is_closed_when_it_comes_back_after_the_end() -> None:
    made = Made()
    async with made.connections.one():
        async with made.connections.one():
            pass
        await made.connections.aclose()
        assert made.closed() == [False, True]
    assert made.closed() == [True, True]
