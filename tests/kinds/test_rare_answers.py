"""What a plain life never meets: answers of the clouds that need a certain moment, field or loss to be heard."""

import json
from typing import Any

import pytest

from tests.support.engine.simulated import SimulatedWorld
from tests.support.engine.troubles import (
    BOX,
    DEPLOYMENT,
    SERVICE,
    WORKLOADS,
    Table,
    Trouble,
    at_the_next,
    begin,
    cases,
    external_id,
    fault,
    survive,
)

Json = dict[str, Any]
LOGIN = '{"auths": {"registry.example.com": {"username": "robot", "password": "of the robot"}}}'
PRIVATE: Json = {"image": "registry.example.com/team/app:1", "imagePullSecretRef": {"name": "registry"}}


async def a_change_that_somebody_makes_first(world: SimulatedWorld, kind: str) -> None:
    """Ours changes nothing any more, and is over with that. One that names nothing is never sent."""
    life = begin(world, kind)
    await life.ready()
    at_the_next(world, "PATCH", "/web-1", lambda _: life.disturb("mutate", set={"image": "nginx:2"}))
    await life.edit(image="nginx:2")
    assert life.in_cloud()["image"] == "nginx:2"
    await life.delete()
    assert life.all_in_cloud() == []
    bodies = [json.loads(entry.body) for entry in world.asked(f"{SERVICE[kind]}.update")]
    assert bodies
    assert not [body for body in bodies if not body or None in body.values()]


async def an_edit_that_takes_long(world: SimulatedWorld, kind: str) -> None:
    """The lists show it meanwhile, for others; what it serves by is not taken from its status."""
    life = begin(world, kind)
    await life.ready()
    served = world.server.status(life.uid)["endpoint"]
    fault(world, kind, "update", "task_seconds", seconds=200)
    world.server.edit(life.uid, image="nginx:2")
    for _ in range(3):
        await world.run(60)
        assert world.server.status(life.uid)["endpoint"] == served
        assert world.server.says(life.uid) == "True Available"
    await life.ready()
    assert (world.server.status(life.uid)["endpoint"], life.sent("update")) == (served, 1)


async def a_stop_and_a_start_that_somebody_makes_first(world: SimulatedWorld, kind: str) -> None:
    life = begin(world, kind)
    await life.ready()
    at_the_next(world, "POST", "/stop", lambda _: life.disturb("mutate", set={"stopped": True}))
    await life.edit("Suspended", suspend=True)
    at_the_next(world, "POST", "/start", lambda _: life.disturb("mutate", set={"stopped": False}))
    await life.edit(suspend=None)


async def probes_that_are_edited_and_switched_off(world: SimulatedWorld, kind: str) -> None:
    """What is sent of a probe is the whole of it: nothing of the one before stays, and no echo of it is drift."""
    life = begin(
        world,
        kind,
        livenessProbe={"tcpSocket": {"port": 80}, "periodSeconds": 7},
        readinessProbe={"httpGet": {"path": "/ready", "port": 80}},
    )
    await life.ready()
    await life.edit(livenessProbe={"httpGet": {"path": "/live", "port": 80}}, readinessProbe={"enabled": False})
    probes = life.in_cloud()["probes"]
    assert probes["liveness_probe"]["probe"]["http_get"]["path"] == "/live"
    assert not probes["liveness_probe"]["probe"].get("tcp_socket")
    assert not probes["readiness_probe"]["enabled"]
    before = life.sent("update")
    await world.run(300)
    await life.ready()
    assert life.sent("update") == before


async def a_login_that_does_not_exist(world: SimulatedWorld, kind: str) -> None:
    """Refused, it is told; taken, the resource serves. Either way it is made once, and goes."""
    named = {"CaasContainer": "pullSecret", "InferenceDeployment": "credentialsName"}[kind]
    life = begin(world, kind, **{named: "nobodys"})
    if world.clouds.switches.word("missing_reference") == "rejected":
        await life.until(lambda: world.server.says(life.uid, "Stalled") == "True InvalidSpec", "told")
        assert life.all_in_cloud() == []
        await life.edit(**{named: None})
    await life.ready()
    assert life.sent("create") == 1
    await life.delete()
    assert life.all_in_cloud() == []


