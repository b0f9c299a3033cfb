"""The accounts of deploy/samples, led to the simulated clouds: endpoints and keys are put in, nothing else changes."""

from pathlib import Path
from typing import Any

import yaml

from tests.support.simulator import Clouds

PLACEHOLDER = "replace-me"
CLOUDS = ("gcore", "openai", "gateway")


def lead_to(simulator: Clouds, source: Path, target: Path) -> list[str]:
    """Write the accounts of `source` to `target` for this simulator; returns what was changed, a line each."""
    documents = [one for one in yaml.safe_load_all(source.read_text(encoding="utf-8")) if one]
    secrets = {one["metadata"]["name"]: one for one in documents if one["kind"] == "Secret"}
    changes = []
    for document in documents:
        if document["kind"] == "ClusterCloudAccount":
            changes += _redirect(document, secrets, simulator)
    target.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
    return changes


def _redirect(account: dict[str, Any], secrets: dict[str, Any], simulator: Clouds) -> list[str]:
    name, spec = account["metadata"]["name"], account["spec"]
    cloud = next(cloud for cloud in CLOUDS if cloud in spec)
    url, key = getattr(simulator.urls, cloud), getattr(simulator.keys, cloud)
    before = spec[cloud].get("endpoint", "absent: the vendor's own")
    spec[cloud]["endpoint"] = url
    reference = spec[cloud].get("apiKeySecretRef") or spec[cloud]["virtualKeySecretRef"]
    values = secrets[reference["name"]]["stringData"]
    if values[reference["key"]] != PLACEHOLDER:
        raise ValueError(f"Secret {reference['name']} of the samples holds a real value")
    values[reference["key"]] = key
    return [
        f"ClusterCloudAccount {name}: {cloud}.endpoint {before} -> {url}",
        f"Secret {reference['name']}: {reference['key']} {PLACEHOLDER} -> the simulator's key",
    ]
