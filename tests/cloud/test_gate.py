import asyncio
from collections.abc import Awaitable

import pytest

from caas_operator.cloud.gate import MAX_FREEZE_SECONDS, REFUSED_LIST_SECONDS, Cause, Gate
from caas_operator.core.errors import (
    CloudError,
    Conflict,
    Forbidden,
    Held,
    NotFound,
    QuotaExceeded,
    Rejected,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from tests.support.clock import FakeClock, settle


async def held(admission: Awaitable[int]) -> Held:
    with pytest.raises(Held) as caught:
        await admission
    return caught.value


async def test_a_burst_goes_out_at_once_and_the_rest_at_the_rate() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=2.0, burst=3)
    times: list[float] = []

    async def call() -> None:
        await gate.admit()
        times.append(clock.now())

    start = clock.now()
    tasks = [asyncio.create_task(call()) for _ in range(7)]
    await clock.advance(10)
    await asyncio.gather(*tasks)

    assert [time - start for time in times] == [0, 0, 0, 0.5, 1.0, 1.5, 2.0]


async def test_calls_go_out_in_the_order_they_came_but_urgent_ones_first() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=1)
    order: list[str] = []

    async def call(name: str, *, urgent: bool = False) -> None:
        await gate.admit(urgent=urgent)
        order.append(name)

    tasks = [asyncio.create_task(call(name)) for name in ("first", "second", "third", "fourth")]
    await settle()
    tasks += [asyncio.create_task(call(name, urgent=True)) for name in ("delete", "keep-alive")]
    await clock.advance(10)
    await asyncio.gather(*tasks)

    assert order == ["first", "delete", "keep-alive", "second", "third", "fourth"]


@pytest.mark.parametrize("left", range(4))
async def test_one_that_stops_waiting_holds_up_nobody(left: int) -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=1)
    tasks = [asyncio.create_task(gate.admit()) for _ in range(5)]
    await settle()
    cancelled = tasks.pop(left + 1)
    cancelled.cancel()
    await clock.advance(3)

    assert sorted(await asyncio.gather(*tasks)) == [1, 2, 3, 4]
    assert cancelled.cancelled()
    assert clock.sleepers == 0


async def test_the_backlog_tells_how_long_a_call_would_wait() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=2.0, burst=1)
    assert gate.backlog_seconds() == 0
    tasks = [asyncio.create_task(gate.admit()) for _ in range(4)]
    await settle()

    assert gate.backlog_seconds() == pytest.approx(2.0)
    await clock.advance(5)
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(7.0, 7.0), (3600.0, MAX_FREEZE_SECONDS), (None, 1.0), (0.0, 1.0)]
)
async def test_a_429_freezes_the_account_for_as_long_as_the_cloud_says(
    retry_after: float | None, seconds: float
) -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=100.0, burst=100)
    gate.failed(await gate.admit(), Throttled("slow down", status=429, retry_after=retry_after))
    await clock.advance(seconds - 0.5)
    assert gate.backlog_seconds() == pytest.approx(0.5)

    waiting = asyncio.create_task(gate.admit())
    await clock.advance(0.4)
    assert not waiting.done()
    await clock.advance(0.2)
    assert await waiting == 2


async def test_during_a_long_freeze_calls_are_refused_at_once_and_it_can_be_seen_before() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=100.0, burst=100)
    gate.failed(await gate.admit(), Throttled("slow down", retry_after=30.0))

    error = await held(gate.admit(urgent=True))
    blocked = gate.blocked()

    assert (error.code, error.retry_after, error.ambiguous) == (Cause.FROZEN, 30.0, False)
    assert blocked is not None
    assert (blocked.cause, blocked.until) == (Cause.FROZEN, clock.now() + 30)
    await clock.advance(30)
    assert gate.blocked() is None


async def test_those_already_in_line_are_sent_away_when_a_freeze_begins() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=1)
    ticket = await gate.admit()
    waiting = [asyncio.create_task(gate.admit()) for _ in range(3)]
    await settle()
    gate.failed(ticket, Throttled("slow down", retry_after=100.0))
    await clock.advance(2)

    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [Held, Held, Held]


async def test_those_already_in_line_are_sent_away_at_once_when_the_credential_is_refused() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=0.01, burst=1)
    ticket = await gate.admit()
    waiting = [asyncio.create_task(gate.admit()) for _ in range(3)]
    await settle()
    gate.failed(ticket, Unauthenticated("no"))
    await settle()

    # The first in line sleeps until the next token; the others need not wait for it.
    assert [task.done() for task in waiting] == [False, True, True]
    await clock.advance(100)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [Held, Held, Held]


