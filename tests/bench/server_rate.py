"""How many status patches a second the API server takes from one client when nobody else asks anything of it."""

import uuid
from dataclasses import dataclass

from tests.bench.api import POOL_SIZE, Json, at_once
from tests.bench.fleet import names_of
from tests.bench.stage import Stage

ROUNDS = 3


@dataclass(frozen=True)
class ServerRate:
    """A second, median of the rounds; `creates` for comparison."""

    status_patches: float
    creates: float
    rounds: tuple[float, ...]


async def server_rate(stage: Stage, objects: int) -> ServerRate:
    """Merge patches of /status like the operator's own: as large, as guarded, over as many connections.

    The objects are gone at the end.
    """
    fleet, names = stage.fleet, names_of("rate", objects)
    creates = objects / await fleet.create(names)
    listed = await stage.api.call("GET", fleet.collection)
    current = {obj["metadata"]["name"]: obj["metadata"] for obj in listed["items"]}

    async def patch(name: str) -> None:
        status = _status(name)
        seen = {key: current[name][key] for key in ("uid", "resourceVersion")}
        body = {"metadata": seen, "status": status}
        answer = await stage.api.call("PATCH", f"{fleet.item(name)}/status", body, fieldManager="caas-operator")
        current[name] = answer["metadata"]

    rounds = sorted([objects / await at_once(POOL_SIZE, patch, names) for _ in range(ROUNDS)])
    await fleet.delete(names)
    await fleet.until_gone(names)
    return ServerRate(rounds[ROUNDS // 2], creates, tuple(rounds))


def _status(name: str) -> Json:
    """What the operator writes when a create was answered."""
    at = "2026-01-01T00:00:00Z"
    account = {"kind": "ClusterCloudAccount", "name": "gcore", "endpoint": "http://127.0.0.1:40000"}
    return {
        "observedGeneration": 1,
        "account": {**account, "provider": "gcore", "scope": "1/76"},
        "externalId": f"1/76/{name}",
        "externalName": name,
        "operation": {"type": "Create", "taskIds": [str(uuid.uuid4())], "generation": 1, "startedAt": at},
        "startedAt": at,
        "conditions": [
            {
                "type": type_,
                "status": status,
                "reason": "Provisioning",
                "message": "",
                "observedGeneration": 1,
                "lastTransitionTime": at,
            }
            for type_, status in (("Ready", "False"), ("Synced", "Unknown"), ("Reconciling", "True"))
        ],
    }
