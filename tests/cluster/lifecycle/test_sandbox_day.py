"""A day of sandboxes: those that nobody uses end by themselves, those that are kept alive end when they are to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import World, condition, world_of

SBX = "SandboxContainer"
DAY = 86_400
STEPS = 100
STEP = DAY / STEPS
"""14.4 minutes: more than the half of a sandbox's 20, after which it is touched, and less than the whole."""

IDLE = 200
HOURS = 24
EXPIRED = 20_000


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane) as world:
        # Where a LIST is a use, none that we look at is ever idle, and none is left to be kept alive.
        world.simulator.switch("list_refreshes", "no")
        yield world


def test_nothing_is_done_to_two_hundred_sandboxes_that_nobody_keeps_alive_whatever_piles_up(world: World) -> None:
    names = [f"idle-{number}" for number in range(IDLE)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(world.create, SBX), names))
    world.wait(partial(all_are, world, "Ready"), seconds=60, told="all are Ready")
    for _ in range(3):
        world.simulator.advance(8 * 60)
        world.wait(partial(is_listed, world, len(lists(world))), told="listed at the resync")
    world.resync()
    world.wait(partial(all_are, world, "Complete"), told="all have expired")
    until_then = lists(world)
    for _ in range(HOURS):
        pile_up(world)
        checked = world.simulator.counters().calls("openai.containers.list")
        world.simulator.advance(3600)
        world.wait(partial(is_checked, world, checked), told="the account was looked after")
    assert lists(world) == until_then, "there is nothing to look for"
    counters = world.simulator.counters()
    assert counters.activity == {}, "a sandbox was used"
    assert sum(counters.created.values()) == counters.calls("openai.containers.create") == IDLE
    used = {name for name in counters.operations if name.startswith("openai.")}
    assert used == {"openai.containers.create", "openai.containers.list"}
    found = world.simulator.listed("sandboxes")
    assert len(found) == IDLE + EXPIRED // HOURS * HOURS
    assert {item["status"] for item in found} == {"expired"}


def test_a_sandbox_that_is_kept_alive_lives_until_its_deadline_and_no_longer(world: World) -> None:
    deadlines = {f"kept-{steps}": STEP * (steps + 0.5) for steps in (1, 2, 30, 60, 99, 140)}
    for name, deadline in deadlines.items():
        world.create(SBX, name, keepAlive=True, activeDeadlineSeconds=int(deadline))
    ids = {name: world.wait_ready(SBX, name)["status"]["externalId"] for name in deadlines}
    for step in range(1, STEPS + 1):
        world.simulator.advance(STEP)
        alive = {ids[name] for name, deadline in deadlines.items() if deadline > step * STEP}
        world.wait(partial(are_living, world, alive), told=f"{len(alive)} live after step {step}")
        world.wait(partial(are_touched, world, alive, step), told=f"each was touched in step {step}")
    for name, deadline in deadlines.items():
        if deadline < DAY:
            obj = world.wait_condition(SBX, name, "Complete", "True", "Expired")
            assert "activeDeadlineSeconds" in condition(obj, "Complete")["message"]  # type: ignore[index]
    assert world.simulator.counters().calls("openai.containers.create") == len(deadlines)
    touches = world.simulator.counters().activity
    assert touches == {ids[name]: min(int(deadline // STEP), STEPS) for name, deadline in deadlines.items()}


def pile_up(world: World) -> None:
    """Sandboxes of others that have expired unused."""
    old = {"action": "create", "kind": "sandbox", "body": {"name": "old"}, "age_seconds": 1800}
    world.simulator.call("POST", "/state", [old] * (EXPIRED // HOURS))


def lists(world: World) -> list[int]:
    """The LISTs, page by page, but for those that only ask whether the credential works."""
    return [
        entry.seq for entry in world.simulator.journal("openai.containers.list") if "limit=1&" not in f"{entry.query}&"
    ]


def is_listed(world: World, before: int) -> bool:
    return len(lists(world)) > before


def is_checked(world: World, before: int) -> bool:
    return world.simulator.counters().calls("openai.containers.list") > before


def all_are(world: World, type_: str) -> bool:
    return all((condition(obj, type_) or {}).get("status") == "True" for obj in world.objects(SBX))


def are_living(world: World, ids: set[str]) -> bool:
    """Exactly these live; fails at once where one of them has expired."""
    found = {item["id"]: item["status"] for item in world.simulator.listed("sandboxes")}
    assert "expired" not in found.values(), "one has expired although it is to be kept alive"
    return found.keys() == ids


def are_touched(world: World, ids: set[str], times: int) -> bool:
    activity = world.simulator.counters().activity
    return all(activity.get(id_, 0) >= times for id_ in ids)
