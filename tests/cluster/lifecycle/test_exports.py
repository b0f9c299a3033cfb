"""exportTo on a real API server: ConfigMaps that their objects own, written once, and nobody else's touched."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cluster.control_plane import running_control_plane
from tests.conftest import CRDS
from tests.support.exports import config_map, data, is_gone, path, to, writes_to
from tests.support.world import CLOUD_KIND, KINDS, Json, World, condition, world_of


def exported(obj: Json) -> str:
    field = "externalId" if obj["kind"] == "SandboxContainer" else "endpoint"
    return str(obj["status"][field])


@pytest.mark.parametrize("kind", KINDS)
def test_a_ready_object_has_published_its_endpoint_in_a_config_map_of_its_own(world: World, kind: str) -> None:
    name = f"of-{kind.lower()}"
    world.create(kind, "exporting", exportTo=to(name))
    obj = world.wait_ready(kind, "exporting")
    found = config_map(world, name)
    assert found is not None
    assert found["data"] == {"url": exported(obj)}
    (owner,) = found["metadata"]["ownerReferences"]
    expected = (kind, "exporting", obj["metadata"]["uid"], True)
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == expected
    assert obj["status"]["exportedTo"] == {"name": name, "key": "url"}
    assert world.writes(kind, "exporting") <= 3 + world.between(kind)
    world.resync()
    world.resync()
    assert len(writes_to(world, name)) == 1
    assert world.writes(kind, "exporting") <= 3 + world.between(kind)


def test_what_others_did_to_it_is_mended_at_the_resync(world: World) -> None:
    world.create("CaasContainer", "mended", exportTo=to("mended"))
    obj = world.wait_ready("CaasContainer", "mended")
    world.http.delete(path(world, "mended")).raise_for_status()
    world.resync()
    world.wait(lambda: data(world, "mended") == {"url": exported(obj)}, told="made again")


def test_a_moved_address_is_followed(world: World) -> None:
    world.create("CaasContainer", "moved", exportTo=to("moved"))
    world.wait_ready("CaasContainer", "moved")
    address = "https://elsewhere.example/"
    world.simulator.change("mutate", CLOUD_KIND["CaasContainer"], name="moved", region=76, set={"address": address})
    world.resync()
    world.wait(lambda: data(world, "moved") == {"url": address}, told="followed")


def test_what_leaves_the_spec_is_taken_out_and_other_keys_stay(world: World) -> None:
    world.create("CaasContainer", "leaving", exportTo=to("leaving"))
    world.wait_ready("CaasContainer", "leaving")
    merge = {"Content-Type": "application/merge-patch+json"}
    world.http.patch(path(world, "leaving"), json={"data": {"mine": "x"}}, headers=merge).raise_for_status()
    world.edit("CaasContainer", "leaving", exportTo=to("leaving", "address"))
    obj = world.wait_ready("CaasContainer", "leaving")
    assert data(world, "leaving") == {"mine": "x", "address": exported(obj)}
    world.edit("CaasContainer", "leaving", exportTo=None)
    obj = world.wait_ready("CaasContainer", "leaving")
    assert data(world, "leaving") == {"mine": "x"}
    assert "exportedTo" not in obj["status"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_belongs_to_others_is_left_alone_and_told(world: World, kind: str) -> None:
    name = f"theirs-{kind.lower()}"
    world.create_config_map(name, url="theirs")
    world.create(kind, "conflicting", exportTo=to(name))
    obj = world.wait_condition(kind, "conflicting", "Ready", "False", "Conflict")
    told = f"spec.exportTo.configMapKeyRef: ConfigMap {world.namespace}/{name} exists and is not this object's"
    assert (condition(obj, "Synced") or {})["message"].startswith(told)
    assert condition(obj, "Stalled") is None
    world.wait(lambda: [one for one in world.events("conflicting") if told in one["message"]], told="an event")
    assert (data(world, name), writes_to(world, name)) == ({"url": "theirs"}, [])
    world.http.delete(path(world, name)).raise_for_status()
    world.simulator.advance(61)
    obj = world.wait_ready(kind, "conflicting")
    assert data(world, name) == {"url": exported(obj)}


def test_what_is_only_observed_is_published_too(world: World) -> None:
    body = {"name": "watched", "image": "x", "listening_port": 80, "flavor": "80mCPU-128MiB"}
    body |= {"scale": {"min": 1, "max": 1}}
    world.simulator.change("create", "caas", region=76, body=body)
    minimal = dict.fromkeys(("image", "listeningPort", "flavor", "scale"))
    world.create("CaasContainer", "watched", managementPolicy="ObserveOnly", exportTo=to("watched"), **minimal)
    obj = world.wait_ready("CaasContainer", "watched")
    assert data(world, "watched") == {"url": exported(obj)}


@pytest.fixture
def collected(control_plane_programs: None) -> Iterator[World]:
    """With the controller that deletes what has lost its owner."""
    with running_control_plane(controller_manager=True) as plane:
        plane.kubectl("apply", "--server-side", f"--filename={CRDS}")
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
        with world_of(plane, task_seconds=0.3) as world:
            yield world


def test_it_goes_with_its_object_and_others_stay(collected: World) -> None:
    world = collected
    world.create_config_map("theirs", url="theirs")
    for kind in KINDS:
        world.create(kind, "going", exportTo=to(f"of-{kind.lower()}"))
    for kind in KINDS:
        world.wait_ready(kind, "going")
        world.delete(kind, "going")
    for kind in KINDS:
        world.wait_gone(kind, "going")
        world.wait(partial(is_gone, world, f"of-{kind.lower()}"), seconds=60, told="collected")
    assert data(world, "theirs") == {"url": "theirs"}
