"""Who leads, and until when: processes that share a Lease in memory and a clock that a test moves."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from caas_operator.app.election import LOOK_SECONDS, Election, Times
from caas_operator.app.fence import Fence
from caas_operator.app.leadership import Leadership
from caas_operator.core.errors import NotLeading
from caas_operator.kube.errors import ClusterRefused
from tests.support.clock import FakeClock, settle
from tests.support.lease import LeaseInMemory, LeaseSeenBy, unavailable

TIMES = Times(duration=15, renew_deadline=10, retry=2)


class Machine:
    """One process and its own clock, which a test can let lag behind: that is a process which is stopped."""

    def __init__(self, name: str, server: LeaseInMemory) -> None:
        self.clock = FakeClock()
        self.lease = LeaseSeenBy(server)
        self.fence = Fence(self.clock.now)
        self.election = Election(self.lease, name, self.clock, TIMES, self.fence)
        self.task: asyncio.Task[str] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.election.run())

    def leads(self) -> bool:
        return self.fence.leads()

    def was_stopped(self, seconds: float) -> None:
        """As by SIGSTOP: time went by and no timer fired."""
        self.clock._now += seconds

    @property
    def lost(self) -> str | None:
        return self.task.result() if self.task is not None and self.task.done() else None

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


class Room:
    def __init__(self) -> None:
        self.server = LeaseInMemory()
        self.one, self.two = Machine("one", self.server), Machine("two", self.server)

    async def pass_time(self, seconds: float, *machines: Machine) -> None:
        """In steps, so that no machine is ever far ahead; both leading at once is never right."""
        left = seconds
        while left > 0:
            step = min(0.25, left)
            left -= step
            for machine in machines or (self.one, self.two):
                await machine.clock.advance(step)
            assert not (self.one.leads() and self.two.leads())

    async def one_leads(self) -> None:
        self.one.start()
        await settle()
        self.two.start()
        await settle()
        assert self.one.leads()
        assert self.one.election.won.is_set()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    await room.one.stop()
    await room.two.stop()


async def test_the_first_one_makes_the_lease_and_the_other_stands_by(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(120)
    assert room.one.leads()
    assert room.server.holder == "one"
    assert room.two.lease.calls.count("take") == 0
    assert room.server.spec is not None
    assert room.server.spec["leaseTransitions"] == 0
    # One renewal every 2 seconds, not one more.
    assert room.one.lease.calls.count("renew") == 60


async def test_a_leader_that_dies_is_followed_when_its_lease_has_expired(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(3)
    await room.one.stop()
    # Its last renewal was at 2, and the other saw it by then and a look later.
    await room.pass_time(2 + TIMES.duration - 3 - 0.25)
    assert not room.two.leads()
    await room.pass_time(2 * LOOK_SECONDS + 0.5)
    assert room.two.leads()
    assert room.server.spec is not None
    assert room.server.spec["leaseTransitions"] == 1


async def test_who_resigns_is_followed_at_the_next_look(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(5)
    await room.one.stop()
    await room.one.election.resign()
    assert not room.one.leads()
    assert room.server.spec is not None
    assert (room.server.spec["holderIdentity"], room.server.spec["leaseDurationSeconds"]) == ("", 1)
    await room.pass_time(LOOK_SECONDS)
    assert room.two.leads()


async def test_a_leader_whose_calls_hang_is_fenced_off_before_another_can_lead(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(4)
    room.one.lease.hangs = True
    await room.pass_time(TIMES.renew_deadline - 0.25)
    assert room.one.leads()
    await room.pass_time(0.25)
    assert not room.one.leads()
    assert room.one.lost == "it could not be renewed: no answer from the API server in time"
    assert not room.two.leads()
    await room.pass_time(TIMES.duration)
    assert room.two.leads()


async def test_a_leader_whose_calls_fail_goes_on_for_as_long_as_it_may(room: Room) -> None:
    await room.one_leads()
    room.one.lease.fails = unavailable()
    await room.pass_time(TIMES.renew_deadline - 0.25)
    assert room.one.leads()
    room.one.lease.fails = None
    await room.pass_time(20)
    assert room.one.leads()
    room.one.lease.fails = unavailable()
    await room.pass_time(TIMES.renew_deadline)
    assert not room.one.leads()
    assert room.one.lost == "it could not be renewed: connection refused"


async def test_a_leader_that_was_stopped_finds_its_fence_down_at_once(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(1)
    room.one.was_stopped(3600)
    assert not room.one.leads()
    await room.pass_time(TIMES.duration + 1, room.two)
    assert room.two.leads()
    await room.one.clock.advance(0)
    assert not room.one.leads()
    assert room.one.lost == "another process has taken it"


async def test_a_leader_that_was_stopped_and_missed_by_nobody_goes_on(room: Room) -> None:
    """That the Lease is as it left it proves that nobody led meanwhile."""
    room.one.start()
    await settle()
    room.one.was_stopped(3600)
    assert not room.one.leads()
    await room.one.clock.advance(0)
    assert room.one.leads()
    assert room.one.lost is None


async def test_a_stopped_leader_whose_lease_was_deleted_meanwhile_ends(room: Room) -> None:
    room.one.start()
    await settle()
    room.one.was_stopped(3600)
    room.server.spec = None
    await room.one.clock.advance(0)
    assert room.one.lost == "another process has taken it"


async def test_a_renewal_that_was_done_and_not_answered_is_ours(room: Room) -> None:
    await room.one_leads()
    room.one.lease.hangs = room.one.lease.late = True
    await room.pass_time(3)
    room.one.lease.hangs = room.one.lease.late = False
    await room.pass_time(30)
    assert room.one.leads()
    assert room.server.spec is not None
    assert room.server.spec["leaseTransitions"] == 0


async def test_a_deleted_lease_is_made_again_by_its_holder(room: Room) -> None:
    await room.one_leads()
    await room.pass_time(3)
    room.server.spec = None
    await room.pass_time(1)
    assert not room.two.leads()
    await room.pass_time(5)
    assert room.one.leads()
    assert room.server.holder == "one"


async def test_of_two_who_want_it_at_once_one_gets_it(room: Room) -> None:
    room.one.start()
    room.two.start()
    await settle()
    assert room.one.leads() != room.two.leads()
    await room.pass_time(60)


async def test_resigning_waits_out_a_renewal_that_is_still_being_done(room: Room) -> None:
    await room.one_leads()
    await room.one.stop()
    real, first = room.one.lease.read, True

    async def read(*, latest: bool = True) -> object:
        nonlocal first
        state = await real(latest=latest)
        if first:
            first = False
            room.server.write(state)
        return state

    room.one.lease.read = read  # type: ignore[assignment, method-assign]
    await room.one.election.resign()
    assert room.server.holder == ""


async def test_resigning_takes_no_longer_than_a_call_may(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    await room.one_leads()
    await room.one.stop()
    room.one.lease.hangs = True
    resigning = asyncio.create_task(room.one.election.resign())
    await room.one.clock.advance(TIMES.call)
    assert resigning.done()
    assert "cannot be released" in caplog.text


async def test_who_never_led_releases_nothing(room: Room) -> None:
    await room.one_leads()
    await room.two.stop()
    await room.two.election.resign()
    assert room.server.holder == "one"


async def test_a_trouble_is_told_once_and_not_at_each_look(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    room.one.lease.fails = ClusterRefused("leases is forbidden", status=403)
    room.one.start()
    await room.pass_time(20, room.one)
    assert [record.getMessage() for record in caplog.records] == ["the lease cannot be had: leases is forbidden"]


def test_a_fence_is_down_until_it_is_opened_and_when_its_time_is_up() -> None:
    clock = FakeClock()
    fence = Fence(clock.now)
    with pytest.raises(NotLeading):
        fence.check()
    fence.let_through(clock.now() + 1)
    fence.check()
    fence.let_through(clock.now())
    assert not fence.leads()
    alone = Fence.open()
    alone.check()
    alone.shut()
    assert not alone.leads()


async def test_the_loss_is_told_once_and_the_lease_is_then_left_alone(room: Room) -> None:
    told: list[bool] = []
    leadership = Leadership(room.one.fence, room.one.election)
    await leadership.win(lambda: told.append(room.one.leads()))
    assert room.one.leads()
    room.one.lease.hangs = True
    await room.pass_time(TIMES.renew_deadline, room.one)
    assert told == [False]
    assert leadership.lost.startswith("it could not be renewed")
    await leadership.resign()
    assert room.server.holder == "one"


async def test_who_resigns_wins_no_more(room: Room) -> None:
    await room.one_leads()
    leadership = Leadership(room.two.fence, room.two.election)
    await room.two.stop()
    winning = asyncio.create_task(leadership.win(lambda: None))
    await room.pass_time(1)
    await leadership.resign()
    await room.one.stop()
    await room.pass_time(60)
    assert not room.two.leads()
    assert room.server.holder == "one"
    winning.cancel()
