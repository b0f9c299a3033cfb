"""exportTo: the endpoint, of a numbered kind the id, in a ConfigMap of the object's own."""

from typing import Any

import pytest

from caas_operator.kube.errors import ClusterRefused, ClusterUnavailable
from tests.core.crashing import dying_everywhere, nothing
from tests.core.passes import BOTH, ready, uid_of
from tests.support.engine.outside import FakeConfigMap
from tests.support.engine.world import World

FORBIDDEN = ClusterRefused("configmaps is forbidden: User operator cannot create it", status=403, reason="Forbidden")
FIELD = "spec.exportTo.configMapKeyRef: ConfigMap team/where"


def to(name: str = "where", key: str = "url") -> dict[str, Any]:
    return {"configMapKeyRef": {"name": name, "key": key}}


def held(world: World, name: str = "where") -> dict[str, str]:
    found = world.outside.config_maps.maps.get(name)
    return dict(found.data) if found else {}


def said(world: World, uid: str, type_: str = "Ready") -> str:
    return str((world.server.condition(uid, type_) or {}).get("message"))


@BOTH
async def test_the_endpoint_is_there_when_the_object_is_ready_and_costs_no_write_to_it(world: World, kind: str) -> None:
    uid = world.server.apply(kind, "one", image="a", exportTo=to())
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    expected = {"Box": "https://one.example", "Cell": world.server.status(uid)["externalId"]}[kind]
    assert held(world) == {"url": expected}
    assert world.server.status(uid)["exportedTo"] == {"name": "where", "key": "url"}
    assert world.server.writes == {"Box": ["metadata", "status", "status"], "Cell": ["metadata", "status"]}[kind]


async def test_who_does_not_ask_for_it_costs_no_call(world: World) -> None:
    uid = await ready(world)
    await world.run(600, step=5)
    assert world.outside.config_maps.reads == 0
    assert "exportedTo" not in world.server.status(uid)


async def test_in_an_hour_of_peace_it_is_looked_at_once_a_resync_and_never_written(world: World) -> None:
    await ready(world, exportTo=to())
    world.outside.config_maps.reads = 0
    world.outside.config_maps.writes.clear()
    await world.run(3600, step=5)
    assert world.outside.config_maps.writes == world.server.writes == []
    assert 50 <= world.outside.config_maps.reads <= 62


async def test_passes_over_an_object_that_has_published_read_nothing(world: World) -> None:
    uid = await ready(world, exportTo=to())
    world.outside.config_maps.reads = 0
    for policy in ("Retain", "Delete", "Retain"):
        world.server.edit(uid, deletionPolicy=policy)
        await world.run(5)
    assert world.server.writes == ["status"] * 3
    assert world.outside.config_maps.reads == 0


async def test_a_restart_reads_it_once_and_writes_nothing(world: World) -> None:
    await ready(world, exportTo=to())
    await world.restart()
    world.outside.config_maps.reads = 0
    world.outside.config_maps.writes.clear()
    await world.run(30)
    assert world.outside.config_maps.writes == world.server.writes == []
    assert world.outside.config_maps.reads == 1


async def test_a_restart_while_the_api_server_hangs_says_nothing_of_a_ready_object(world: World) -> None:
    uid = await ready(world, exportTo=to())
    await world.restart()
    world.outside.config_maps.failure = ClusterUnavailable("no answer")
    await world.run(120)
    assert (world.server.says(uid), world.server.writes) == ("True Available", [])
    world.outside.config_maps.failure = None
    del world.outside.config_maps.maps["where"]
    await world.run(60)
    assert held(world) == {"url": "https://one.example"}


@pytest.mark.parametrize("trouble", ["changed", "cleared", "deleted"])
async def test_what_others_did_to_it_is_mended_within_a_resync(world: World, trouble: str) -> None:
    await ready(world, exportTo=to())
    maps = world.outside.config_maps.maps
    if trouble == "deleted":
        del maps["where"]
    else:
        maps["where"].data = {"theirs": "x"} | ({"url": "wrong"} if trouble == "changed" else {})
    await world.run(75)
    assert held(world)["url"] == "https://one.example"
    assert ("theirs" in held(world)) is (trouble != "deleted")
    assert world.server.writes == []


async def test_a_new_endpoint_is_published(world: World) -> None:
    await ready(world, exportTo=to())
    world.boxes.things["1/one"].wire["address"] = "https://moved.example"
    await world.run(75)
    assert held(world) == {"url": "https://moved.example"}
    assert world.server.writes == ["status"]


async def test_what_left_the_spec_is_taken_out_and_nothing_else(world: World) -> None:
    uid = await ready(world, exportTo=to())
    world.outside.config_maps.maps["where"].data["theirs"] = "x"
    world.server.edit(uid, exportTo=None)
    await world.run(5)
    assert held(world) == {"theirs": "x"}
    assert "exportedTo" not in world.server.status(uid)
    assert world.server.writes == ["status"]
    await world.run(600, step=5)
    assert held(world) == {"theirs": "x"}


