"""Pause, Retain, ObserveOnly, adoption, conflicts, references, reconcile requests."""

import pytest

from tests.support.foreign import BODIES
from tests.support.world import CLOUD_KIND, CREATE, DELETE, KINDS, MINIMAL, UPDATE, Json, World, condition, reason


def foreign(world: World, kind: str, name: str, **more: object) -> None:
    """Something of somebody else's in the cloud."""
    world.simulator.change("create", CLOUD_KIND[kind], region=76, body={"name": name, **BODIES[kind], **more})


def cloud_item(world: World, kind: str, name: str) -> Json | None:
    return next((item for item in world.in_cloud(kind) if item["name"] == name), None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_paused_object_is_left_alone_until_it_is_not(world: World, kind: str) -> None:
    world.create(kind, "paused", annotations={"caas-operator.dev/paused": "true"})
    obj = world.wait_condition(kind, "paused", "Ready", "False", "Paused")
    assert condition(obj, "Synced")["status"] == "Unknown"  # type: ignore[index]
    assert not world.simulator.journal(CREATE[kind], name="paused*")
    world.annotate(kind, "paused", paused=None)
    world.wait_ready(kind, "paused")
    world.annotate(kind, "paused", paused="true")
    world.wait_condition(kind, "paused", "Synced", "Unknown", "Paused")
    world.delete(kind, "paused")
    obj = world.wait_condition(kind, "paused", "Ready", "False", "DeleteBlocked")
    assert "paused" in condition(obj, "Ready")["message"]  # type: ignore[index]
    world.annotate(kind, "paused", paused=None)
    world.wait_gone(kind, "paused")


@pytest.mark.parametrize("kind", KINDS)
def test_retain_leaves_the_resource_in_the_cloud(world: World, kind: str) -> None:
    world.create(kind, "retained", deletionPolicy="Retain")
    world.wait_ready(kind, "retained")
    world.delete(kind, "retained")
    world.wait_gone(kind, "retained")
    assert [item for item in world.in_cloud(kind) if item["name"].startswith("retained")]
    assert not world.simulator.journal(DELETE[kind], name="retained*")


@pytest.mark.parametrize("kind", KINDS)
def test_deletion_protection_blocks_until_it_is_off(world: World, kind: str) -> None:
    world.create(kind, "guarded", deletionProtection=True)
    world.wait_ready(kind, "guarded")
    world.delete(kind, "guarded")
    obj = world.wait_condition(kind, "guarded", "Ready", "False", "DeleteBlocked")
    assert "deletionProtection" in condition(obj, "Ready")["message"]  # type: ignore[index]
    world.edit(kind, "guarded", deletionProtection=False)
    world.wait_gone(kind, "guarded")


@pytest.mark.parametrize("kind", UPDATE)
def test_observe_only_reports_and_never_touches(world: World, kind: str) -> None:
    foreign(world, kind, "seen")
    bare = dict.fromkeys(MINIMAL[kind])
    world.create(kind, "seen", **bare, managementPolicy="ObserveOnly")
    obj = world.wait_ready(kind, "seen")
    assert not obj["metadata"].get("finalizers")
    world.edit(kind, "seen", image="other:2")
    obj = world.wait_condition(kind, "seen", "Synced", "False", "DriftDetected")
    assert reason(obj) == "Available"
    assert "image" in condition(obj, "Synced")["message"]  # type: ignore[index]
    world.delete(kind, "seen")
    world.wait_gone(kind, "seen")
    assert cloud_item(world, kind, "seen")
    for operation in (CREATE[kind], UPDATE[kind], DELETE[kind]):
        assert not world.simulator.journal(operation, name="seen")


@pytest.mark.parametrize("kind", UPDATE)
def test_somebody_elses_resource_is_a_conflict_and_survives_the_objects_deletion(world: World, kind: str) -> None:
    foreign(world, kind, "taken")
    world.create(kind, "taken")
    obj = world.wait_condition(kind, "taken", "Stalled", "True", "Conflict")
    assert "adoptionPolicy" in condition(obj, "Stalled")["message"]  # type: ignore[index]
    assert not obj["metadata"].get("finalizers")
    world.delete(kind, "taken")
    world.wait_gone(kind, "taken")
    assert cloud_item(world, kind, "taken")
    for operation in (CREATE[kind], UPDATE[kind], DELETE[kind]):
        assert not world.simulator.journal(operation, name="taken")


@pytest.mark.parametrize("kind", UPDATE)
def test_adoption_always_takes_what_is_there_and_marks_it(world: World, kind: str) -> None:
    foreign(world, kind, "adopted", description="theirs")
    world.create(kind, "adopted", adoptionPolicy="Always")
    world.wait_ready(kind, "adopted")
    assert not world.simulator.journal(CREATE[kind], name="adopted")
    assert "[caas-operator " in cloud_item(world, kind, "adopted")["description"]  # type: ignore[index]
    world.delete(kind, "adopted")
    world.wait_gone(kind, "adopted")
    assert not cloud_item(world, kind, "adopted")


@pytest.mark.parametrize("kind", UPDATE)
def test_the_loser_of_a_name_waits_for_the_winner(world: World, kind: str) -> None:
    world.create(kind, "winner", name="shared")
    world.wait_ready(kind, "winner")
    world.create(kind, "loser", name="shared")
    obj = world.wait_condition(kind, "loser", "Stalled", "True", "Conflict")
    assert "winner" in condition(obj, "Stalled")["message"]  # type: ignore[index]
    world.delete(kind, "loser")
    world.wait_gone(kind, "loser")
    world.wait_ready(kind, "winner")
    assert cloud_item(world, kind, "shared")
    world.create(kind, "heir", name="shared")
    world.wait_condition(kind, "heir", "Stalled", "True", "Conflict")
    world.delete(kind, "winner")
    world.wait_gone(kind, "winner")
    # A cloud that keeps a deleted name for a while answers 409, and that is waited out as any lost answer: a minute.
    world.wait_ready(kind, "heir")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_changed_secret_reaches_the_cloud(world: World, kind: str) -> None:
    world.create_secret(f"token-{kind.lower()}", key="first")
    ref = {"secretKeyRef": {"name": f"token-{kind.lower()}", "key": "key"}}
    world.create(kind, "secretive", env=[{"name": "TOKEN", "valueFrom": ref}])
    obj = world.wait_ready(kind, "secretive")
    assert cloud_item(world, kind, "secretive")["envs"] == {"TOKEN": "first"}  # type: ignore[index]
    world.change_secret(f"token-{kind.lower()}", key="second")
    world.simulator.advance(70)
    world.wait(
        lambda: cloud_item(world, kind, "secretive")["envs"] == {"TOKEN": "second"},  # type: ignore[index]
        told="the new value",
    )
    world.wait_ready(kind, "secretive")
    assert "first" not in str(obj)
    assert "second" not in str(world.get(kind, "secretive"))


@pytest.mark.parametrize("kind", UPDATE)
def test_a_missing_secret_is_told_and_cured(world: World, kind: str) -> None:
    ref = {"secretKeyRef": {"name": f"late-{kind.lower()}", "key": "key"}}
    world.create(kind, "waiting", env=[{"name": "TOKEN", "valueFrom": ref}])
    obj = world.wait_condition(kind, "waiting", "Ready", "False", "DependencyNotReady")
    assert "env" in condition(obj, "Ready")["message"]  # type: ignore[index]
    assert condition(obj, "Stalled") is None
    world.create_secret(f"late-{kind.lower()}", key="there")
    world.simulator.advance(60)
    world.wait_ready(kind, "waiting")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_reconcile_request_looks_at_the_cloud_at_once(world: World, kind: str) -> None:
    world.create(kind, "asked")
    world.wait_ready(kind, "asked")
    world.simulator.change("mutate", CLOUD_KIND[kind], name="asked", region=76, set={"image": "evil:1"})
    world.annotate(kind, "asked", reconcile_requested_at="now")
    world.wait(lambda: cloud_item(world, kind, "asked")["image"] == "nginx:1.27", told="drift")  # type: ignore[index]
    world.wait(
        lambda: (world.get(kind, "asked") or {})["status"].get("lastHandledReconcileAt") == "now",
        told="the request is answered",
    )


@pytest.mark.parametrize("kind", UPDATE)
def test_what_leaves_the_spec_is_cleared_in_the_cloud(world: World, kind: str) -> None:
    # Merged, a variable could not be taken away at all; such a cloud would break Gcore's Terraform provider [RUN].
    world.simulator.switch("maps_in_patch", "replace")
    world.create(kind, "cleared", env=[{"name": "A", "value": "1"}], description="mine")
    obj = world.wait_ready(kind, "cleared")
    assert obj["status"]["appliedFields"] == ["description", "env"]
    assert cloud_item(world, kind, "cleared")["description"].startswith("mine [caas-operator ")  # type: ignore[index]
    world.edit(kind, "cleared", env=None, description=None)
    obj = world.wait_ready(kind, "cleared")
    item = cloud_item(world, kind, "cleared")
    assert item is not None
    assert item["envs"] == {}
    assert item["description"].startswith("[caas-operator ")
    assert obj["status"]["appliedFields"] == []


def test_what_cannot_be_cleared_is_refused_and_the_old_generation_serves(world: World) -> None:
    world.create("CaasContainer", "stuck", commands="sleep 1")
    world.wait_ready("CaasContainer", "stuck")
    world.edit("CaasContainer", "stuck", commands=None)
    obj = world.wait_condition("CaasContainer", "stuck", "Stalled", "True", "ImmutableField")
    ready = condition(obj, "Ready")
    assert ready is not None
    assert (ready["status"], ready["observedGeneration"]) == ("True", 1)
    world.edit("CaasContainer", "stuck", commands="sleep 1")
    world.wait_ready("CaasContainer", "stuck")


@pytest.mark.parametrize("kind", UPDATE)
def test_an_account_whose_project_changes_moves_no_live_object(world: World, kind: str) -> None:
    world.create(kind, "settled")
    before = world.wait_ready(kind, "settled")
    spec = world.get("ClusterCloudAccount", "gcore")["spec"]["gcore"]  # type: ignore[index]
    world.edit("ClusterCloudAccount", "gcore", gcore={**spec, "projectId": 2})
    try:
        world.wait_ready("ClusterCloudAccount", "gcore")
        world.edit(kind, "settled", image="nginx:1.28")
        after = world.wait_ready(kind, "settled")
        assert after["status"]["externalId"] == before["status"]["externalId"]
        world.create(kind, "newcomer")
        assert world.wait_ready(kind, "newcomer")["status"]["externalId"].startswith("2/")
        world.delete(kind, "settled")
        world.wait_gone(kind, "settled")
    finally:
        world.edit("ClusterCloudAccount", "gcore", gcore={**spec, "projectId": 1})
        world.wait_ready("ClusterCloudAccount", "gcore")
