"""InferenceDeployment: what a response means."""

from collections.abc import Mapping
from typing import Any

from caas_operator.core.model import External, Health, JsonObject
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec, Readiness
from caas_operator.kinds.wire import gcore, marker

HEALTH = {"ACTIVE": Health.SERVING, "PENDING": Health.SERVING, "DISABLED": Health.STOPPED}
"""By status [SPEC]. PENDING runs, scaled to zero, and wakes on a request. There is no status for failure."""

DEPLOYING = "DEPLOYING"
PARTIALLY_DEPLOYED = "PARTIALLYDEPLOYED"
_NO_NAMES: Mapping[int, str] = {}


def external(wire: Mapping[str, Any], scope: str, region_names: Mapping[int, str] = _NO_NAMES) -> External:
    """`health` is that of `readiness: All`; `health_for` has the one that a spec asks for."""
    rows = [_row(container, region_names) for container in wire.get("containers") or ()]
    references = wire.get("object_references") or ()
    return External(
        id=f"{scope}/{wire['name']}",
        name=wire["name"],
        health=_health(wire, "All"),
        wire=wire,
        message=_failures(rows),
        endpoint=gcore.endpoint(wire.get("address")),
        marker=marker.split(wire.get("description"))[1],
        foreign="it belongs to an application of the catalog (object_references)" if references else "",
        created_at=gcore.created(wire.get("created_at")),
        observed={
            "cloudStatus": str(wire.get("status") or ""),
            "readyReplicas": sum(row["ready"] for row in rows),
            "totalReplicas": sum(row["total"] for row in rows),
            "regions": rows,
        },
    )


def checked(spec: InferenceDeploymentSpec, found: External) -> str | None:
    """The URL of `readinessCheck`. None also where asking would wake it for money, or could not be answered by 2xx."""
    scales = [container.get("scale") or {} for container in found.wire.get("containers") or ()]
    asleep = all(scale.get("min") == 0 for scale in scales)
    if spec.readiness_check is None or asleep or found.wire.get("api_keys") or found.wire.get("auth_enabled"):
        return None
    return gcore.checked_url(spec.readiness_check, found.endpoint)


def health_for(spec: InferenceDeploymentSpec, found: External) -> Health:
    """The health by the number of regions that `readiness` asks for."""
    return _health(found.wire, spec.readiness or "All")


def _health(wire: Mapping[str, Any], readiness: Readiness) -> Health:
    """A failure shows as an error_message of regions in a deployment that is not all there [SPEC].

    Too few regions left without one: broken. Enough that serve: serving, although the rest is not there yet.
    """
    status = wire.get("status")
    if status in HEALTH:
        return HEALTH[status]
    containers = wire.get("containers") or ()
    if status not in (DEPLOYING, PARTIALLY_DEPLOYED) or not containers:
        return Health.CHANGING
    needed = {"All": len(containers), "Any": 1, "Quorum": len(containers) // 2 + 1}[readiness]
    if sum(not container.get("error_message") for container in containers) < needed:
        return Health.BROKEN
    # While DEPLOYING, what serves may still be the former generation.
    serving = sum(_serves(container) for container in containers) if status == PARTIALLY_DEPLOYED else 0
    return Health.SERVING if serving >= needed else Health.CHANGING


def _serves(container: Mapping[str, Any]) -> bool:
    """All replicas are ready; none of none counts where the region may scale to zero."""
    ready, total = gcore.replicas(container.get("deploy_status"))
    scaled_to_zero = not total and (container.get("scale") or {}).get("min") == 0
    return not container.get("error_message") and ready >= total and (total > 0 or scaled_to_zero)


def _row(container: Mapping[str, Any], region_names: Mapping[int, str]) -> JsonObject:
    ready, total = gcore.replicas(container.get("deploy_status"))
    row = {
        "regionId": container["region_id"],
        "regionName": region_names.get(container["region_id"]),
        "ready": ready,
        "total": total,
        "address": gcore.endpoint(container.get("address")) or None,
        "errorMessage": gcore.said(container.get("error_message")) or None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _failures(rows: list[JsonObject]) -> str:
    failed = [row for row in rows if "errorMessage" in row]
    return gcore.said("; ".join(f"region {row['regionId']}: {row['errorMessage']}" for row in failed))
