"""What the engine writes must be in the schema: the API server prunes the rest, and it would be written for ever."""

from collections.abc import Callable
from typing import Any

import pytest

from caas_operator.core.model import AccountRef, External, Operation, Pin, Place, Resource, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.status import Binding, next_status
from caas_operator.kinds.container.observe import external as container
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.inference.observe import external as deployment
from caas_operator.kinds.sandbox.mapping import external as sandbox

NOW = 1_800_000_000.0

SEEN: dict[str, Callable[[], External]] = {
    "CaasContainer": lambda: container(
        {
            "name": "shop",
            "status": "Error",
            "status_message": "image not found",
            "deploy_status": {"ready": 1, "total": 2},
            "address": "https://shop.example.com/",
            "created_at": "2026-01-01T00:00:00Z",
        },
        "1/76",
    ),
    "InferenceDeployment": lambda: deployment(
        {
            "name": "chat",
            "status": "PARTIALLYDEPLOYED",
            "address": "https://chat.example.com/",
            "created_at": "2026-01-01T00:00:00Z",
            "containers": [
                {
                    "region_id": 76,
                    "address": "https://chat-76.example.com/",
                    "error_message": "no capacity",
                    "deploy_status": {"ready": 1, "total": 2},
                    "scale": {"min": 1, "max": 2},
                }
            ],
        },
        "1",
        {76: "Luxembourg-2"},
    ),
    "SandboxContainer": lambda: sandbox(
        {
            "id": "cntr_1",
            "name": "scratch",
            "status": "running",
            "created_at": 1_700_000_000,
            "last_active_at": 1_700_000_100,
            "memory_limit": "1g",
            "expires_after": {"anchor": "last_active_at", "minutes": 20},
        }
    ),
}


def an_object(kind: str) -> Resource:
    metadata = {
        "uid": "1",
        "name": "shop",
        "namespace": "default",
        "resourceVersion": "1",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "annotations": {"caas-operator.dev/reconcile-requested-at": "now"},
    }
    return Resource.from_body({"kind": kind, "metadata": metadata, "spec": {}})


@pytest.mark.parametrize("kind", SEEN)
def test_all_that_a_pass_writes_is_in_the_schema(kind: str) -> None:
    pin = Pin(AccountRef("ClusterCloudAccount", "gcore"), "https://api.example.com", Place("1/76", "shop"), "1/76/shop")
    binding = Binding(
        pin=pin,
        provider="gcore",
        found=SEEN[kind](),
        operation=Operation(Verb.CREATE, ("task-1",), 3, NOW),
        applied=("description", "env"),
    )
    written = next_status(an_object(kind), Outcome(State.SERVING, Reason.AVAILABLE, "It serves"), binding, NOW)
    assert {"account", "externalId", "externalName", "operation", "appliedFields", "conditions"} <= written.keys()
    model: Any = next(definition.status for definition in DEFINITIONS if definition.kind == kind)
    kept = model.model_validate(written).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert kept == written
