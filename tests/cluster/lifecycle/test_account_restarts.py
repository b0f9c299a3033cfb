"""What the operator knows of accounts when it starts: its own environment, and no key that it had before."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import SYSTEM_NAMESPACE
from tests.support.operator import OperatorProcess, running_operator
from tests.support.world import CREATE, DELETE, World, condition, world_of

BOX, SANDBOX, SHARED = "CaasContainer", "SandboxContainer", "ClusterCloudAccount"


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        yield world


@pytest.fixture
def by_environment(world: World) -> Iterator[OperatorProcess]:
    """No account objects; the operator's own environment has the keys, for one namespace."""
    for name in ("gcore", "openai", "gateway"):
        world.delete(SHARED, name)
    environment = {
        "GCORE_API_KEY": world.simulator.keys.gcore,
        "GCORE_BASE_URL": world.simulator.urls.gcore,
        "GCORE_CLOUD_PROJECT_ID": "1",
        "GCORE_CLOUD_REGION_ID": "76",
        "OPENAI_API_KEY": world.simulator.keys.openai,
        "OPENAI_BASE_URL": world.simulator.urls.openai,
    }
    flags = {"environment_account_namespaces": world.namespace}
    with running_operator(world.plane, world.simulator, environment=environment, flags=flags) as operator:
        world.operator = operator
        yield operator


@pytest.mark.usefixtures("by_environment")
def test_the_environments_accounts_serve_only_the_namespaces_that_are_listed(world: World) -> None:
    elsewhere = replace(world, namespace=world.plane.create_namespace())
    for kind in (BOX, SANDBOX):
        world.create(kind, "web-environment")
        elsewhere.create(kind, "web-outside")
        obj = world.wait_ready(kind, "web-environment")
        assert obj["status"]["account"]["kind"] == "Environment"
        elsewhere.wait_condition(kind, "web-outside", "Ready", "False", "DependencyNotReady")
        assert not world.simulator.journal(CREATE[kind], name="web-outside*")
    world.delete(BOX, "web-environment")
    world.wait_gone(BOX, "web-environment")


def test_a_deletion_without_the_accounts_key_is_blocked_after_a_restart_until_the_key_is_back(world: World) -> None:
    with world.operating() as operator:
        for name in ("web-well", "web-stuck"):
            world.create(BOX, name)
            world.wait_ready(BOX, name)
        operator.stop()
    writes = world.writes(BOX, "web-well")
    world.http.delete(f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/secrets/gcore").raise_for_status()
    with world.operating():
        world.delete(BOX, "web-stuck")
        obj = world.wait_condition(BOX, "web-stuck", "Ready", "False", "DeleteBlocked")
        message = str((condition(obj, "Ready") or {})["message"])
        assert "account ClusterCloudAccount/gcore cannot be used" in message
        assert "kubectl patch" in message
        assert not world.simulator.journal(DELETE[BOX])
        assert world.writes(BOX, "web-well") == writes, "the account's trouble shows on the account alone"
        system = replace(world, namespace=SYSTEM_NAMESPACE)
        system.create_secret("gcore", **{"api-key": world.simulator.keys.gcore})
        world.simulator.advance(61)
        world.wait_gone(BOX, "web-stuck")
        assert not [item for item in world.in_cloud(BOX) if item["name"] == "web-stuck"]
