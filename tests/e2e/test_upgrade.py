"""From an earlier chart to the present one, and from one release to another, while a fleet serves."""

import json

from tests.cluster.control_plane import ControlPlane
from tests.demo.cloud import created, external_ids
from tests.e2e import images, stage
from tests.e2e.machine import Machine
from tests.e2e.previous import BROKEN, NEW_FIELD, Upgrade, spec_of
from tests.support.simulator import Clouds

CONTAINERS = "caascontainers.caas-operator.dev"


def test_an_upgrade_replaces_the_pods_and_keeps_every_object(upgrade: Upgrade) -> None:
    before, after = upgrade.before, upgrade.after
    assert before.images == {images.PREVIOUS}
    assert after.images == {images.OPERATOR}
    assert after.objects == before.objects
    assert {ready for name, (*_, ready) in before.objects.items() if BROKEN not in name} == {"True"}


def test_an_upgrade_changes_nothing_in_the_clouds(upgrade: Upgrade) -> None:
    assert {call.method for call in upgrade.calls} == {"GET"}
    assert upgrade.after.made == upgrade.before.made


def test_an_upgrade_renews_the_crds_in_place(plane: ControlPlane, upgrade: Upgrade) -> None:
    before, after = upgrade.before.crds, upgrade.after.crds
    assert {name: one["metadata"]["uid"] for name, one in after.items()} == {
        name: one["metadata"]["uid"] for name, one in before.items()
    }
    assert len(after) == 5
    assert NEW_FIELD not in spec_of(before[CONTAINERS])["properties"]
    assert NEW_FIELD in spec_of(after[CONTAINERS])["properties"]


def test_what_the_earlier_crd_let_in_is_reported_on_and_can_be_deleted(plane: ControlPlane, release: Clouds) -> None:
    """That its status can be written, the request that was handled after the upgrade has shown already."""
    made = created(release)
    broken = stage.get(plane, "caas", BROKEN)
    assert broken["status"]["lastHandledReconcileAt"] == "after-the-upgrade"
    assert "listeningPort" in json.dumps(broken["status"]["conditions"])
    plane.kubectl("delete", "caas", BROKEN, stage.PATIENCE)
    assert created(release) == made


def test_another_release_takes_the_fleet_over(here: Machine, plane: ControlPlane, release: Clouds) -> None:
    before, made = stage.ids(plane), created(release)
    stage.helm(here, "uninstall", "caas-operator", "--wait")
    try:
        stage.install(here, "--take-ownership", release="clouds")
        assert {pod["metadata"]["name"].partition("-")[0] for pod in stage.operators(plane)} == {"clouds"}
        stage.make_one(plane, "under-another-release")
        assert stage.ids(plane) == before == sorted(external_ids(release))
        assert created(release) == {**made, "caas": made["caas"] + 1}
    finally:
        stage.helm(here, "uninstall", "clouds", "--wait", "--ignore-not-found")
        stage.install(here, "--take-ownership")
    assert stage.ids(plane) == before
