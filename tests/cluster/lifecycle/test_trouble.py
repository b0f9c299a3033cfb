"""The cloud misbehaves: nothing is made twice, everything is told, and everything recovers."""

from typing import Any

import pytest

from tests.support.world import CLOUD_KIND, CREATE, DELETE, KINDS, UPDATE, World, condition, reason

AMBIGUOUS: dict[str, dict[str, Any]] = {
    "done-and-dropped": {"effect": "do_then_drop"},
    "done-and-500": {"effect": "do_then_respond", "status": 500},
    "done-and-504": {"effect": "do_then_respond", "status": 504},
    "done-and-garbled": {"effect": "malformed"},
    "not-done-and-dropped": {"effect": "drop"},
    "not-done-and-503": {"effect": "respond", "status": 503},
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_create_without_an_answer_is_looked_for_and_never_done_twice(world: World, kind: str, fault: str) -> None:
    world.simulator.fault(CREATE[kind], name=f"{fault}*", count=1, **AMBIGUOUS[fault])
    world.create(kind, fault)
    if fault.startswith("not-done"):
        world.wait_condition(kind, fault, "Ready", "False", "CreateOutcomeUnknown")
        assert len(world.simulator.journal(CREATE[kind], name=f"{fault}*")) == 1
        world.simulator.advance(75)
    world.wait_ready(kind, fault)
    made = [item for item in world.in_cloud(kind) if item["name"].startswith(fault)]
    assert len(made) == 1
    posts = world.simulator.journal(CREATE[kind], name=f"{fault}*")
    assert len(posts) == (2 if fault.startswith("not-done") else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_create_is_stalled_until_an_edit(world: World, kind: str) -> None:
    world.simulator.fault(CREATE[kind], "respond", name="refused*", count=1, status=400)
    world.create(kind, "refused")
    obj = world.wait_condition(kind, "refused", "Stalled", "True", "InvalidSpec")
    assert reason(obj) == "InvalidSpec"
    assert condition(obj, "Reconciling") is None
    world.wait(lambda: world.events("refused"), told="an event")
    if kind in UPDATE:
        world.edit(kind, "refused", image="nginx:1.28")
    else:
        world.edit(kind, "refused", memoryLimit="4g")
    world.wait_ready(kind, "refused")
    assert len(world.simulator.journal(CREATE[kind], name="refused*")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_whose_create_was_refused_is_deleted_at_once(world: World, kind: str) -> None:
    world.simulator.fault(CREATE[kind], "respond", name="never*", status=400)
    world.create(kind, "never")
    world.wait_condition(kind, "never", "Stalled", "True")
    world.delete(kind, "never")
    world.wait_gone(kind, "never")
    assert not world.simulator.journal(DELETE[kind], name="never*")


def leave_nothing_behind(world: World) -> None:
    """A broken resource that a failed create leaves is there: it is told, and takes an edit."""
    world.simulator.switch("failed_create_leaves", "nothing")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_task_that_fails_is_told_and_tried_again(world: World, kind: str) -> None:
    leave_nothing_behind(world)
    world.simulator.fault(CREATE[kind], "task_error", name="unlucky", count=1, text="no more bits")
    world.create(kind, "unlucky")
    obj = world.wait_condition(kind, "unlucky", "Ready", "False", "CloudError")
    assert "no more bits" in condition(obj, "Ready")["message"]  # type: ignore[index]
    assert condition(obj, "Reconciling")["reason"] == "ProgressingWithRetry"  # type: ignore[index]
    world.simulator.advance(5)
    world.wait_ready(kind, "unlucky")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_failure_that_lasts_is_stalled_by_the_progress_deadline(world: World, kind: str) -> None:
    leave_nothing_behind(world)
    world.simulator.fault(CREATE[kind], "task_error", name="hopeless", text="no more bits")
    world.create(kind, "hopeless")
    world.wait_condition(kind, "hopeless", "Ready", "False", "CloudError")
    for _ in range(8):
        world.simulator.advance(301)
        if reason(world.get(kind, "hopeless") or {}) == "ProgressDeadlineExceeded":
            break
    obj = world.wait_condition(kind, "hopeless", "Stalled", "True", "ProgressDeadlineExceeded")
    assert condition(obj, "Reconciling") is None
    world.simulator.clear_faults()
    world.simulator.advance(301)
    world.wait_ready(kind, "hopeless")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_quota_is_waited_for_and_never_stalls(world: World, kind: str) -> None:
    leave_nothing_behind(world)
    world.simulator.fault(CREATE[kind], "task_error", name="greedy", count=3, text="Quota limit exceeded by 2")
    world.create(kind, "greedy")
    world.wait_condition(kind, "greedy", "Ready", "False", "QuotaExceeded")
    for _ in range(6):
        world.simulator.advance(301)
        assert condition(world.get(kind, "greedy") or {}, "Stalled") is None
    world.wait_ready(kind, "greedy")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_cloud_that_says_failed_after_serving_is_told(world: World, kind: str) -> None:
    world.create(kind, "crashing")
    world.wait_ready(kind, "crashing")
    broken = {
        "CaasContainer": {"status": "Error", "status_message": "image gone"},
        "InferenceDeployment": {"error_message": "image gone"},
    }[kind]
    world.simulator.change("mutate", CLOUD_KIND[kind], name="crashing", region=76, set=broken)
    world.resync()
    obj = world.wait_condition(kind, "crashing", "Ready", "False", "CloudError")
    assert condition(obj, "Synced")["status"] == "True"  # type: ignore[index]


@pytest.mark.parametrize("kind", KINDS)
def test_a_delete_that_fails_is_blocked_with_its_cause_and_goes_on(world: World, kind: str) -> None:
    world.create(kind, "clinging")
    world.wait_ready(kind, "clinging")
    world.simulator.fault(DELETE[kind], "respond", count=1, status=403)
    world.delete(kind, "clinging")
    obj = world.wait_condition(kind, "clinging", "Ready", "False", "DeleteBlocked")
    assert "kubectl patch" in condition(obj, "Ready")["message"]  # type: ignore[index]
    world.simulator.advance(10)
    world.wait_gone(kind, "clinging")


def test_converged_objects_are_not_written_while_the_cloud_is_down(world: World) -> None:
    world.simulator.switch("list_refreshes", "no")  # else each LIST is a use, and moves the sandbox's expiresAt
    for kind in KINDS:
        world.create(kind, "steady")
        world.wait_ready(kind, "steady")
    before = {kind: world.writes(kind, "steady") for kind in KINDS}
    world.simulator.fault("*", "respond", status=503)
    for _ in range(5):
        world.simulator.advance(61)
        world.wait(lambda: True)
    world.wait_condition("ClusterCloudAccount", "gcore", "Ready", "False")
    world.simulator.clear_faults()
    world.simulator.advance(61)
    world.wait_ready("ClusterCloudAccount", "gcore")
    assert {kind: world.writes(kind, "steady") for kind in KINDS} == before


@pytest.mark.parametrize("kind", ["CaasContainer", "InferenceDeployment"])
def test_a_list_that_shows_a_new_resource_late_makes_no_second_one_and_leaves_none(world: World, kind: str) -> None:
    world.simulator.switch("gcore_list_lag_seconds", 30)
    world.create(kind, "late-kept")
    world.create(kind, "late-gone")
    for name in ("late-kept", "late-gone"):
        world.wait(lambda: _provisioning(world, kind, name), told=f"the create of {name} to be answered")  # noqa: B023 - used at once
    world.simulator.advance(10)
    world.delete(kind, "late-gone")
    world.wait(lambda: reason(world.get(kind, "late-gone") or {}) == "Deleting", told="the deletion to be noticed")
    for _ in range(12):
        world.simulator.advance(10)
        world.resync()
    world.wait_gone(kind, "late-gone")
    world.wait_ready(kind, "late-kept")
    assert [item["name"] for item in world.in_cloud(kind) if item["name"].startswith("late")] == ["late-kept"]
    assert len(world.simulator.journal(CREATE[kind], name="late*")) == 2


def _provisioning(world: World, kind: str, name: str) -> bool:
    return bool((world.get(kind, name) or {}).get("status", {}).get("operation"))
