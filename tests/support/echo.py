"""What a cloud answers about something made of a body: everything echoed, with the server's defaults and nulls.

Written from the response schemas, apart from the simulator and from the mappings, so that neither can hide a mistake.
"""

from typing import Any

JSON = dict[str, Any]

CONTAINER_ABSENT: JSON = {
    "description": "",
    "envs": {},
    "timeout": 0,
    "is_disabled": False,
    "is_api_key_auth": False,
    "pull_secret": None,
    "commands": None,
    "logging": None,
}
DEPLOYMENT_ABSENT: JSON = {
    "description": "",
    "credentials_name": "",
    "command": None,
    "envs": {},
    "timeout": 120,
    "api_keys": None,
    "ingress_opts": None,
    "logging": None,
    "probes": None,
}
CAAS_TRIGGERS = ("cpu", "memory", "http")
INFERENCE_TRIGGERS = ("cpu", "memory", "gpu_utilization", "gpu_memory", "http", "sqs")
SQS_ABSENT: JSON = {"aws_endpoint": None, "scale_on_flight": False, "scale_on_delayed": False}
PROBES = ("liveness_probe", "readiness_probe", "startup_probe")
PROBE_ABSENT: JSON = {
    "failure_threshold": 3,
    "success_threshold": 1,
    "period_seconds": 10,
    "timeout_seconds": 3,
    "initial_delay_seconds": 0,
    "exec": None,
    "tcp_socket": None,
    "http_get": None,
}
HTTP_GET_ABSENT: JSON = {"path": "/", "schema": "HTTP", "host": None, "headers": {}}


def container(body: JSON) -> JSON:
    """The response for a container that serves."""
    return _container(CONTAINER_ABSENT | body)


def patched_container(response: JSON, patch: JSON) -> JSON:
    """A PATCH replaces each field that it has."""
    return _container(response | patch)


def _container(fields: JSON) -> JSON:
    scale = fields["scale"]
    return {
        **fields,
        "scale": {**scale, "cooldown_period": scale.get("cooldown_period", 60), "triggers": _caas_triggers(scale)},
        "logging": _logging(fields["logging"]),
        "namespace": "ns-1",
        "status": "Disabled" if fields["is_disabled"] else "Ready",
        "status_message": None,
        "address": "web.example.test",
        "deploy_status": {"total": 2, "ready": 1},
        "created_at": "2026-05-23T05:07:31",
        "source": "cloud",
    }


def _caas_triggers(scale: JSON) -> JSON:
    triggers: JSON = scale.get("triggers", {"cpu": {"threshold": 80}})
    return dict.fromkeys(CAAS_TRIGGERS) | triggers


def deployment(body: JSON) -> JSON:
    """The response for a deployment that runs. Defaults of a create go into its containers."""
    containers = [{**item, "scale": _created_scale(item["scale"])} for item in body["containers"]]
    return _deployment(DEPLOYMENT_ABSENT | body | {"containers": containers}, "ACTIVE")


def patched_deployment(response: JSON, patch: JSON) -> JSON:
    """A PATCH replaces each field and each probe that it has; a scale gets no defaults."""
    fields = response | patch
    if "probes" in patch:
        fields["probes"] = (response["probes"] or {}) | patch["probes"]
    return _deployment(fields, response["status"])


def _created_scale(scale: JSON) -> JSON:
    defaults = {"cpu": {"threshold": 80}, "memory": {"threshold": 80}}
    return {"cooldown_period": 60, "polling_interval": 30, "triggers": defaults} | scale


def _deployment(fields: JSON, status: str) -> JSON:
    command = fields["command"]
    return {
        **fields,
        "command": " ".join(command) if isinstance(command, list) else command,
        "containers": [_region(item) for item in fields["containers"]],
        "probes": {name: _probe((fields["probes"] or {}).get(name)) for name in PROBES},
        "logging": _logging(fields["logging"]),
        "project_id": 1,
        "status": status,
        "auth_enabled": bool(fields["api_keys"]),
        "address": None,
        "created_at": None,
        "object_references": [],
    }


def _region(item: JSON) -> JSON:
    scale = item["scale"]
    triggers = dict.fromkeys(INFERENCE_TRIGGERS) | (scale.get("triggers") or {})
    if triggers["sqs"]:
        triggers["sqs"] = SQS_ABSENT | triggers["sqs"]
    return {
        "region_id": item["region_id"],
        "address": None,
        "deploy_status": {"ready": 1, "total": 1},
        "error_message": None,
        "scale": {**scale, "triggers": triggers},
    }


def _probe(probe: JSON | None) -> JSON | None:
    if probe is None or not probe.get("probe"):
        return probe
    inner = PROBE_ABSENT | probe["probe"]
    if inner["http_get"]:
        inner["http_get"] = HTTP_GET_ABSENT | inner["http_get"]
    return {**probe, "probe": inner}


def _logging(logging: JSON | None) -> JSON | None:
    absent: JSON = {"destination_region_id": None, "topic_name": None, "retention_policy": None}
    return logging and absent | logging


def sandbox(body: JSON) -> JSON:
    """The response for a sandbox that was just made; what is write-only does not come back."""
    policy = body.get("network_policy", {"type": "disabled"})
    return {
        "id": "cntr_0123",
        "object": "container",
        "created_at": 1_800_000_000,
        "name": body["name"],
        "status": "running",
        "expires_after": body.get("expires_after", {"anchor": "last_active_at", "minutes": 20}),
        "last_active_at": 1_800_000_000,
        "memory_limit": body.get("memory_limit", "1g"),
        "network_policy": {key: value for key, value in policy.items() if key != "domain_secrets"},
    }