async def test_after_a_thaw_the_account_starts_gently_and_urgent_calls_go_first() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=50)
    gate.failed(await gate.admit(), Throttled("slow down", retry_after=30.0))
    await clock.advance(29.5)
    order: list[tuple[str, float]] = []
    thaw = clock.now() + 0.5

    async def call(name: str, *, urgent: bool = False) -> None:
        await gate.admit(urgent=urgent)
        order.append((name, clock.now() - thaw))

    tasks = [asyncio.create_task(call("create")), asyncio.create_task(call("list"))]
    await settle()
    tasks.append(asyncio.create_task(call("delete", urgent=True)))
    await clock.advance(60)
    await asyncio.gather(*tasks)

    assert order == [("delete", 0), ("create", 1), ("list", 2)]


async def test_a_429_without_a_time_freezes_twice_as_long_each_time_but_once_for_all_calls_in_flight() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=100.0, burst=100)
    tickets = [await gate.admit() for _ in range(5)]
    for ticket in tickets:
        gate.failed(ticket, Throttled("slow down"))
    assert gate.backlog_seconds() == pytest.approx(1.0)

    for expected in (2.0, 4.0, 8.0):
        await clock.advance(100)
        gate.failed(await gate.admit(), Throttled("slow down"))
        assert gate.backlog_seconds() == pytest.approx(expected)
    await clock.advance(100)
    gate.succeeded(await gate.admit())
    gate.failed(await gate.admit(), Throttled("slow down"))
    assert gate.backlog_seconds() == pytest.approx(1.0)


async def test_a_503_that_names_a_time_freezes_as_well() -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    gate.failed(await gate.admit(), Unavailable("maintenance", status=503, retry_after=60.0))
    assert gate.blocked() is not None


async def test_a_401_opens_the_breaker_until_the_credential_changes() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=100.0, burst=100)
    gate.failed(await gate.admit("caas/1/2"), Unauthenticated("the credential is not accepted"), "caas/1/2")
    await clock.advance(3600)

    for scope in ("caas/1/2", "inference/9", ""):
        error = await held(gate.admit(scope))
        assert (error.code, error.retry_after) == (Cause.CREDENTIALS, None)
    gate.close()
    assert gate.blocked() is None
    await gate.admit()


async def test_a_probe_passes_the_open_breaker_and_closes_it_when_it_succeeds() -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    gate.failed(await gate.admit(), Unauthenticated("no"))
    ticket = await gate.admit(probe=True)
    assert gate.blocked() is not None
    gate.succeeded(ticket, probe=True)
    assert gate.blocked() is None


async def test_a_probe_does_not_pass_a_freeze() -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    gate.failed(await gate.admit(), Throttled("slow down", retry_after=30.0))
    assert (await held(gate.admit(probe=True))).code == Cause.FROZEN


async def test_a_late_401_to_the_old_credential_does_not_open_the_breaker_for_the_new_one() -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    old = await gate.admit()
    gate.close()
    gate.failed(old, Unauthenticated("no"))
    assert gate.blocked() is None
    assert gate.health().error is None


async def test_a_403_on_a_list_holds_its_own_scope_and_asks_again_after_a_while() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=100.0, burst=100)
    gate.failed(await gate.admit("caas/9/9"), Forbidden("not yours"), "caas/9/9", listing=True)

    assert (await held(gate.admit("caas/9/9"))).code == Cause.CREDENTIALS
    assert gate.blocked("caas/9/9") is not None
    assert gate.blocked() is None
    await gate.admit("caas/1/2")
    await clock.advance(REFUSED_LIST_SECONDS)
    gate.succeeded(await gate.admit("caas/9/9"), "caas/9/9", listing=True)
    assert gate.blocked("caas/9/9") is None


async def test_a_changed_credential_opens_every_scope() -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    gate.failed(await gate.admit("caas/9/9"), Forbidden("not yours"), "caas/9/9", listing=True)
    gate.close()
    await gate.admit("caas/9/9")


@pytest.mark.parametrize("kind", [Rejected, Forbidden, NotFound, Conflict, QuotaExceeded])
async def test_what_befalls_a_single_object_is_neither_held_nor_the_accounts_ill_health(
    kind: type[CloudError],
) -> None:
    gate = Gate(FakeClock(), rate=100.0, burst=100)
    gate.failed(await gate.admit("caas/1/2"), kind("no", status=403), "caas/1/2")
    assert gate.blocked("caas/1/2") is None
    assert gate.health().error is None


async def test_a_process_that_does_not_lead_calls_no_cloud() -> None:
    leading = True
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=1, leading=lambda: leading)
    await gate.admit()
    waiting = asyncio.create_task(gate.admit())
    await settle()
    leading = False
    await clock.advance(5)

    assert (await held(waiting)).code == Cause.NOT_LEADING
    assert (await held(gate.admit(probe=True))).code == Cause.NOT_LEADING


async def test_a_changed_rate_counts_from_now_on() -> None:
    clock = FakeClock()
    gate = Gate(clock, rate=1.0, burst=1)
    await gate.admit()
    gate.retune(10.0, 5)
    assert gate.backlog_seconds() == pytest.approx(0.1)
    await clock.advance(10)
    for _ in range(5):
        await gate.admit()
    assert gate.backlog_seconds() == pytest.approx(0.1)
