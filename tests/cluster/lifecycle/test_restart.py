"""A restart, a rebuilt cluster, ten quiet minutes: nothing is written and nothing is made."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.conftest import CRDS
from tests.support.accounts import apply_accounts
from tests.support.world import CREATE, DELETE, KINDS, UPDATE, World, api_client, condition, world_of


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.5, operate=False) as world:
        yield world


def mutations(world: World) -> int:
    return world.simulator.counters().calls(*CREATE.values(), *UPDATE.values(), *DELETE.values())


def test_a_restart_writes_nothing_and_asks_only_for_lists(world: World) -> None:
    with world.operating() as operator:
        for kind in KINDS:
            for number in range(5):
                world.create(kind, f"kept-{number}")
        for kind in KINDS:
            for number in range(5):
                world.wait_ready(kind, f"kept-{number}")
        assert operator.stop() == 0
    writes = {(kind, n): world.writes(kind, f"kept-{n}") for kind in KINDS for n in range(5)}
    before = world.simulator.counters()
    with world.operating() as operator:
        passes = 'caas_operator_passes_total{kind="%s",outcome="serving"} 5.0'
        del passes
        world.wait(lambda: quiet(world, before), told="every list was asked for")
        operator.stop()
    assert {(kind, n): world.writes(kind, f"kept-{n}") for kind in KINDS for n in range(5)} == writes
    asked = world.simulator.counters().minus(before)
    lists = {"gcore.caas.list", "gcore.inference.list", "openai.containers.list", "gateway.containers.list"}
    assert set(asked) <= lists | {"gcore.projects.list"}, asked


def quiet(world: World, before: object) -> bool:
    grown = world.simulator.counters().minus(before)  # type: ignore[arg-type]
    return {"gcore.caas.list", "gcore.inference.list", "openai.containers.list"} <= set(grown)


def test_ten_quiet_minutes_cost_no_write_and_no_get_of_a_sandbox(world: World) -> None:
    world.simulator.switch("list_refreshes", "no")  # else each LIST is a use, and moves the sandboxes' expiresAt
    with world.operating():
        for kind in KINDS:
            for number in range(5):
                world.create(kind, f"calm-{number}", **({"expiresAfter": {"minutes": 20}} if "Sandbox" in kind else {}))
        for kind in KINDS:
            for number in range(5):
                world.wait_ready(kind, f"calm-{number}")
        writes = {(kind, n): world.writes(kind, f"calm-{n}") for kind in KINDS for n in range(5)}
        before, changed = world.simulator.counters(), mutations(world)
        for _ in range(10):
            world.resync()
        assert {(kind, n): world.writes(kind, f"calm-{n}") for kind in KINDS for n in range(5)} == writes
        grown = world.simulator.counters().minus(before)
        assert "openai.containers.get" not in grown
        assert mutations(world) == changed
        assert sum(grown.values()) <= 10 * 8, grown


def test_a_rebuilt_cluster_with_the_same_id_takes_its_fleet_back_and_another_does_not(world: World) -> None:
    kinds = tuple(UPDATE)
    with world.operating(cluster_id="home") as operator:
        for kind in kinds:
            world.create(kind, "fleet")
            world.wait_ready(kind, "fleet")
        operator.stop()
    changed = mutations(world)
    with running_control_plane(audit=True) as plane:
        plane.kubectl("apply", "--server-side", f"--filename={CRDS}")
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
        plane.kubectl("create", "namespace", world.namespace)
        apply_accounts(plane, world.simulator)
        with api_client(plane) as http:
            rebuilt = World(plane, world.simulator, world.namespace, http)
            with rebuilt.operating(cluster_id="elsewhere") as operator:
                for kind in kinds:
                    rebuilt.create(kind, "fleet")
                    obj = rebuilt.wait_condition(kind, "fleet", "Stalled", "True", "Conflict")
                    assert not obj["metadata"].get("finalizers")
                    rebuilt.delete(kind, "fleet")
                    rebuilt.wait_gone(kind, "fleet")
                operator.stop()
            assert mutations(world) == changed
            with rebuilt.operating(cluster_id="home") as operator:
                for kind in kinds:
                    rebuilt.create(kind, "fleet")
                    obj = rebuilt.wait_ready(kind, "fleet")
                    assert condition(obj, "Stalled") is None
                    assert rebuilt.writes(kind, "fleet") <= 3 + world.between(kind)
                operator.stop()
            assert mutations(world) == changed


def test_two_hundred_at_once_cost_one_post_each_and_shared_lists(world: World) -> None:
    count = 200
    with world.operating():
        for number in range(count):
            world.create("CaasContainer", f"many-{number}")
        world.wait(
            lambda: (
                sum(bool((condition(o, "Ready") or {}).get("status") == "True") for o in world.objects("CaasContainer"))
                == count
            ),
            seconds=60,
            told="all ready",
        )
        counters = world.simulator.counters()
        assert counters.calls("gcore.caas.create") == count
        own = counters.calls() - counters.calls("gcore.caas.list", "gcore.tasks.list", "gcore.projects.list")
        shared = counters.calls("gcore.caas.list", "gcore.tasks.list")
        assert own / count <= 1.3
        assert shared <= 100, counters.operations
        for number in range(0, count, 20):
            assert world.writes("CaasContainer", f"many-{number}") <= 3 + world.between("CaasContainer")
