import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from caas_operator.app.clock import FollowingClock, SystemClock


class Simulator:
    """The simulator's clock as its admin API shows it."""

    offset = 0.0
    failing = False
    asked = 0

    async def clock(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.failing:
            return web.Response(status=500, text="broken")
        return web.json_response({"now": "2027-01-15T08:00:00Z", "offset_seconds": self.offset})

    async def seen(self) -> None:
        """Returns when a question that began after now has been answered."""
        target = self.asked + 2
        async with asyncio.timeout(5):
            while self.asked < target:  # noqa: ASYNC110 - the other side is a server without events
                await asyncio.sleep(0.01)


@pytest.fixture
async def simulator() -> AsyncIterator[tuple[Simulator, str]]:
    simulated = Simulator()
    app = web.Application()
    app.router.add_get("/clock", simulated.clock)
    async with TestServer(app, host="127.0.0.1") as server:
        yield simulated, str(server.make_url("/"))


def test_the_systems_clock_is_wall_time_that_ignores_steps_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 1
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= clock.now() < before + 5


async def test_the_systems_clock_sleeps_until_its_time_has_come() -> None:
    clock = SystemClock()
    when = clock.now() + 0.05
    await clock.sleep_until(when)
    assert clock.now() >= when
    await clock.sleep_until(when - 100)


async def test_a_following_clock_starts_where_the_simulator_is(simulator: tuple[Simulator, str]) -> None:
    simulated, url = simulator
    simulated.offset = 7200.0
    async with FollowingClock(url) as clock:
        assert abs(clock.now() - time.time() - 7200) < 5


async def test_a_jump_wakes_those_whose_time_has_come_and_nobody_else(simulator: tuple[Simulator, str]) -> None:
    simulated, url = simulator
    async with FollowingClock(url) as clock:
        start = clock.now()
        soon = asyncio.create_task(clock.sleep_until(start + 3600))
        late = asyncio.create_task(clock.sleep_until(start + 36000))
        await simulated.seen()
        assert not soon.done()
        simulated.offset = 7200.0
        await asyncio.wait_for(soon, 5)
        assert clock.now() >= start + 3600
        assert not late.done()
        simulated.offset = 72000.0
        await asyncio.wait_for(late, 5)


async def test_it_sleeps_without_a_jump_too(simulator: tuple[Simulator, str]) -> None:
    _, url = simulator
    async with FollowingClock(url) as clock:
        when = clock.now() + 0.05
        await clock.sleep_until(when)
        assert clock.now() >= when


async def test_it_never_goes_back(simulator: tuple[Simulator, str]) -> None:
    simulated, url = simulator
    simulated.offset = 3600.0
    async with FollowingClock(url) as clock:
        before = clock.now()
        simulated.offset = 0.0
        await simulated.seen()
        assert clock.now() >= before


async def test_it_keeps_the_last_offset_while_the_simulator_fails(simulator: tuple[Simulator, str]) -> None:
    simulated, url = simulator
    simulated.offset = 3600.0
    async with FollowingClock(url) as clock:
        simulated.failing = True
        await simulated.seen()
        assert clock.now() - time.time() > 3590
        simulated.failing, simulated.offset = False, 7200.0
        await asyncio.wait_for(clock.sleep_until(time.time() + 7000), 5)


async def test_a_simulator_that_is_not_there_is_an_error_at_once(simulator: tuple[Simulator, str]) -> None:
    simulated, url = simulator
    simulated.failing = True
    with pytest.raises(aiohttp.ClientError):
        async with FollowingClock(url):
            pass
