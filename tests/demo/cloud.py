"""What the simulated clouds say of themselves, by their admin API."""

from typing import Any

from tests.demo.screen import table
from tests.support.simulator import Clouds

KINDS = ("caas", "inference", "sandboxes")
BESIDE = ("pull_secrets", "registry_credentials")
"""What the operator may make beside the resources themselves."""
CREATED_BY = {"CaasContainer": "caas", "InferenceDeployment": "inference"}
"""Under which name the simulator counts creates; a sandbox's is its account's provider."""


def view(simulator: Clouds) -> str:
    """One row for everything that lives in the clouds, as the admin API's GET /state has it."""
    rows = [
        *(
            ("caas", f"{one['project']}/{one['region']}/{one['name']}", one["image"], one["status"])
            for one in simulator.listed("caas")
        ),
        *(
            ("inference", f"{one['project']}/{one['name']}", one["image"], one["status"])
            for one in simulator.listed("inference")
        ),
        *(
            (_cloud(one["account"]), one["id"], f"{one['name']}, {one.get('memory_limit', '')}", one["status"])
            for one in simulator.listed("sandboxes")
        ),
    ]
    return table(("CLOUD", "ID", "WHAT", "STATUS"), rows) if rows else "nothing"


def _cloud(account: str) -> str:
    """A sandbox's account is `direct`, or the provider and key behind the gateway."""
    return "openai" if account == "direct" else f"gateway to {account}"


def external_ids(simulator: Clouds) -> list[str]:
    """As our status would name them."""
    return [
        *(f"{one['project']}/{one['region']}/{one['name']}" for one in simulator.listed("caas")),
        *(f"{one['project']}/{one['name']}" for one in simulator.listed("inference")),
        *(one["id"] for one in simulator.listed("sandboxes")),
    ]


def leftovers(simulator: Clouds) -> list[str]:
    beside = [f"{kind} {one.get('name')}" for kind in BESIDE for one in simulator.listed(kind)]
    return external_ids(simulator) + beside


def created(simulator: Clouds) -> dict[str, int]:
    return {cloud: number for cloud, number in simulator.counters().created.items() if number}


def scale_of(simulator: Clouds, name: str) -> dict[str, Any]:
    scale: dict[str, Any] = next(one for one in simulator.listed("caas") if one["name"] == name)["scale"]
    return {key: scale[key] for key in ("min", "max")}
