"""exportTo where a test has operators of its own: one after another, and one with too few rights."""

from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import SYSTEM_NAMESPACE
from tests.support.exports import to, writes_to
from tests.support.rights import installed, moved, service_account
from tests.support.world import Json, condition, world_of


def test_a_restart_writes_nothing(control_plane: ControlPlane) -> None:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        with world.operating() as operator:
            world.create("CaasContainer", "kept", exportTo=to("kept"))
            world.wait_ready("CaasContainer", "kept")
            operator.stop()
        with world.operating() as operator:
            world.resync()
            assert operator.stop() == 0
        assert len(writes_to(world, "kept")) == 1
        assert world.writes("CaasContainer", "kept") == 3 + world.between("CaasContainer")


def test_a_missing_right_is_told_and_an_object_that_serves_stays_ready(control_plane: ControlPlane) -> None:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        rights = moved(installed(), {SYSTEM_NAMESPACE: f"of-{world.namespace}"})
        for role in rights:
            if "rules" in role:
                role["rules"] = [rule for rule in role["rules"] if not _writes_config_maps(rule)]
        account = service_account(control_plane, rights, f"of-{world.namespace}")
        with world.operating(kubeconfig=str(account), operator_namespace=f"of-{world.namespace}"):
            world.create("CaasContainer", "serving")
            world.wait_ready("CaasContainer", "serving")
            world.edit("CaasContainer", "serving", exportTo=to("forbidden"))
            obj = world.wait_condition("CaasContainer", "serving", "Synced", "False", "DependencyNotReady")
            ready = condition(obj, "Ready") or {}
            assert (ready["status"], ready["observedGeneration"]) == ("True", 1)
            told = (condition(obj, "Synced") or {})["message"]
            assert told.startswith(f"spec.exportTo.configMapKeyRef: ConfigMap {world.namespace}/forbidden cannot be")
            assert 'cannot create resource "configmaps"' in told
            world.edit("CaasContainer", "serving", exportTo=None)
            world.wait_ready("CaasContainer", "serving")


def _writes_config_maps(rule: Json) -> bool:
    return "configmaps" in rule["resources"] and "create" in rule["verbs"]
