"""Accounts in a test cluster that lead to a simulator."""

import json
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.support.simulator import Simulator

GROUP = "caas-operator.dev/v1alpha1"
SYSTEM_NAMESPACE = "caas-operator"


def apply_accounts(plane: ControlPlane, simulator: Simulator, **more: Any) -> None:
    """ClusterCloudAccounts `gcore` and `openai` (the defaults) and `gateway`, open to every namespace.

    `more` goes into each account's spec.
    """
    spec = {"rateLimit": {"requestsPerSecond": 5000, "burst": 5000}, "allowedNamespaces": {"names": ["*"]}} | more
    clouds = {
        "gcore": {
            "endpoint": simulator.urls.gcore,
            "apiKeySecretRef": _at("gcore", "api-key"),
            "projectId": 1,
            "regionId": 76,
        },
        "openai": {"endpoint": simulator.urls.openai, "apiKeySecretRef": _at("openai", "api-key")},
        "gateway": {"endpoint": simulator.urls.gateway, "virtualKeySecretRef": _at("gateway", "virtual-key")},
    }
    keys = {
        "gcore": {"api-key": simulator.keys.gcore},
        "openai": {"api-key": simulator.keys.openai},
        "gateway": {"virtual-key": simulator.keys.gateway},
    }
    items: list[dict[str, Any]] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}]
    for name, cloud in clouds.items():
        items.append(secret(SYSTEM_NAMESPACE, name, keys[name]))
        default = {"default": True} if name != "gateway" else {}
        items.append(
            {
                "apiVersion": GROUP,
                "kind": "ClusterCloudAccount",
                "metadata": {"name": name},
                "spec": {name: cloud, **default, **spec},
            }
        )
    plane.kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def secret(namespace: str, name: str, values: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": values,
    }


def _at(name: str, key: str) -> dict[str, str]:
    return {"namespace": SYSTEM_NAMESPACE, "name": name, "key": key}
