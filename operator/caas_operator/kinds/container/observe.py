"""CaasContainer: what a response means."""

from collections.abc import Mapping
from typing import Any

from caas_operator.core.model import External, Health
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.wire import gcore, marker

HEALTH = {
    "ready": Health.SERVING,
    "running": Health.SERVING,
    "disabled": Health.STOPPED,
    "error": Health.BROKEN,
}
"""By the status in lower case: a free string, `Ready` in real samples [DOC-caas] and `RUNNING` in the schema's [SPEC].

What is not here (`Deploying`, `Pending`, and words that nobody has written down) is on its way. Ready does not
mean that all replicas are: a real sample has 1 of 2.
"""

INFERENCE_OWNED = "iate"


def checked(spec: CaasContainerSpec, found: External) -> str | None:
    """The URL of `readinessCheck`. None also where asking would wake it for money, or could not be answered by 2xx."""
    scale = found.wire.get("scale") or {}
    if spec.readiness_check is None or scale.get("min") == 0 or found.wire.get("is_api_key_auth"):
        return None
    return gcore.checked_url(spec.readiness_check, found.endpoint)


def external(wire: Mapping[str, Any], scope: str) -> External:
    status = str(wire.get("status") or "")
    message = gcore.said(wire.get("status_message"))
    ready, total = gcore.replicas(wire.get("deploy_status"))
    observed = {"cloudStatus": status, "readyReplicas": ready, "totalReplicas": total, "message": message}
    foreign = wire.get("source") == INFERENCE_OWNED
    return External(
        id=f"{scope}/{wire['name']}",
        name=wire["name"],
        health=HEALTH.get(status.lower(), Health.CHANGING),
        wire=wire,
        message=message,
        endpoint=gcore.endpoint(wire.get("address")),
        marker=marker.split(wire.get("description"))[1],
        foreign="it belongs to Everywhere Inference (source: iate)" if foreign else "",
        created_at=gcore.created(wire.get("created_at")),
        observed={name: value for name, value in observed.items() if value != ""},
    )
