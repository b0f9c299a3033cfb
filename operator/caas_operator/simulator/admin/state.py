"""What the clouds hold, for people and tests: the wire form of each resource and what no reply shows."""

from collections.abc import Callable
from typing import Any

from caas_operator.simulator.gcore.state import Place
from caas_operator.simulator.gcore.tasks import state_of
from caas_operator.simulator.gcore.views import container_json, deployment_json
from caas_operator.simulator.openai import containers
from caas_operator.simulator.openai.files import file_json
from caas_operator.simulator.openai.state import Sandbox
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def state(world: World, kinds: list[str] | None = None) -> JSON:
    """The kinds asked for, by default all. Raises KeyError for an unknown one."""
    makers: dict[str, Callable[[World], object]] = {
        "caas": _containers,
        "inference": _deployments,
        "tasks": _tasks,
        "sandboxes": _sandboxes,
        "pull_secrets": _pull_secrets,
        "caas_keys": _caas_keys,
        "registry_credentials": lambda w: _by_project(w.gcore.registry_credentials),
        "api_keys": lambda w: _by_project(w.gcore.api_keys),
        "inference_secrets": lambda w: _by_project(w.gcore.inference_secrets),
        "projects": lambda w: list(w.gcore.projects.values()),
        "regions": lambda w: list(w.gcore.regions.values()),
        "quotas": lambda w: dict(w.gcore.quotas),
        "keys": lambda w: dict(w.keys),
    }
    return {kind: makers[kind](world) for kind in kinds or makers}


def _containers(world: World) -> list[JSON]:
    return [
        {"project": project, "region": region, **container_json(world, item)}
        for (project, region), items in world.gcore.containers.items()
        for item in items.values()
    ]


def _deployments(world: World) -> list[JSON]:
    return [
        {"project": project, **deployment_json(world, item), "sent_command": item.spec["command"]}
        for project, items in world.gcore.deployments.items()
        for item in items.values()
    ]


def _tasks(world: World) -> list[JSON]:
    now = world.now()
    return [
        {
            "id": task.id,
            "task_type": task.task_type,
            "project": task.project_id,
            "region": task.region_id,
            "name": task.name,
            "state": state_of(task, now),
            "error": task.error,
            "held": task.held,
        }
        for task in world.gcore.tasks.values()
    ]


def _sandboxes(world: World) -> list[JSON]:
    return [_sandbox(world, item) for item in world.sandboxes.known.values()]


def _sandbox(world: World, item: Sandbox) -> JSON:
    return {
        "account": item.account,
        **containers.container_json(world, item),
        "status": item.shown_as.get("status", containers.status_of(world, item)),
        "expires_at": item.last_active_at + 60 * item.minutes,
        "deleted": item.deleted,
        "body": item.body,
        "files": [
            {**file_json(item, file), "text": file.content.decode("utf-8", "replace")} for file in item.files.values()
        ],
    }


def _pull_secrets(world: World) -> list[JSON]:
    return _by_place(world.gcore.pull_secrets)


def _caas_keys(world: World) -> list[JSON]:
    return _by_place(world.gcore.caas_keys)


def _by_place(known: dict[Place, dict[str, JSON]]) -> list[JSON]:
    return [
        {"project": project, "region": region, **item}
        for (project, region), items in known.items()
        for item in items.values()
    ]


def _by_project(known: dict[int, dict[str, JSON]]) -> list[JSON]:
    return [{"project": project, **item} for project, items in known.items() for item in items.values()]
