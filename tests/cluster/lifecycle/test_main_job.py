"""Create, update, correct, delete: each kind, counted exactly."""

from typing import Any

import pytest

from tests.support.world import CLOUD_KIND, CREATE, DELETE, KINDS, UPDATE, World, condition, reason

EDITS: dict[str, dict[str, Any]] = {
    "CaasContainer": {"image": "nginx:1.28", "scale": {"min": 2, "max": 3}},
    "InferenceDeployment": {"image": "nginx:1.28", "regions": [{"regionId": 76, "scale": {"min": 2, "max": 3}}]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_becomes_ready_with_at_most_three_writes_and_one_post(world: World, kind: str) -> None:
    world.create(kind, "counted")
    obj = world.wait_ready(kind, "counted")
    assert world.writes(kind, "counted") <= 3 + world.between(kind), world.write_log(kind, "counted")
    posts = world.simulator.journal(CREATE[kind], name="counted*")
    assert len(posts) == 1
    assert obj["status"]["externalId"]
    assert obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
    assert condition(obj, "Reconciling") is None
    assert condition(obj, "Stalled") is None
    if kind != "SandboxContainer":
        # Where the simulator serves the addresses itself, it does so without TLS.
        local = world.simulator.switch_value("gcore_addresses") == "local"
        assert obj["status"]["endpoint"].startswith("http://" if local else "https://")


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_object_leaves_nothing_in_the_cloud_with_at_most_two_writes(world: World, kind: str) -> None:
    world.create(kind, "doomed")
    world.wait_ready(kind, "doomed")
    before = world.writes(kind, "doomed")
    world.delete(kind, "doomed")
    world.wait_gone(kind, "doomed")
    assert world.writes(kind, "doomed") - before <= 2
    assert not [item for item in world.in_cloud(kind) if item["name"].startswith("doomed")]
    assert len(world.simulator.journal(DELETE[kind])) >= 1


@pytest.mark.parametrize("kind", UPDATE)
def test_an_edit_arrives_as_one_patch_of_what_changed_with_two_writes(world: World, kind: str) -> None:
    world.create(kind, "edited")
    world.wait_ready(kind, "edited")
    before = world.writes(kind, "edited")
    world.edit(kind, "edited", **EDITS[kind])
    world.wait_ready(kind, "edited")
    patches = world.simulator.journal(UPDATE[kind], name="edited")
    assert len(patches) == 1
    changed = "containers" if kind == "InferenceDeployment" else "scale"
    assert set(patches[0].body) == {"image", changed}
    assert 2 <= world.writes(kind, "edited") - before <= 2 + world.between(kind)
    assert next(item for item in world.in_cloud(kind) if item["name"] == "edited")["image"] == "nginx:1.28"


@pytest.mark.parametrize("kind", UPDATE)
def test_drift_is_corrected_at_the_resync(world: World, kind: str) -> None:
    world.create(kind, "drifting")
    world.wait_ready(kind, "drifting")
    world.simulator.change("mutate", CLOUD_KIND[kind], name="drifting", region=76, set={"image": "evil:1"})
    world.resync()
    world.wait(
        lambda: [i for i in world.in_cloud(kind) if i["name"] == "drifting" and i["image"] == "nginx:1.27"],
        told="drift corrected",
    )
    world.wait_ready(kind, "drifting")


@pytest.mark.parametrize("kind", UPDATE)
def test_what_is_deleted_in_the_cloud_is_made_again(world: World, kind: str) -> None:
    world.create(kind, "lost")
    world.wait_ready(kind, "lost")
    world.simulator.change("delete", CLOUD_KIND[kind], name="lost", region=76)
    world.resync()
    world.wait_condition(kind, "lost", "Ready", "False")
    world.wait_ready(kind, "lost")
    assert len(world.simulator.journal(CREATE[kind], name="lost")) == 2


def test_a_sandbox_that_expired_is_complete(world: World) -> None:
    world.create("SandboxContainer", "short", expiresAfter={"minutes": 1})
    world.wait_ready("SandboxContainer", "short")
    world.simulator.advance(61)
    world.resync()
    obj = world.wait_condition("SandboxContainer", "short", "Complete", "True")
    assert condition(obj, "Ready") is None
    assert reason(obj, "Complete") == "Expired"
    world.delete("SandboxContainer", "short")
    world.wait_gone("SandboxContainer", "short")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_stopped_resource_is_ready_as_suspended(world: World, kind: str) -> None:
    world.create(kind, "stopped")
    world.wait_ready(kind, "stopped")
    world.edit(kind, "stopped", suspend=True)
    world.wait_condition(kind, "stopped", "Ready", "True", "Suspended")
    world.edit(kind, "stopped", suspend=None)
    world.wait_condition(kind, "stopped", "Ready", "True", "Available")


@pytest.mark.parametrize("kind", UPDATE)
def test_an_edit_during_a_running_task_waits_for_it(world: World, kind: str) -> None:
    held = world.simulator.fault(CREATE[kind], "task_hold", name="busy")
    world.create(kind, "busy")
    world.wait_condition(kind, "busy", "Reconciling", "True")
    world.edit(kind, "busy", image="nginx:1.28")
    obj = world.wait(lambda: _seen(world, kind, "busy", 2), told="the edit is seen")
    assert reason(obj) == "Provisioning"
    assert not world.simulator.journal(UPDATE[kind], name="busy")
    world.simulator.release(held)
    world.wait_ready(kind, "busy")
    assert len(world.simulator.journal(UPDATE[kind], name="busy")) == 1


@pytest.mark.parametrize("kind", UPDATE)
def test_a_delete_during_a_running_create_waits_for_its_task(world: World, kind: str) -> None:
    held = world.simulator.fault(CREATE[kind], "task_hold", name="hasty")
    world.create(kind, "hasty")
    world.wait_condition(kind, "hasty", "Reconciling", "True")
    world.delete(kind, "hasty")
    world.wait_condition(kind, "hasty", "Ready", "False", "Deleting")
    assert not world.simulator.journal(DELETE[kind], name="hasty")
    world.simulator.release(held)
    world.wait_gone(kind, "hasty")
    assert not [item for item in world.in_cloud(kind) if item["name"] == "hasty"]


def _seen(world: World, kind: str, name: str, generation: int) -> object:
    obj = world.get(kind, name)
    return obj if obj and obj["status"].get("observedGeneration") == generation else None