@pytest.mark.parametrize(("name", "key"), [("where", "address"), ("elsewhere", "url")])
async def test_another_target_takes_the_place_of_the_first_also_over_a_restart(
    world: World, name: str, key: str
) -> None:
    uid = await ready(world, exportTo=to())
    await world.process.stop()
    world.server.edit(uid, exportTo=to(name, key))
    world.start()
    await world.run(5)
    assert held(world, name) == {key: "https://one.example"}
    assert "url" not in held(world)
    assert world.server.status(uid)["exportedTo"] == {"name": name, "key": key}


async def test_what_belongs_to_another_is_left_alone_and_the_field_is_named_once(world: World) -> None:
    world.outside.config_maps.maps["where"] = FakeConfigMap("Deployment web", {"url": "theirs"})
    uid = world.server.apply("Box", "one", image="a", exportTo=to())
    await world.run(600, step=5)
    assert held(world) == {"url": "theirs"}
    told = f"{FIELD} belongs to Deployment web: choose another name, or delete it"
    assert (world.server.says(uid), said(world, uid)) == ("False Conflict", told)
    assert world.server.says(uid, "Reconciling") == "True ProgressingWithRetry"
    assert world.server.says(uid, "Stalled") == "-"
    assert world.process.events.told == [("Warning", "Conflict", told)]
    assert world.server.writes == ["metadata", "status", "status"]
    assert world.server.status(uid)["appliedFields"] == []
    assert world.boxes.calls["create"] == 1


async def test_when_it_goes_the_object_becomes_ready_by_itself(world: World) -> None:
    world.outside.config_maps.maps["where"] = FakeConfigMap("", {"url": "theirs"})
    uid = world.server.apply("Box", "one", image="a", exportTo=to())
    await world.run(60)
    assert said(world, uid) == f"{FIELD} exists and is not this object's: choose another name, or delete it"
    del world.outside.config_maps.maps["where"]
    await world.run(75)
    assert world.server.says(uid) == "True Available"
    assert held(world) == {"url": "https://one.example"}


async def test_a_missing_right_is_told_and_an_object_that_serves_stays_ready_at_its_generation(world: World) -> None:
    uid = await ready(world)
    world.outside.config_maps.failure = FORBIDDEN
    world.server.edit(uid, exportTo=to())
    await world.run(600, step=5)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 1)
    assert said(world, uid, "Synced") == f"{FIELD} cannot be written: {FORBIDDEN}"
    assert world.server.writes == ["status"]
    assert world.outside.config_maps.reads <= 40, "a hot loop"
    world.outside.config_maps.failure = None
    await world.run(75)
    shown = world.server.condition(uid, "Ready")
    assert shown is not None
    assert (shown["status"], shown["observedGeneration"]) == ("True", 2)


async def test_the_second_of_two_objects_is_told_of_the_first(world: World) -> None:
    first = await ready(world, exportTo=to())
    second = world.server.apply("Box", "two", image="a", exportTo=to())
    await world.run(60)
    assert held(world) == {"url": "https://one.example"}
    assert world.server.says(first) == "True Available"
    assert world.server.says(second) == "False Conflict"


async def test_observe_only_publishes_too(world: World) -> None:
    world.boxes.put("one", image="theirs")
    uid = world.server.apply("Box", "one", managementPolicy="ObserveOnly", exportTo=to())
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    assert held(world) == {"url": "https://one.example"}
    assert world.boxes.mutations() == 0


@BOTH
async def test_dying_anywhere_leaves_it_published_and_the_resource_alone(kind: str) -> None:
    def check(world: World, where: str) -> None:
        uid = uid_of(world)
        assert world.server.says(uid) == "True Available", where
        expected = {"Box": "https://one.example", "Cell": world.server.status(uid)["externalId"]}[kind]
        assert held(world) == {"url": expected}, where
        assert world.server.status(uid)["exportedTo"] == {"name": "where", "key": "url"}, where
        assert max(world.cloud(kind).most_alive.values()) == 1, where
        assert len(world.outside.config_maps.writes) == 1, where

    def act(world: World) -> None:
        world.server.apply(kind, "one", image="a", exportTo=to())

    assert await dying_everywhere(nothing, act, check) >= 10


async def test_dying_anywhere_on_the_way_to_another_target_leaves_one() -> None:
    async def begin(world: World) -> None:
        await ready(world, exportTo=to())

    def check(world: World, where: str) -> None:
        assert (held(world), held(world, "elsewhere")) == ({}, {"url": "https://one.example"}), where
        assert world.server.says(uid_of(world)) == "True Available", where

    points = await dying_everywhere(
        begin, lambda world: world.server.edit(uid_of(world), exportTo=to("elsewhere")), check
    )
    assert points >= 6
