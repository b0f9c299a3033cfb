"""The work queue: one entry a key, turns between accounts, urgency within them, delays."""

import asyncio

import pytest

from caas_operator.core.model import Key
from caas_operator.core.queue import Priority, WorkQueue
from tests.support.clock import FakeClock, settle

URGENT, EDIT, NEW, FOLLOW, RESYNC = Priority


def key(name: str) -> Key:
    return Key("Box", name)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> WorkQueue:
    return WorkQueue(clock, 2)


async def take(queue: WorkQueue) -> str:
    got = await asyncio.wait_for(queue.get(), 1)
    assert got is not None
    return got.uid


async def empty(queue: WorkQueue) -> bool:
    getting = asyncio.create_task(queue.get())
    await settle()
    if getting.done():
        return False
    getting.cancel()
    return True


async def test_keys_of_one_urgency_come_in_order(queue: WorkQueue) -> None:
    for name in "abc":
        queue.add(key(name), EDIT)
    assert [await take(queue), await take(queue)] == ["a", "b"]


async def test_a_key_that_is_added_twice_comes_once(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    queue.add(key("a"), EDIT)
    assert await take(queue) == "a"
    assert await empty(queue)


async def test_the_more_urgent_go_first(queue: WorkQueue) -> None:
    for name, priority in zip("abcde", (RESYNC, FOLLOW, NEW, EDIT, URGENT), strict=True):
        queue.add(key(name), priority)
    order = []
    for _ in Priority:
        order.append(await take(queue))
        queue.done(key(order[-1]))
    assert order == ["e", "d", "c", "b", "a"]


async def test_a_key_moves_to_the_front_and_not_back(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    queue.add(key("b"), FOLLOW)
    queue.add(key("b"), URGENT)
    queue.add(key("b"), RESYNC)
    assert await take(queue) == "b"
    queue.done(key("b"))
    assert await take(queue) == "a"
    queue.done(key("a"))
    assert await empty(queue), "the place that b left behind is stale"


async def test_no_two_workers_have_one_key(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    assert await take(queue) == "a"
    queue.add(key("a"), URGENT)
    assert await empty(queue)
    queue.done(key("a"))
    assert await take(queue) == "a"


async def test_what_changed_during_the_work_comes_again_once_with_its_highest_urgency(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    await take(queue)
    queue.add(key("a"), RESYNC)
    queue.add(key("a"), URGENT)
    queue.add(key("b"), EDIT)
    queue.done(key("a"))
    assert await take(queue) == "a"
    queue.done(key("a"))
    assert await take(queue) == "b"
    queue.done(key("b"))
    assert await empty(queue)


async def test_accounts_take_turns(queue: WorkQueue) -> None:
    for number in range(5):
        queue.add(key(f"huge{number}"), EDIT, "huge")
    queue.add(key("small"), RESYNC, "small")
    assert "small" in [await take(queue), await take(queue)]


async def test_an_account_has_so_many_workers_and_no_more(queue: WorkQueue) -> None:
    for name in "abc":
        queue.add(key(name), EDIT, "one")
    await take(queue)
    await take(queue)
    assert await empty(queue), "two a group"
    queue.add(key("x"), RESYNC, "two")
    assert await take(queue) == "x"
    queue.done(key("a"))
    assert await take(queue) == "c"


async def test_a_key_that_moves_to_another_account_frees_its_place(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    queue.add(key("b"), EDIT)
    await take(queue)
    await take(queue)
    queue.add(key("c"), EDIT)
    assert await empty(queue)
    queue.done(key("a"), group="other")
    assert await take(queue) == "c"
    queue.add(key("a"), EDIT)
    assert await take(queue) == "a", "its new account has room"


async def test_a_key_waiting_in_one_account_is_handed_out_once_after_moving(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT, "one")
    queue.add(key("a"), URGENT, "two")
    assert await take(queue) == "a"
    queue.done(key("a"))
    assert await empty(queue)


async def test_a_key_added_into_another_account_with_the_same_urgency_is_not_lost(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT, "one")
    queue.add(key("a"), EDIT, "two")
    assert await take(queue) == "a"
    queue.done(key("a"))
    assert await empty(queue)


async def test_a_delayed_key_comes_at_its_time(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    queue.add_at(key("a"), clock.now() + 10)
    await clock.advance(9)
    assert await empty(queue)
    await clock.advance(2)
    assert await take(queue) == "a"
    running.cancel()


async def test_of_several_times_the_earliest_counts(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    await settle()
    for wait in (30, 10, 20):
        queue.add_at(key("a"), clock.now() + wait)
    await clock.advance(11)
    assert await take(queue) == "a"
    queue.done(key("a"))
    await clock.advance(60)
    assert await empty(queue), "the later ones are forgotten"
    running.cancel()


async def test_a_sooner_time_wakes_who_waits_for_a_later_one(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    queue.add_at(key("late"), clock.now() + 1000)
    await settle()
    queue.add_at(key("soon"), clock.now() + 1)
    await clock.advance(2)
    assert await take(queue) == "soon"
    running.cancel()


async def test_done_with_a_time_comes_again_then(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    queue.add(key("a"), EDIT)
    await take(queue)
    queue.done(key("a"), again_at=clock.now() + 5)
    assert await empty(queue)
    await clock.advance(6)
    assert await take(queue) == "a"
    running.cancel()


async def test_a_time_that_comes_during_the_work_is_not_lost(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    queue.add(key("a"), EDIT)
    await take(queue)
    queue.add_at(key("a"), clock.now() + 1)
    await clock.advance(5)
    assert await empty(queue)
    queue.done(key("a"))
    assert await take(queue) == "a"
    running.cancel()


async def test_a_wake_before_its_time_keeps_the_time(queue: WorkQueue, clock: FakeClock) -> None:
    """An edit is served at once; what was to be looked at in an hour still is."""
    running = asyncio.create_task(queue.run_delays())
    queue.add_at(key("a"), clock.now() + 100)
    queue.add(key("a"), EDIT)
    await take(queue)
    queue.done(key("a"))
    await clock.advance(101)
    assert await take(queue) == "a"
    running.cancel()


async def test_what_is_forgotten_has_no_time(queue: WorkQueue, clock: FakeClock) -> None:
    running = asyncio.create_task(queue.run_delays())
    queue.add(key("a"), EDIT)
    await take(queue)
    queue.add_at(key("a"), clock.now() + 5)
    queue.forget(key("a"))
    queue.done(key("a"))
    await clock.advance(60)
    assert await empty(queue)
    assert sum(queue.depth().values()) == 0
    running.cancel()


async def test_nothing_of_a_key_is_kept_after_it_is_forgotten(queue: WorkQueue) -> None:
    for number in range(100):
        queue.add(key(f"n{number}"), EDIT)
        await take(queue)
        if number % 2:
            queue.forget(key(f"n{number}"))
            queue.done(key(f"n{number}"))
        else:
            queue.done(key(f"n{number}"))
            queue.forget(key(f"n{number}"))
    assert queue._entries == {}


async def test_nothing_of_an_account_is_kept_after_its_last_key(queue: WorkQueue) -> None:
    """Accounts come and go for months; each leaves nothing behind that every turn passes."""
    for number in range(50):
        queue.add(key("a"), EDIT, f"account{number}")
        await take(queue)
        queue.done(key("a"))
    assert len(queue._turns) <= 2


async def test_a_closed_queue_hands_out_nothing_and_takes_nothing(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    queue.close()
    assert await asyncio.wait_for(queue.get(), 1) is None
    queue.add(key("b"), URGENT)
    assert queue.depth()[URGENT] == 0


async def test_closing_wakes_all_who_wait(queue: WorkQueue) -> None:
    waiting = [asyncio.create_task(queue.get()) for _ in range(3)]
    await settle()
    queue.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 1) == [None, None, None]


async def test_several_getters_each_get_one(queue: WorkQueue) -> None:
    waiting = [asyncio.create_task(queue.get()) for _ in range(2)]
    await settle()
    queue.add(key("a"), EDIT)
    queue.add(key("b"), EDIT)
    await settle()
    assert {one.result() for one in waiting} == {key("a"), key("b")}


async def test_depth_counts_those_in_line_by_urgency(queue: WorkQueue) -> None:
    queue.add(key("a"), EDIT)
    queue.add(key("b"), EDIT)
    queue.add(key("c"), RESYNC)
    await take(queue)
    assert queue.depth() == {URGENT: 0, NEW: 0, EDIT: 1, FOLLOW: 0, RESYNC: 1}
