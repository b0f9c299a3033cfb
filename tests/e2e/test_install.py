"""The chart on a real cluster: real pods of our image, a real kubelet, scheduler, DNS and helm."""

import json
import subprocess

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.demo.cloud import created, external_ids
from tests.e2e import cluster, stage
from tests.e2e.machine import Machine
from tests.support.simulator import Clouds


def ids(plane: ControlPlane) -> list[str]:
    """Which external resources the objects say they have."""
    found = stage.get(plane, stage.KINDS, "--all-namespaces")["items"]
    return sorted(str(one["status"].get("externalId")) for one in found)


def other_leader(plane: ControlPlane, before: str) -> bool:
    return stage.leader(plane) not in {"", before}


def make_one(plane: ControlPlane, name: str) -> None:
    """Create a container, wait until it is Ready, and delete it again."""
    body = {
        "apiVersion": "caas-operator.dev/v1alpha1",
        "kind": "CaasContainer",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "image": "nginx:1.27",
            "listeningPort": 80,
            "flavor": "80mCPU-128MiB",
            "scale": {"min": 1, "max": 1},
        },
    }
    plane.kubectl("create", "-f", "-", input=json.dumps(body))
    plane.kubectl("wait", "--for=condition=Ready", f"caas/{name}", stage.PATIENCE)
    plane.kubectl("delete", "caas", name, stage.PATIENCE)


def test_nothing_of_the_cluster_leaves_the_machine(here: Machine) -> None:
    assert cluster.inside(here, "ip", "route", "show", "default").split() == [
        "default",
        "dev",
        "nowhere",
        "scope",
        "link",
    ]


def test_every_sample_is_ready_and_the_clouds_have_what_status_says(plane: ControlPlane, release: Clouds) -> None:
    assert ids(plane) == sorted(external_ids(release))
    assert sum(created(release).values()) >= len(ids(plane))


def test_the_pods_run_as_the_restricted_standard_wants(plane: ControlPlane, release: Clouds) -> None:
    pods = stage.operators(plane)
    assert len(pods) == 2
    for pod in pods:
        name = pod["metadata"]["name"]
        execute = ["exec", "--namespace", stage.NAMESPACE, name, "--"]
        assert plane.kubectl(*execute, "id", "-u").stdout.strip() == "65532"
        assert "Read-only file system" in plane.kubectl(*execute, "touch", "/x", check=False).stderr


def test_the_namespace_would_have_refused_anything_less(plane: ControlPlane, release: Clouds) -> None:
    run = ["run", "root", "--namespace", stage.NAMESPACE, "--image=localhost/any", "--dry-run=server"]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        plane.kubectl(*run)
    assert 'violates PodSecurity "restricted' in refused.value.stderr


def test_when_the_leader_is_killed_the_other_takes_over(plane: ControlPlane, release: Clouds) -> None:
    leader, before = stage.leader(plane), created(release)
    plane.kubectl("delete", "pod", leader, "--namespace", stage.NAMESPACE, "--force", "--grace-period=0")
    stage.wait_until(lambda: other_leader(plane, leader), "another pod leads")
    make_one(plane, "after-a-kill")
    assert created(release) == {**before, "caas": before["caas"] + 1}
    assert ids(plane) == sorted(external_ids(release))


def test_a_leader_that_is_asked_to_go_hands_over(plane: ControlPlane, release: Clouds) -> None:
    leader = stage.leader(plane)
    plane.kubectl("delete", "pod", leader, "--namespace", stage.NAMESPACE)
    stage.wait_until(lambda: other_leader(plane, leader), "another pod leads")
    make_one(plane, "after-a-handover")


def test_uninstalling_keeps_the_fleet_and_installing_again_takes_it_up(
    here: Machine, plane: ControlPlane, release: Clouds
) -> None:
    before, made = ids(plane), created(release)
    stage.helm(here, "uninstall", "caas-operator", "--wait")
    assert stage.operators(plane) == []
    assert not [one for one in stage.get(plane, stage.KINDS, "-A")["items"] if "deletionTimestamp" in one["metadata"]]
    assert ids(plane) == before == sorted(external_ids(release))
    stage.install(here)
    make_one(plane, "after-a-reinstallation")
    assert ids(plane) == before == sorted(external_ids(release))
    assert created(release) == {**made, "caas": made["caas"] + 1}