async def a_login_of_ours_that_somebody_else_uses(world: SimulatedWorld, kind: str) -> None:
    """A cloud may refuse to delete it; then the object waits for the other one to go."""
    world.reader.put("registry", **{".dockerconfigjson": LOGIN})
    life = begin(world, kind, **PRIVATE)
    await life.ready()
    other = life.in_cloud() | {"name": "other"}
    life.disturb("create", body={key: value for key, value in other.items() if value is not None})
    world.server.delete(life.uid)
    if world.clouds.switches.word("in_use_delete") == "conflict":
        await world.run(120)
        assert life.uid in world.server.bodies
        world.change("delete", {"CaasContainer": "caas"}.get(kind, "inference"), name="other", region=76)
    await life.until(lambda: life.uid not in world.server.bodies, "gone")
    state = world.clouds.gcore
    kept = state.pull_secrets if kind == "CaasContainer" else state.registry_credentials
    assert not any(kept.values())


async def tasks_that_are_forgotten_while_nobody_looks(world: SimulatedWorld, kind: str) -> None:
    """A create ends, and the cloud forgets its task, between two processes: the resource itself tells."""
    world.clouds.switches.set("task_retention_seconds", 60)
    fault(world, kind, "create", "task_seconds", seconds=30)
    life = begin(world, kind)
    await world.run(5)
    assert world.server.says(life.uid) == "False Provisioning"
    await world.process.stop()
    await world.clock.advance(1200)
    world.start()
    await life.ready()
    assert life.sent("create") == 1
    await life.delete()
    assert life.all_in_cloud() == []


async def an_outage(world: SimulatedWorld, kind: str) -> None:
    """An edit in the midst of it arrives after it, whatever the answers look like."""
    life = begin(world, kind)
    await life.ready()
    for status in (503, 429):
        world.clouds.faults.add({"operation": "gcore.*", "effect": "respond", "status": status})
        world.server.edit(life.uid, image=f"nginx:{status}")
        await world.run(200)
        world.clouds.faults.remove()
        await life.ready()
        assert life.in_cloud()["image"] == f"nginx:{status}"


async def an_end_that_keep_alive_meets(world: SimulatedWorld, kind: str) -> None:
    """Whatever a GET says then, LIST alone decides: it is Complete, and nothing is made in its place."""
    life = begin(world, kind, expiresAfter={"minutes": 20}, keepAlive=True, activeDeadlineSeconds=86400)
    await life.ready()
    world.clouds.switches.set("list_refreshes", "no")  # else there is nothing to keep alive
    ended: Json = {"id": external_id(life), "set": {"expired": True}}
    at_the_next(world, "GET", external_id(life), lambda _: world.change("mutate", "sandbox", **ended))
    await life.until(lambda: world.server.says(life.uid, "Complete") == "True Expired", "Complete")
    assert life.sent("create") == 1


async def a_delete_of_somebody_else_that_keep_alive_meets(world: SimulatedWorld, kind: str) -> None:
    life = begin(world, kind, expiresAfter={"minutes": 20}, keepAlive=True, activeDeadlineSeconds=86400)
    await life.ready()
    world.clouds.switches.set("list_refreshes", "no")
    at_the_next(world, "GET", external_id(life), lambda _: world.change("delete", "sandbox", id=external_id(life)))
    await life.until(lambda: world.server.says(life.uid, "Complete") == "True Expired", "Complete")
    assert life.sent("create") == 1


async def an_end_that_a_delete_meets(world: SimulatedWorld, kind: str) -> None:
    life = begin(world, kind, expiresAfter={"minutes": 20})
    await life.ready()
    ended: Json = {"id": external_id(life), "set": {"expired": True}}
    at_the_next(world, "DELETE", external_id(life), lambda _: world.change("mutate", "sandbox", **ended))
    await life.delete()
    assert life.all_in_cloud() == []


