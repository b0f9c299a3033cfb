"""Troubles of one object, engine and all, under each profile of the clouds and each switch that the trouble touches."""

from typing import Any

import pytest

from tests.support.engine.simulated import SimulatedWorld
from tests.support.engine.troubles import (
    BOX,
    DEPLOYMENT,
    WORKLOADS,
    Table,
    Trouble,
    begin,
    cases,
    fault,
    message,
    somebody,
    survive,
    told,
)

Json = dict[str, Any]
QUOTA = {"CaasContainer": "caas_container_count", "InferenceDeployment": "inference_instance_count"}
CREATED: dict[str, Json] = {
    "CaasContainer": {"flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 2}},
    "InferenceDeployment": {
        "flavor_name": "inference-4vcpu-16gib",
        "containers": [{"region_id": 76, "scale": {"min": 1, "max": 2}}],
    },
}


FULL = "has reached the limit of flavor"


def leaves_broken_ones(world: SimulatedWorld) -> bool:
    return world.clouds.switches.word("failed_create_leaves") == "error_resource"


async def a_lost_answer_to_a_create(world: SimulatedWorld, kind: str) -> None:
    """What was made is found, however late it shows, and nothing is made twice."""
    fault(world, kind, "create", "do_then_drop")
    life = begin(world, kind)
    await life.ready()
    assert len(life.all_in_cloud()) == life.sent("create") == 1
    await life.delete()
    assert life.all_in_cloud() == []


async def a_lost_answer_to_a_delete(world: SimulatedWorld, kind: str) -> None:
    life = begin(world, kind)
    await life.ready()
    fault(world, kind, "delete", "do_then_drop")
    await life.delete()
    assert life.all_in_cloud() == []


async def a_loss_in_the_cloud_that_a_delete_meets(world: SimulatedWorld, kind: str) -> None:
    """It went a moment ago: the object goes without another word."""
    life = begin(world, kind)
    await life.ready()
    if kind == BOX:
        world.change("delete", "sandbox", id=world.server.status(life.uid)["externalId"])
    else:
        life.disturb("delete")
    await life.delete()
    assert life.all_in_cloud() == []


async def a_name_that_is_taken_meanwhile(world: SimulatedWorld, kind: str) -> None:
    """Between our look and our POST: theirs is left alone, and ours comes when theirs has gone."""
    theirs: Json = {"name": "web-1", "image": "theirs:1", "listening_port": 80, **CREATED[kind]}

    def take(part: str) -> None:
        if part == "metadata":
            world.server.before_write = lambda _: None
            life.disturb("create", body=theirs)

    world.server.before_write = take
    life = begin(world, kind)
    await told(life, "Conflict")
    await world.run(300)
    assert life.in_cloud()["image"] == "theirs:1"
    life.disturb("delete")
    await life.ready()
    assert life.in_cloud()["image"] == "nginx:1"


async def a_create_whose_task_fails(world: SimulatedWorld, kind: str) -> None:
    """It is told and tried again; where a broken resource is left behind, an edit brings it to life."""
    fault(world, kind, "create", "task_error", text="no more bits")
    life = begin(world, kind)
    await told(life, "CloudError")
    if leaves_broken_ones(world):
        await life.until(lambda: world.server.says(life.uid, "Stalled") == "True ProgressDeadlineExceeded", "Stalled")
        assert "no more bits" in message(life)
        world.server.edit(life.uid, image="nginx:2")
    await life.ready()
    assert life.sent("create") <= 2
    assert len(life.all_in_cloud()) == 1
    await life.delete()
    assert life.all_in_cloud() == []


async def a_quota(world: SimulatedWorld, kind: str) -> None:
    world.change("mutate", "quota", set={QUOTA[kind]: 0})
    life = begin(world, kind)
    if leaves_broken_ones(world) and world.clouds.switches.word("quota") == "task_error":
        await told(life, "CloudError")
        assert "uota" in message(life)
        world.change("mutate", "quota", set={QUOTA[kind]: 10})
        world.server.edit(life.uid, image="nginx:2")
    else:
        await told(life, "QuotaExceeded")
        await world.run(900)
        assert world.server.says(life.uid, "Stalled") == "-"
        assert life.all_in_cloud() == []
        world.change("mutate", "quota", set={QUOTA[kind]: 10})
    await life.ready()
    assert len(life.all_in_cloud()) == 1


async def a_region_without_room(world: SimulatedWorld, kind: str) -> None:
    world.change("mutate", "capacity", region=76, set={"inference-4vcpu-16gib": 0})
    life = begin(world, kind)
    await life.until(lambda: any(FULL in message for *_, message in world.process.events.told), "told")
    assert world.server.says(life.uid, "Stalled") == "-"
    world.change("mutate", "capacity", region=76, set={"inference-4vcpu-16gib": 10})
    if life.all_in_cloud():
        # A cloud that keeps what it has no room for, broken, may mend it by itself when there is room.
        life.disturb("mutate", set={"error_message": ""})
    await life.ready()
    assert len(life.all_in_cloud()) == 1


async def a_task_of_somebody_else(world: SimulatedWorld, kind: str) -> None:
    """An edit, then a deletion, while a task runs that is not ours: they wait, and arrive."""
    life = begin(world, kind)
    await life.ready()
    for description, then in (("one", life.edit), ("two", None)):
        fault(world, kind, "update", "task_seconds", seconds=90)
        await somebody(world, kind, "PATCH", {"description": description})
        await (then(image="nginx:2") if then else life.delete())
    assert life.all_in_cloud() == []


async def a_delete_of_somebody_else(world: SimulatedWorld, kind: str) -> None:
    """While it is being deleted nothing is corrected; then it is made anew."""
    life = begin(world, kind)
    await life.ready()
    fault(world, kind, "delete", "task_seconds", seconds=90)
    await somebody(world, kind, "DELETE")
    await life.until(lambda: life.sent("create") == 2, "made anew")
    await life.ready()
    assert len(life.all_in_cloud()) == 1


async def an_edit_of_what_is_stopped(world: SimulatedWorld, kind: str) -> None:
    """It arrives at the latest when the resource is started again."""
    life = begin(world, kind)
    await life.ready()
    await life.edit("Suspended", suspend=True)
    world.server.edit(life.uid, image="nginx:2")
    await world.run(120)
    await life.edit(suspend=None)
    assert life.in_cloud()["image"] == "nginx:2"


ALL = (*WORKLOADS, BOX)
LATE = (
    "gcore_appear_seconds",
    "gcore_list_lag_seconds",
    "create_appear_seconds",
    "delete_list_lag_seconds",
    "name_filter",
)
TROUBLES: Table = [
    (a_lost_answer_to_a_create, ALL, LATE),
    (a_lost_answer_to_a_delete, ALL, ("deleted_delete", *LATE)),
    (a_loss_in_the_cloud_that_a_delete_meets, ALL, ("missing_delete", "deleted_delete", *LATE)),
    (a_name_that_is_taken_meanwhile, WORKLOADS, ("duplicate_create",)),
    (a_create_whose_task_fails, WORKLOADS, ("failed_create_leaves", "other_created_resources")),
    (a_quota, WORKLOADS, ("quota", "failed_create_leaves")),
    (a_region_without_room, DEPLOYMENT, ("capacity",)),
    (a_task_of_somebody_else, WORKLOADS, ("busy", "update_applies")),
    (a_delete_of_somebody_else, WORKLOADS, ("get_while_deleting", "name_reuse_seconds")),
    (an_edit_of_what_is_stopped, WORKLOADS, ("patch_when_disabled", "update_applies")),
]


@pytest.mark.parametrize(("trouble", "kind", "name", "switches"), cases(TROUBLES))
async def test_an_object_survives(
    worlds: list[SimulatedWorld], trouble: Trouble, kind: str, name: str, switches: Json
) -> None:
    await survive(worlds, trouble, kind, name, switches)
