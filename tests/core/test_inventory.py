"""The shared LIST: one call for all who ask at once, and news for those who subscribed."""

import asyncio
from collections.abc import Sequence

import pytest

from caas_operator.core.errors import Unavailable
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import External, Health, Key
from tests.support.clock import settle
from tests.support.engine.world import TickingClock


def item(name: str, *, marker: str | None = None, health: Health = Health.SERVING, id_: str = "") -> External:
    return External(id=id_ or f"1/{name}", name=name, health=health, wire={}, marker=marker)


class Cloud:
    def __init__(self) -> None:
        self.items: list[External] = []
        self.asked: list[float | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def fetch(self, oldest: float | None) -> Sequence[External]:
        self.asked.append(oldest)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return list(self.items)


class Shelf:
    def __init__(self) -> None:
        self.clock, self.cloud, self.woken = TickingClock(), Cloud(), list[str]()
        self.inventory = Inventory(self.cloud.fetch, self.clock, lambda key: self.woken.append(key.uid))

    async def listed(self, *, waiter: str | None = None) -> None:
        """A new LIST, with the time that has to pass between two."""
        asking = asyncio.create_task(self.inventory.listing(self.clock.now(), Key("Box", waiter) if waiter else None))
        await settle()
        await self.clock.advance(5)
        await asking

    def subscribe(self, uid: str, *tokens: str, since: float = 0.0) -> None:
        self.inventory.subscribe(Key("Box", uid), frozenset(tokens), since)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_those_who_ask_at_once_share_one_call(shelf: Shelf) -> None:
    now = shelf.clock.now()
    listings = await asyncio.gather(*(shelf.inventory.listing(now) for _ in range(50)))
    assert len(shelf.cloud.asked) == 1
    assert all(listing is listings[0] for listing in listings)


async def test_a_listing_that_is_new_enough_costs_nothing(shelf: Shelf) -> None:
    before = shelf.clock.now()
    await shelf.inventory.listing(before)
    await shelf.inventory.listing(before)
    assert len(shelf.cloud.asked) == 1


async def test_a_listing_under_way_that_began_too_early_is_not_enough(shelf: Shelf) -> None:
    """Who wrote after it began must not take it for news."""
    shelf.cloud.gate.clear()
    first = asyncio.create_task(shelf.inventory.listing(shelf.clock.now()))
    await settle()
    wrote = shelf.clock.now()
    second = asyncio.create_task(shelf.inventory.listing(wrote))
    await settle()
    shelf.cloud.gate.set()
    await settle()
    await shelf.clock.advance(5)
    assert (await first).begun < wrote < (await second).begun
    assert len(shelf.cloud.asked) == 2


async def test_a_failure_is_told_to_all_who_wait_and_the_next_asks_again(shelf: Shelf) -> None:
    shelf.cloud.error = Unavailable("no")
    now = shelf.clock.now()
    answers = await asyncio.gather(*(shelf.inventory.listing(now) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    shelf.cloud.error = None
    await shelf.inventory.listing(now)
    assert len(shelf.cloud.asked) == 2


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(shelf: Shelf) -> None:
    shelf.cloud.gate.clear()
    now = shelf.clock.now()
    impatient = asyncio.create_task(shelf.inventory.listing(now))
    patient = asyncio.create_task(shelf.inventory.listing(now))
    await settle()
    impatient.cancel()
    await settle()
    shelf.cloud.gate.set()
    assert (await patient).begun > now
    assert len(shelf.cloud.asked) == 1


async def test_the_first_list_wakes_nobody(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == []


@pytest.mark.parametrize("token", ["one", "1/one", "mark"])
async def test_a_change_wakes_who_subscribed_by_name_id_or_marker(shelf: Shelf, token: str) -> None:
    shelf.subscribe("a", token)
    shelf.subscribe("b", "another")
    shelf.cloud.items = [item("one", marker="mark")]
    await shelf.listed()
    shelf.cloud.items = [item("one", marker="mark", health=Health.BROKEN)]
    await shelf.listed()
    assert set(shelf.woken) == {"a"}


async def test_what_did_not_change_wakes_nobody_and_is_not_kept_twice(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    first = shelf.inventory.last.by_name["one"]
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == []
    assert shelf.inventory.last.by_name["one"] is first


async def test_what_appears_and_what_goes_wakes(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    await shelf.listed()
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == ["a"]
    shelf.cloud.items = []
    await shelf.listed()
    assert shelf.woken == ["a", "a"]


async def test_a_lost_marker_wakes_who_knows_it_by_its_marker(shelf: Shelf) -> None:
    shelf.subscribe("a", "mark")
    shelf.cloud.items = [item("one", marker="mark")]
    await shelf.listed()
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert "a" in shelf.woken


async def test_who_waits_for_the_answer_is_not_woken_by_it(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    shelf.subscribe("b", "one")
    await shelf.listed()
    shelf.cloud.items = [item("one")]
    await shelf.listed(waiter="a")
    assert shelf.woken == ["b"]


async def test_who_waited_once_is_woken_the_next_time(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    await shelf.listed(waiter="a")
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == ["a"]


async def test_who_unsubscribed_is_not_woken_and_leaves_nothing(shelf: Shelf) -> None:
    shelf.subscribe("a", "one", "two")
    await shelf.listed()
    shelf.inventory.unsubscribe(Key("Box", "a"))
    shelf.inventory.unsubscribe(Key("Box", "a"))
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == []
    assert not shelf.inventory.wanted
    assert not shelf.inventory._subscribers


async def test_a_new_subscription_replaces_the_old_one(shelf: Shelf) -> None:
    shelf.subscribe("a", "one")
    shelf.subscribe("a", "two")
    await shelf.listed()
    shelf.cloud.items = [item("one")]
    await shelf.listed()
    assert shelf.woken == []
    shelf.cloud.items = [item("two")]
    await shelf.listed()
    assert shelf.woken == ["a"]


async def test_a_list_goes_back_to_the_oldest_that_is_wanted(shelf: Shelf) -> None:
    shelf.subscribe("a", "one", since=500.0)
    shelf.subscribe("b", "two", since=300.0)
    await shelf.listed()
    assert shelf.cloud.asked == [300.0]
    assert shelf.inventory.last.oldest == 300.0
    shelf.inventory.unsubscribe(Key("Box", "b"))
    await shelf.listed()
    assert shelf.cloud.asked[-1] == 500.0


async def test_several_of_one_marker_are_all_found(shelf: Shelf) -> None:
    shelf.cloud.items = [item("one", marker="m", id_="x"), item("one", marker="m", id_="y")]
    await shelf.listed()
    assert [one.id for one in shelf.inventory.last.by_marker["m"]] == ["x", "y"]


async def test_a_burst_of_lists_is_spaced(shelf: Shelf) -> None:
    """Those who come while one is under way share the next one."""

    async def one_after_another() -> None:
        for _ in range(20):
            await shelf.inventory.listing(shelf.clock.now())

    asking = asyncio.create_task(one_after_another())
    await shelf.clock.advance(1)
    assert 1 <= len(shelf.cloud.asked) <= 8
    asking.cancel()
