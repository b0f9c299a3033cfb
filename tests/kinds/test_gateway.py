"""A sandbox behind a gateway, engine and all: what a gateway does otherwise than the cloud behind it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from caas_operator.simulator.switches import GATEWAY
from tests.kinds.test_lives import UNHEARD, alone, of_cloud, with_needs
from tests.support.engine.lives import Life
from tests.support.engine.simulated import SimulatedWorld

Json = dict[str, Any]
Start = Callable[..., SimulatedWorld]
BEHIND: Json = {"accountRef": {"kind": "ClusterCloudAccount", "name": "gateway"}, "provider": "openai"}
CREATE = "gateway.containers.create"
LIST = "gateway.containers.list"


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    begun: list[SimulatedWorld] = []

    def begin(profile: str = "documented", **switches: str | float) -> SimulatedWorld:
        begun.append(SimulatedWorld(profile, **switches))
        begun[-1].start()
        return begun[-1]

    yield begin
    for world in begun:
        await world.process.stop()


def begin(world: SimulatedWorld, name: str = "box", **spec: Any) -> Life:
    return Life.begin(world, "SandboxContainer", name, **(BEHIND | spec))


def made(world: SimulatedWorld) -> int:
    """How many sandboxes the gateway has made for us, whatever it answered."""
    return sum(entry.done for entry in world.asked(CREATE))


def fault(world: SimulatedWorld, operation: str, effect: str, **fields: Any) -> None:
    world.clouds.faults.add({"operation": operation, "effect": effect, "count": 1} | fields)


ELSEWHERE_HERE = {"gateway_last_id_cursor", "azure_list"}
"""Met by tests of their own below."""

WORLDS: list[tuple[str, Json]] = [
    *((profile, {}) for profile in ("documented", "opposite", "mix")),
    *(
        ("documented", with_needs(name, value))
        for name, value in alone(GATEWAY | of_cloud("gateway"))
        if name not in UNHEARD.keys() | ELSEWHERE_HERE
    ),
]


@pytest.mark.parametrize(("profile", "switches"), WORLDS, ids=str)
async def test_a_sandbox_lives_behind_a_gateway(start: Start, profile: str, switches: Json) -> None:
    world = start(profile, **switches)
    life = begin(world, replacePolicy="Recreate")
    await life.ready()
    await life.edit(memoryLimit="4g")
    assert life.in_cloud()["memory_limit"] == "4g"
    await life.delete()
    assert life.all_in_cloud() == []
    assert {entry.operation.partition(".")[0] for entry in world.asked()} == {"gateway"}
    assert set(switches.items()) <= world.met, "the clouds were never asked what this switch answers"


async def test_every_call_carries_the_virtual_key_in_its_own_header_and_none_a_bearer(start: Start) -> None:
    world = start()
    await begin(world).ready()
    assert world.asked()
    for entry in world.asked():
        assert entry.headers["x-bf-vk"] == "sk-bf-gateway"
        assert "authorization" not in entry.headers


async def test_of_the_two_surfaces_the_one_in_openais_format_is_used_and_names_the_provider(start: Start) -> None:
    """Surface B writes what it is sent, secrets included, into its log and back into the answer [BF]."""
    world = start()
    life = begin(world)
    await life.ready()
    await life.delete()
    for entry in world.asked():
        assert entry.path.startswith("/openai/v1/containers")
        assert (b'"provider":"openai"' in entry.body.replace(b" ", b"")) or "provider=openai" in entry.query


@pytest.mark.parametrize("field", ["networkPolicy", "skills"])
async def test_what_surface_a_drops_without_a_word_is_refused_by_us(start: Start, field: str) -> None:
    skill = {"type": "skillReference", "skillId": "skill_1"}
    value: Any = {"networkPolicy": {"type": "disabled"}, "skills": [skill]}[field]
    world = start()
    life = begin(world, "box", **{field: value})
    await world.run(60)
    assert world.server.says(life.uid, "Stalled") == "True InvalidSpec"
    assert world.asked(CREATE) == []


@pytest.mark.parametrize("last_id", ["rejected", "accepted"])
async def test_pages_are_followed_by_the_cursor_of_the_gateway(start: Start, last_id: str) -> None:
    """Ours is found, and not made twice, behind two pages of others that came after it."""
    world = start(gateway_last_id_cursor=last_id)
    fault(world, CREATE, "do_then_respond", status=504)
    life = begin(world)
    await world.run(5)
    for number in range(250):
        other: Json = {"name": f"other-{number}", "expires_after": {"anchor": "last_active_at", "minutes": 20}}
        world.change("create", "sandbox", account="openai/key-1", body=other)
    await life.ready()
    await world.run(70)
    assert made(world) == len(life.all_in_cloud()) == 1
    cursors = [entry.query for entry in world.asked(LIST) if "after=" in entry.query]
    assert len(cursors) >= 2
    assert all(entry.status == 200 for entry in world.asked(LIST)), "a cursor was refused"


async def test_with_several_provider_keys_each_keys_sandboxes_are_seen(start: Start) -> None:
    """A create goes to one of the keys, and what it made is found and deleted whichever that was."""
    world = start()
    world.change("mutate", "keys", set={"gateway_provider": ["key-1", "key-2", "key-3"]})
    lives = [begin(world, f"box{number}") for number in range(12)]
    for life in lives:
        await life.ready()
    used = {one.account for one in world.clouds.sandboxes.known.values()}
    assert len(used) > 1
    await world.run(300)
    for life in lives:
        assert world.server.says(life.uid) == "True Available"
        await life.delete()
        assert life.all_in_cloud() == []


@pytest.mark.parametrize("status", [504, 500, 429])
async def test_a_create_that_happened_although_the_gateway_said_otherwise_is_found(start: Start, status: int) -> None:
    world = start()
    fault(world, CREATE, "do_then_respond", status=status)
    life = begin(world)
    await life.ready()
    assert made(world) == len(life.all_in_cloud()) == 1


async def test_a_429_without_retry_after_slows_the_account_down_by_itself(start: Start) -> None:
    world = start()
    life = begin(world)
    await life.ready()
    before = len(world.asked())
    fault(world, "gateway.*", "respond", status=429, count=None)
    await world.run(600)
    tries = [entry.time for entry in world.asked()[before:]]
    assert 2 <= len(tries) <= 20
    assert world.server.says(life.uid) == "True Available"
    world.clouds.faults.remove()
    await world.run(120)
    assert world.asked(LIST)[-1].status == 200


async def test_a_200_with_an_error_inside_is_no_sandbox_and_no_empty_list(start: Start) -> None:
    inside = {"is_bifrost_error": True, "status_code": 502, "error": {"message": "upstream is down"}}
    world = start()
    life = begin(world)
    await life.ready()
    fault(world, LIST, "respond", status=200, body=inside, count=3)
    await world.run(300)
    assert world.server.says(life.uid) == "True Available", "an error was read as an empty list"
    assert len(life.all_in_cloud()) == 1
    fault(world, CREATE, "respond", status=200, body=inside)
    second = begin(world, "second")
    await second.ready()
    assert len(second.all_in_cloud()) == 1
    assert len([entry for entry in world.asked(CREATE) if "second" in str(entry.body)]) == 2


@pytest.mark.parametrize("metadata", ["ignored", "rejected", "echoed"])
async def test_metadata_is_sent_and_a_refusal_of_it_is_told(start: Start, metadata: str) -> None:
    world = start(gateway_metadata=metadata)
    life = begin(world, metadata={"team": "tools"})
    if metadata == "rejected":
        await life.until(lambda: world.server.says(life.uid, "Stalled") == "True InvalidSpec", "told")
        assert (made(world), life.all_in_cloud()) == (0, [])
    else:
        await life.ready()
        await world.run(300)
        assert (made(world), world.server.says(life.uid, "Synced")) == (1, "True InSync")
    assert b'"team"' in world.asked(CREATE)[0].body
    await life.delete()


async def test_a_provider_that_lists_after_all_is_used(start: Start) -> None:
    world = start(azure_list="allowed")
    life = begin(world, provider="azure")
    await life.ready()
    assert (made(world), len(life.all_in_cloud())) == (1, 1)
    await life.delete()
    assert life.all_in_cloud() == []
    assert ("azure_list", "allowed") in world.met


async def test_a_provider_that_cannot_list_is_told_and_nothing_is_made(start: Start) -> None:
    world = start(azure_list="refused")
    life = begin(world, provider="azure")
    await world.run(60)
    assert world.server.says(life.uid, "Stalled") == "True InvalidSpec"
    assert world.asked(CREATE) == []
    await life.delete()
