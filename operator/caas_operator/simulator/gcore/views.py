"""What a GET shows of a container and of a deployment, rendered once and kept until something changes."""

from typing import Any

from caas_operator.simulator.gcore.catalog import slug
from caas_operator.simulator.gcore.schemas import logging_wire
from caas_operator.simulator.gcore.state import Container, Deployment
from caas_operator.simulator.wire import dumps
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def container_wire(world: World, container: Container) -> bytes:
    if container.wire is None:
        container.wire = dumps(container_json(world, container))
    return container.wire


def container_json(world: World, container: Container) -> JSON:
    """The response [SPEC]: every required member is present."""
    spec = container.spec
    total = 0 if spec["is_disabled"] else spec["scale"]["min"]
    ready = total if container.served_since is not None else 0
    return {
        "name": container.name,
        "image": spec["image"],
        "flavor": spec["flavor"],
        "description": spec["description"],
        "namespace": f"caas-{container.project}",
        "listening_port": spec["listening_port"],
        "timeout": spec["timeout"] if spec["timeout"] is not None else 0,
        "envs": spec["envs"],
        "scale": spec["scale"],
        "is_disabled": spec["is_disabled"],
        "is_api_key_auth": spec["is_api_key_auth"],
        "pull_secret": spec["pull_secret"],
        "status": container.status,
        "status_message": container.status_message,
        "address": _container_address(world, container),
        "deploy_status": {"total": total, "ready": ready},
        "created_at": world.stamp(container.created_at),
        "source": container.source,
        "commands": spec["commands"],
        "logging": logging_wire(spec["logging"]),
    } | container.shown_as


def _container_address(world: World, container: Container) -> str:
    up = container.task is None or container.task.final is not None
    if not up and world.switches.word("caas_address_while_deploying") == "empty":
        return ""
    project, region, name = container.project, container.region, container.name
    if world.switches.word("gcore_addresses") == "local":
        return f"{world.local_urls.get('gcore', '')}/workloads/caas/{project}/{region}/{name}/"
    place = slug(world.gcore.regions.get(region, {"display_name": f"region-{region}"}))
    return f"https://{name}-{region}-{project}-caas.caas.k1.{place}.cloud.example/"


def deployment_wire(world: World, deployment: Deployment) -> bytes:
    if deployment.wire is None:
        deployment.wire = dumps(deployment_json(world, deployment))
    return deployment.wire


def deployment_json(world: World, deployment: Deployment) -> JSON:
    """The response [SPEC, GO]; `command` is a string here although it was sent as a list [LAB]."""
    spec = deployment.spec
    running = deployment.served_since is not None and not deployment.stopped
    return {
        "project_id": deployment.project,
        "name": deployment.name,
        "description": spec["description"] or "",
        "image": spec["image"],
        "listening_port": spec["listening_port"],
        "flavor_name": spec["flavor_name"],
        "credentials_name": spec["credentials_name"] or "",
        "status": deployment_status(deployment),
        "auth_enabled": bool(spec["api_keys"]) or spec["auth_enabled"],
        "address": _deployment_address(world, deployment) if running else None,
        "created_at": world.stamp(deployment.created_at),
        "timeout": spec["timeout"],
        "envs": spec["envs"],
        "command": " ".join(spec["command"]) if spec["command"] else None,
        "ingress_opts": spec["ingress_opts"],
        "logging": logging_wire(spec["logging"]),
        "probes": _probes(world, spec["probes"]),
        "containers": [_region(world, deployment, part, running=running) for part in spec["containers"]],
        "object_references": deployment.object_references,
        "api_keys": spec["api_keys"],
    } | deployment.shown_as


def deployment_status(deployment: Deployment) -> str:
    if deployment.deleting:
        return "DELETING"
    return deployment.status


def _region(world: World, deployment: Deployment, part: JSON, *, running: bool) -> JSON:
    region, error = part["region_id"], deployment.region_errors.get(part["region_id"])
    total = 0 if deployment.stopped else part["scale"]["min"]
    up = running and error is None
    return {
        "region_id": region,
        "address": _region_address(world, deployment, region) if up else None,
        "deploy_status": {"ready": total if up else 0, "total": total},
        "error_message": error,
        "scale": part["scale"],
    }


def _deployment_address(world: World, deployment: Deployment) -> str:
    if world.switches.word("gcore_addresses") == "local":
        base = world.local_urls.get("gcore", "")
        return f"{base}/workloads/inference/{deployment.project}/{deployment.name}/"
    return f"https://{deployment.name}-{deployment.project}.inference.cloud.example/"


def _region_address(world: World, deployment: Deployment, region: int) -> str:
    if world.switches.word("gcore_addresses") == "local":
        return _deployment_address(world, deployment)
    return f"https://{deployment.name}-{region}-{deployment.project}.inference.cloud.example/"


def _probes(world: World, probes: JSON | None) -> JSON | None:
    if probes is None or world.switches.word("probes_echo") == "echo":
        return probes
    shown = {name: probe if probe is not None and probe["enabled"] else None for name, probe in probes.items()}
    return shown if any(shown.values()) else None
