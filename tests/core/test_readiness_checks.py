"""readinessCheck: Ready waits until the address has answered."""

import asyncio
from typing import Any

import pytest

from caas_operator.core.answering import ASKED_AT_ONCE, Answers
from caas_operator.core.model import Key
from caas_operator.core.ports import Reply
from tests.core.crashing import dying_everywhere, nothing
from tests.core.passes import ready, uid_of
from tests.support.clock import FakeClock, settle
from tests.support.engine.world import World

CHECK = {"path": "/up"}
URL = "https://one.example/up"
WAITING = f"readinessCheck: waiting for 2xx or 3xx from {URL}"


def said(world: World, uid: str) -> tuple[str, str]:
    shown = world.server.condition(uid, "Ready") or {}
    return world.server.says(uid), str(shown.get("message"))


async def test_ready_waits_for_the_address_and_costs_one_write_more(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(90)
    assert said(world, uid) == ("False Provisioning", WAITING)
    assert world.server.says(uid, "Reconciling") == "True Provisioning"
    assert world.server.says(uid, "Stalled") == "-"
    world.outside.prober.alive.add(URL)
    await world.run(31)
    assert said(world, uid) == ("True Available", "")
    assert world.server.writes == ["metadata", "status", "status", "status"]
    assert world.process.events.told == []


async def test_an_address_that_answers_at_once_costs_no_write(world: World) -> None:
    world.outside.prober.alive.add(URL)
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert world.server.writes == ["metadata", "status", "status"]
    assert world.outside.prober.asked[URL] == 1


async def test_it_is_asked_with_growing_waits_and_without_end(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(590, step=5)
    assert world.server.says(uid, "Stalled") == "-"
    await world.run(3010, step=5)
    assert said(world, uid) == ("False ProgressDeadlineExceeded", WAITING)
    assert world.server.says(uid, "Stalled") == "True ProgressDeadlineExceeded"
    assert world.server.says(uid, "Synced") == "Unknown Provisioning"
    assert 100 <= world.outside.prober.asked[URL] <= 145
    assert world.server.writes == ["metadata", "status", "status", "status"]
    assert world.boxes.calls["list"] <= 64
    assert world.process.passes <= 70
    world.outside.prober.alive.add(URL)
    await world.run(31)
    assert (said(world, uid), world.server.says(uid, "Stalled")) == (("True Available", ""), "-")


async def test_once_ready_it_is_never_asked_again(world: World) -> None:
    world.outside.prober.alive.add(URL)
    await ready(world, readinessCheck=CHECK)
    world.outside.prober.alive.clear()
    await world.run(7200, step=10)
    await world.restart()
    await world.run(3600, step=10)
    assert world.outside.prober.asked[URL] == 1
    assert world.server.writes == []


async def test_an_edit_is_ready_when_the_address_answers_again(world: World) -> None:
    world.outside.prober.alive.add(URL)
    uid = await ready(world, readinessCheck=CHECK)
    world.outside.prober.alive.clear()
    world.server.edit(uid, image="b")
    await world.run(60)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 1)
    assert world.server.says(uid, "Reconciling") == "True Updating"
    world.outside.prober.alive.add(URL)
    await world.run(31)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 2)


async def test_an_edit_that_the_cloud_does_not_see_costs_one_write(world: World) -> None:
    world.outside.prober.alive.add(URL)
    uid = await ready(world, readinessCheck=CHECK)
    world.server.edit(uid, deletionPolicy="Retain")
    await world.run(30)
    assert world.server.writes == ["status"]
    assert world.server.status(uid)["observedGeneration"] == 2


