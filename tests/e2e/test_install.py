"""The chart on a real cluster: real pods of our image, a real kubelet, scheduler, DNS and helm."""

import subprocess

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.demo.cloud import created, external_ids
from tests.e2e import cluster, stage
from tests.e2e.machine import Machine
from tests.support.simulator import Clouds


def test_nothing_of_the_cluster_leaves_the_machine(here: Machine) -> None:
    assert cluster.inside(here, "ip", "route", "show", "default").split() == [
        "default",
        "dev",
        "nowhere",
        "scope",
        "link",
    ]


def test_every_sample_is_ready_and_the_clouds_have_what_status_says(plane: ControlPlane, release: Clouds) -> None:
    assert stage.ids(plane) == sorted(external_ids(release))
    assert sum(created(release).values()) >= len(stage.ids(plane))


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


def test_uninstalling_keeps_the_fleet_and_installing_again_takes_it_up(
    here: Machine, plane: ControlPlane, release: Clouds
) -> None:
    before, made = stage.ids(plane), created(release)
    stage.helm(here, "uninstall", "caas-operator", "--wait")
    assert stage.operators(plane) == []
    assert not [one for one in stage.get(plane, stage.KINDS, "-A")["items"] if "deletionTimestamp" in one["metadata"]]
    assert stage.ids(plane) == before == sorted(external_ids(release))
    stage.install(here)
    stage.make_one(plane, "after-a-reinstallation")
    assert stage.ids(plane) == before == sorted(external_ids(release))
    assert created(release) == {**made, "caas": made["caas"] + 1}
