"""readinessCheck without --readiness-check-networks: addresses that are not public are not asked."""

from tests.cluster.control_plane import ControlPlane
from tests.support.world import condition, world_of


def test_without_the_setting_a_private_address_is_not_asked(control_plane: ControlPlane) -> None:
    with world_of(control_plane, task_seconds=0.3) as world:
        world.simulator.switch("gcore_addresses", "local")
        world.create("CaasContainer", "private", readinessCheck={"path": "/healthz"})

        def told() -> bool:
            ready = condition(world.get("CaasContainer", "private") or {}, "Ready") or {}
            return "is not public and may not be asked" in ready.get("message", "")

        world.wait(told, told="why it is not asked")
        assert not world.simulator.journal("gcore.workload")