async def test_another_path_is_asked_anew(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(30)
    world.outside.prober.alive.add("https://one.example/healthz")
    world.server.edit(uid, readinessCheck={"path": "/healthz"})
    await world.run(5)
    assert world.server.says(uid) == "True Available"
    asked = world.outside.prober.asked[URL]
    await world.run(120)
    assert world.outside.prober.asked[URL] == asked


async def test_an_address_that_may_not_be_asked_is_told(world: World) -> None:
    world.outside.prober.barred.add(URL)
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(60)
    assert said(world, uid) == ("False Provisioning", "readinessCheck: the address is not public")


async def test_while_there_is_no_address_it_waits_and_goes_on_by_the_next_list(world: World) -> None:
    """A stopped Box has none; here it is one that the cloud calls serving."""
    thing = world.boxes.put("one", image="a", suspend=True)
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly", readinessCheck=CHECK)
    await world.run(30)
    assert said(world, uid) == ("False Provisioning", "readinessCheck: the cloud shows no address yet")
    world.outside.prober.alive.add(URL)
    thing.wire["suspend"] = False
    await world.run(75)
    assert world.server.says(uid) == "True Available"


@pytest.mark.parametrize("end", ["delete", "pause", "clear"])
async def test_nothing_is_asked_any_more_for_an_object_that_is_going_paused_or_asks_no_longer(
    world: World, end: str
) -> None:
    uid = world.server.apply("Box", "one", image="a", readinessCheck=CHECK)
    await world.run(30)
    if end == "delete":
        world.server.delete(uid)
    elif end == "pause":
        world.server.annotate(uid, paused="true")
    else:
        world.server.edit(uid, readinessCheck=None)
    await world.run(3)
    asked = world.outside.prober.asked[URL]
    assert asked > 0
    await world.run(300, step=5)
    assert world.outside.prober.asked[URL] == asked
    if end == "clear":
        assert world.server.says(uid) == "True Available"


async def test_it_is_published_only_when_it_answers(world: World) -> None:
    world.server.apply(
        "Box", "one", image="a", readinessCheck=CHECK, exportTo={"configMapKeyRef": {"name": "m", "key": "k"}}
    )
    await world.run(60)
    assert world.outside.config_maps.maps == {}
    world.outside.prober.alive.add(URL)
    await world.run(31)
    assert world.outside.config_maps.maps["m"].data == {"k": "https://one.example"}


async def test_dying_anywhere_ends_ready_and_not_before_it_answers() -> None:
    def act(world: World) -> None:
        world.outside.prober.alive.add(URL)
        world.server.apply("Box", "one", image="a", readinessCheck=CHECK)

    def check(world: World, where: str) -> None:
        assert world.server.says(uid_of(world)) == "True Available", where
        assert world.outside.prober.asked[URL] >= 1, where
        assert world.boxes.calls["create"] == 1 or where.endswith(("create asked", "create done")), where

    assert await dying_everywhere(nothing, act, check) >= 8


class Slow:
    """Answers when it is told to; `most` is how many asked at once."""

    def __init__(self) -> None:
        self.now, self.most, self.go = 0, 0, asyncio.Event()

    async def ask(self, url: str) -> Reply:  # noqa: ARG002 - as the protocol has it
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        self.now -= 1
        return Reply(alive=True, told="HTTP 200")


async def test_so_many_are_asked_at_once_and_no_more() -> None:
    slow, woken = Slow(), list[Key]()
    answers = Answers(slow, FakeClock(), woken.append)
    keys = [Key("Box", str(number)) for number in range(3 * ASKED_AT_ONCE)]
    assert [answers.reply(key, URL, 1) for key in keys] == [None] * len(keys)
    await settle()
    assert slow.most == ASKED_AT_ONCE
    answers.forget(keys[0])
    slow.go.set()
    await settle(50)
    assert woken == keys[1:]
    assert slow.most == ASKED_AT_ONCE
    await answers.close()


class Broken:
    async def ask(self, url: str) -> Any:
        raise RuntimeError(url)


async def test_a_defect_in_asking_is_asked_again() -> None:
    clock, woken = FakeClock(), list[Key]()
    answers = Answers(Broken(), clock, woken.append)
    key = Key("Box", "1")
    answers.reply(key, URL, 1)
    await settle()
    reply = answers.reply(key, URL, 1)
    assert reply is not None
    assert not reply.alive
    assert (woken, clock.sleepers) == ([key], 1)
    await answers.close()