async def an_end_that_a_file_meets(world: SimulatedWorld, kind: str) -> None:
    """It ends before its files are in it: the next one gets them."""
    world.reader.put("script", "ConfigMap", run="print(1)")
    files = [{"path": "run.py", "configMapKeyRef": {"name": "script", "key": "run"}}]
    life = begin(world, kind, files=files, expiryPolicy="Recreate", activeDeadlineSeconds=86400)

    def end(_: object) -> None:
        (sandbox,) = (one for one in world.clouds.sandboxes.known.values() if not one.expired)
        sandbox.expired = True

    at_the_next(world, "POST", "/files", end)
    await life.ready()
    assert life.sent("create") == 2
    (living,) = (one for one in world.clouds.sandboxes.known.values() if not one.expired)
    assert [file.content for file in living.files.values()] == [b"print(1)"]


async def a_file_that_is_refused(world: SimulatedWorld, kind: str) -> None:
    """It is held against one more look, and then told; an edit has it tried again."""
    world.reader.put("script", "ConfigMap", run="print(1)")
    upload = "openai.files.create"
    world.clouds.faults.add({"operation": upload, "effect": "respond", "status": 400})
    life = begin(world, kind, files=[{"path": "run.py", "configMapKeyRef": {"name": "script", "key": "run"}}])
    await life.until(lambda: world.server.says(life.uid, "Stalled") == "True InvalidSpec", "told")
    await world.run(300)
    assert (len(world.asked(upload)), life.sent("create")) == (2, 1)
    world.clouds.faults.remove()
    await life.edit(deletionProtection=False)
    assert life.sent("create") == 1


async def a_sandbox_without_a_policy(world: SimulatedWorld, kind: str) -> None:
    """However the cloud puts it into words that none was asked for, it is no drift."""
    life = begin(world, kind, replacePolicy="Recreate")
    await life.ready()
    await world.run(300)
    await life.ready()
    assert life.sent("create") == 1
    await life.edit(memoryLimit="4g")
    await life.delete()
    assert life.all_in_cloud() == []


async def a_page_whose_cursor_is_forgotten(world: SimulatedWorld, kind: str) -> None:
    """The end of the list that came by it is no end: ours, on the page behind it, is not taken for gone."""
    life = begin(world, kind)
    await life.ready()
    for number in range(250):
        world.change("create", "sandbox", body={"name": f"other-{number}"})

    def forget(_: object) -> None:
        for one in [one for one in world.clouds.sandboxes.known.values() if one.name.startswith("other-1")]:
            world.clouds.sandboxes.unlist(one)
            del world.clouds.sandboxes.known[one.id]

    at_the_next(world, "GET", "after=", forget)
    await world.run(300)
    assert (world.server.says(life.uid), life.sent("create")) == ("True Available", 1)
    await life.delete()
    assert life.all_in_cloud() == []


RARE: Table = [
    (a_change_that_somebody_makes_first, WORKLOADS, ()),
    (an_edit_that_takes_long, WORKLOADS, ("caas_address_while_deploying",)),
    (a_stop_and_a_start_that_somebody_makes_first, DEPLOYMENT, ("repeated_start_stop",)),
    (probes_that_are_edited_and_switched_off, DEPLOYMENT, ("probes_in_patch", "probes_echo")),
    (a_login_that_does_not_exist, WORKLOADS, ("missing_reference",)),
    (a_login_of_ours_that_somebody_else_uses, WORKLOADS, ("in_use_delete",)),
    (tasks_that_are_forgotten_while_nobody_looks, WORKLOADS, ("task_gone",)),
    (an_outage, WORKLOADS, ("error_body",)),
    (an_end_that_keep_alive_meets, (BOX,), ("expired_get",)),
    (a_delete_of_somebody_else_that_keep_alive_meets, (BOX,), ("deleted_get", "delete_list_lag_seconds")),
    (an_end_that_a_delete_meets, (BOX,), ("expired_delete",)),
    (an_end_that_a_file_meets, (BOX,), ("expired_file_call",)),
    (a_file_that_is_refused, (BOX,), ()),
    (a_sandbox_without_a_policy, (BOX,), ("network_policy_unset_echo",)),
    (a_page_whose_cursor_is_forgotten, (BOX,), ("unknown_after",)),
]


@pytest.mark.parametrize(("trouble", "kind", "name", "switches"), cases(RARE))
async def test_an_object_survives(
    worlds: list[SimulatedWorld], trouble: Trouble, kind: str, name: str, switches: Json
) -> None:
    await survive(worlds, trouble, kind, name, switches)
