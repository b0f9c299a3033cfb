"""The states of accounts: a credential that works, one that is missing, one that is still used."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.accounts import SYSTEM_NAMESPACE
from tests.support.world import MERGE, Json, World

ACCOUNT, SHARED = "CloudAccount", "ClusterCloudAccount"
Plain = Callable[[Json, World], Json]


def unvisited(world: World, plain: Plain) -> dict[str, dict[str, Json]]:
    found = {kind: {"unvisited": plain(_made(world, kind, "unvisited"), world)} for kind in (ACCOUNT, SHARED)}
    for kind in found:
        world.delete(kind, "unvisited")
    return found


def visited(world: World, plain: Plain) -> Iterator[tuple[str, str, Json]]:
    """Kind, state, object."""
    for kind in (ACCOUNT, SHARED):
        _made(world, kind, "retrying-new")
        yield kind, "retrying-new", plain(world.wait_condition(kind, "retrying-new", "Ready", "False"), world)
        world.delete(kind, "retrying-new")
    _made(world, ACCOUNT, "refused", endpoint="https://elsewhere.example.com")
    yield ACCOUNT, "refused", plain(world.wait_condition(ACCOUNT, "refused", "Stalled", "True"), world)
    world.delete(ACCOUNT, "refused")
    _made(world, SHARED, "serving", secret="gcore")
    world.create("CaasContainer", "user", accountRef={"kind": SHARED, "name": "serving"})
    world.wait_ready("CaasContainer", "user")
    yield SHARED, "serving", plain(world.wait_ready(SHARED, "serving"), world)
    world.delete(SHARED, "serving")
    obj = world.wait_condition(SHARED, "serving", "Ready", "False", "DeleteBlocked")
    yield SHARED, "delete-blocked", plain(obj, world)
    world.http.patch(world.path(SHARED, "serving"), json={"metadata": {"finalizers": None}}, headers=MERGE)


def _made(world: World, kind: str, name: str, *, secret: str = "absent", endpoint: str = "") -> Json:
    ref = {"name": secret, "key": "api-key"} | ({"namespace": SYSTEM_NAMESPACE} if kind == SHARED else {})
    cloud: dict[str, Any] = {"apiKeySecretRef": ref, "projectId": 1, "regionId": 76}
    if kind == SHARED:
        cloud["endpoint"] = world.simulator.urls.gcore
    elif endpoint:
        cloud["endpoint"] = endpoint
    allowed = {"allowedNamespaces": {"names": ["*"]}} if kind == SHARED else {}
    return world.create(kind, name, gcore=cloud, **allowed)
