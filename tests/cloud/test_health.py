"""Whether an account works, as its status will say: seen through the gate that the answers are reported to."""

import pytest

from caas_operator.cloud.gate import Gate
from caas_operator.cloud.health import Health
from caas_operator.core.errors import CloudError, Forbidden, Throttled, Unauthenticated, Unavailable
from tests.support.clock import FakeClock


class Watched:
    """A gate whose changes of health are written down."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seen: list[Health] = []
        self.gate = Gate(self.clock, 100.0, 100, on_change=self.seen.append)

    async def fail(self, error: CloudError, scope: str = "", *, listing: bool = False) -> None:
        self.gate.failed(await self.gate.admit(scope), error, scope, listing=listing)

    async def succeed(self, scope: str = "", *, listing: bool = False) -> None:
        self.gate.succeeded(await self.gate.admit(scope), scope, listing=listing)

    def shown(self) -> list[str]:
        return [type(health.error).__name__ if health.error else "fine" for health in self.seen]


async def test_an_account_that_flips_says_so_once_each_time() -> None:
    watched = Watched()
    for _ in range(3):
        await watched.fail(Unavailable("cannot connect: refused"))
    for _ in range(3):
        await watched.succeed()
    assert watched.shown() == ["Unavailable", "fine"]


async def test_an_account_stays_ill_from_the_first_time_on() -> None:
    watched = Watched()
    start = watched.clock.now()
    await watched.fail(Unavailable("cannot connect: refused"))
    await watched.clock.advance(100)
    await watched.fail(Unavailable("cannot connect: refused"))
    assert watched.gate.health().since == start
    await watched.succeed()
    assert (watched.gate.health().since, watched.gate.health().last_success) == (start + 100, start + 100)


async def test_an_answer_to_a_call_sent_before_the_trouble_does_not_cure_it() -> None:
    watched = Watched()
    before = await watched.gate.admit()
    await watched.fail(Throttled("slow down", retry_after=1.0))
    watched.gate.succeeded(before)
    assert watched.shown() == ["Throttled"]


async def test_a_5xx_is_the_accounts_trouble_only_where_a_list_gets_it() -> None:
    watched = Watched()
    await watched.fail(Unavailable("HTTP 500", status=500), "caas/1/2")
    assert watched.shown() == []
    await watched.fail(Unavailable("HTTP 500", status=500), "caas/1/2", listing=True)
    await watched.succeed("caas/1/2")
    await watched.succeed("inference/1", listing=True)
    assert watched.shown() == ["Unavailable"]
    assert watched.gate.health().scope == "caas/1/2"
    await watched.succeed("caas/1/2", listing=True)
    assert watched.shown() == ["Unavailable", "fine"]


async def test_a_scope_that_nobody_lists_any_more_is_forgotten() -> None:
    watched = Watched()
    await watched.fail(Forbidden("not yours", status=403), "caas/9/9", listing=True)
    await watched.clock.advance(1000)
    await watched.succeed("caas/1/2", listing=True)
    assert watched.shown() == ["Forbidden", "fine"]


async def refused() -> None:
    raise Unauthenticated("no")


async def test_the_error_that_health_shows_holds_no_traceback() -> None:
    watched = Watched()
    with pytest.raises(Unauthenticated) as caught:
        await refused()
    await watched.fail(caught.value)
    shown = watched.gate.health().error
    assert isinstance(shown, Unauthenticated)
    assert shown.__traceback__ is None
