"""What is in the cloud already: taken over with a word before, left to others, or only watched."""

import pytest

from tests.support.world import CLOUD_KIND, CREATE, MINIMAL, UPDATE, Json, World, condition, reason

SECRET = "hunter2-and-more"
BODIES: dict[str, Json] = {
    "CaasContainer": {
        "image": "theirs:1",
        "listening_port": 80,
        "flavor": "80mCPU-128MiB",
        "scale": {"min": 1, "max": 2},
        "envs": {"TOKEN": "before"},
    },
    "InferenceDeployment": {
        "image": "theirs:1",
        "listening_port": 80,
        "flavor_name": "inference-4vcpu-16gib",
        "containers": [{"region_id": 76, "scale": {"min": 1, "max": 2}}],
        "envs": {"TOKEN": "before"},
    },
}
NEVER: dict[str, tuple[Json, str]] = {
    "CaasContainer": ({"source": "iate"}, "source: iate"),
    "InferenceDeployment": ({"object_references": [{"kind": "AppDeployment", "name": "theirs"}]}, "object_references"),
}
MUTATING = {"POST", "PUT", "PATCH", "DELETE"}


def theirs(world: World, kind: str, name: str, **more: object) -> None:
    world.simulator.change("create", CLOUD_KIND[kind], region=76, body={"name": name, **BODIES[kind]}, **more)


def token(world: World, kind: str) -> list[Json]:
    """An env from a Secret, which is made where it is not there yet."""
    name = f"token-{kind.lower()}"
    path = f"/api/v1/namespaces/{world.namespace}/secrets/{name}"
    if world.http.get(path).status_code == 404:
        world.create_secret(name, key=SECRET)
    return [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "key"}}}]


def last(world: World) -> int:
    """The number of the last request that the simulator has had."""
    return max((entry.seq for entry in world.simulator.journal()), default=0)


def said(world: World, kind: str, name: str) -> str:
    """All that the operator has put where people look."""
    return f"{world.get(kind, name)}{world.events(name)}"


@pytest.mark.parametrize("kind", UPDATE)
def test_before_the_first_change_status_and_an_event_say_what_it_will_be(world: World, kind: str) -> None:
    world.simulator.switch("ready_seconds", 0)  # else its address is gone for a while, which is one write more
    theirs(world, kind, "taken")
    held = world.simulator.fault(UPDATE[kind], "hold", name="taken")
    world.create(kind, "taken", adoptionPolicy="Always", env=token(world, kind))
    world.wait(lambda: world.simulator.journal(UPDATE[kind], name="taken"), told="the PATCH is on its way")
    obj = world.get(kind, "taken")
    assert obj is not None
    assert obj["status"]["observed"]["differing"] == ["image", "description", "env"]
    assert obj["status"]["externalId"].endswith("/taken")
    assert (reason(obj), "operation" in obj["status"]) == ("Updating", False)
    assert world.write_log(kind, "taken") == ["metadata", "status"]
    events = world.wait(
        lambda: [event["message"] for event in world.events("taken") if event["reason"] == "Adopted"], told="the event"
    )
    assert events[0].endswith("/taken under management; to be changed there: image, description, env")
    world.simulator.release(held)
    obj = world.wait_ready(kind, "taken")
    assert "differing" not in obj["status"]["observed"]
    assert len(world.write_log(kind, "taken")) == 4, "adopt 2, edit 2"
    assert SECRET not in said(world, kind, "taken")
    assert not world.simulator.journal(CREATE[kind], name="taken")


@pytest.mark.parametrize("policy", ["IfOwned", "Always"])
@pytest.mark.parametrize("kind", UPDATE)
def test_what_belongs_to_another_service_is_never_taken(world: World, kind: str, policy: str) -> None:
    name = f"owned-{policy.lower()}"
    more, word = NEVER[kind]
    theirs(world, kind, name, **more)
    seen = last(world)
    world.create(kind, name, adoptionPolicy=policy)
    obj = world.wait_condition(kind, name, "Stalled", "True", "Conflict")
    message = condition(obj, "Stalled")["message"]  # type: ignore[index]
    assert word in message
    assert "choose another name" in message
    assert "adoptionPolicy" not in message, "that way is closed"
    world.delete(kind, name)
    world.wait_gone(kind, name)
    assert not [entry for entry in world.simulator.journal(name=name, since=seen) if entry.method in MUTATING]


@pytest.mark.parametrize("kind", UPDATE)
def test_a_conflict_names_what_was_found_and_the_ways_out(world: World, kind: str) -> None:
    theirs(world, kind, "known")
    world.create(kind, "known")
    obj = world.wait_condition(kind, "known", "Stalled", "True", "Conflict")
    found = "1/76/known" if kind == "CaasContainer" else "1/known"
    message = condition(obj, "Stalled")["message"]  # type: ignore[index]
    for part in (f"{found} exists", "choose another name", "delete it in the cloud", "adoptionPolicy: Always"):
        assert part in message
    world.edit(kind, "known", adoptionPolicy="Always")
    world.wait_ready(kind, "known")


@pytest.mark.parametrize("kind", UPDATE)
def test_whoever_only_observes_changes_nothing_whatever_happens(world: World, kind: str) -> None:
    """Drift is told by the names of fields; edits, drift, a loss and the deletion cost the cloud no call but GETs."""
    theirs(world, kind, "watched")
    seen = last(world)
    world.create(kind, "watched", **dict.fromkeys(MINIMAL[kind]), managementPolicy="ObserveOnly")
    world.wait_ready(kind, "watched")
    world.edit(kind, "watched", image="mine:1", env=token(world, kind), suspend=True, adoptionPolicy="Always")
    obj = world.wait_condition(kind, "watched", "Synced", "False", "DriftDetected")
    assert condition(obj, "Synced")["message"] == "differs from the cloud: image, env, suspend"  # type: ignore[index]
    assert obj["status"]["observed"]["differing"] == ["image", "env", "suspend"]
    world.simulator.change("mutate", CLOUD_KIND[kind], name="watched", region=76, set={"image": "mine:1"})
    world.resync()
    world.wait(
        lambda: (world.get(kind, "watched") or {})["status"]["observed"]["differing"] == ["env", "suspend"],
        told="one field less",
    )
    world.simulator.change("delete", CLOUD_KIND[kind], name="watched", region=76)
    world.resync()
    world.wait_condition(kind, "watched", "Ready", "False", "NotFound")
    assert SECRET not in said(world, kind, "watched")
    assert not (world.get(kind, "watched") or {})["metadata"].get("finalizers")
    world.delete(kind, "watched")
    world.wait_gone(kind, "watched")
    mine = {"CaasContainer": "gcore.caas.*", "InferenceDeployment": "gcore.inference.*"}[kind]
    calls = [entry for entry in world.simulator.journal(mine, since=seen) if entry.method in MUTATING]
    assert [entry.operation for entry in calls if "watched" in entry.names] == []
    others = {obj["metadata"]["name"] for obj in world.objects(kind)}
    assert {entry.name for entry in calls} <= others, "and those of others are others'"
