"""Changes behind everybody's back: foreign resources, drift, deletions, expiry, projects, quotas, keys.

A change is a JSON object: `action` (create, mutate, delete), `kind`, what identifies the thing (`project`,
`region`, `name`, or `id`), and `body` (create) or `set` (mutate). Nothing here makes a task or a journal entry.
"""

from collections.abc import Callable
from typing import Any

from caas_operator.simulator.gcore import caas_schemas, inference_life, inference_schemas
from caas_operator.simulator.gcore.caas import here as containers_here
from caas_operator.simulator.gcore.inference_life import here as deployments_here
from caas_operator.simulator.gcore.state import Container, Deployment
from caas_operator.simulator.openai import containers
from caas_operator.simulator.openai.state import DIRECT, Sandbox
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def change(world: World, item: JSON) -> JSON:
    """Carry one change out and answer what was touched. Raises ValueError or KeyError for a wrong one."""
    action, kind = item.get("action"), item.get("kind")
    do = CHANGES.get((str(action), str(kind)))
    if do is None:
        raise ValueError(f"unknown change {action} {kind}; known: {sorted(' '.join(k) for k in CHANGES)}")
    return do(world, item) or {}


def _place(item: JSON) -> tuple[int, int]:
    return int(item.get("project", 1)), int(item["region"])


def _container(world: World, item: JSON) -> Container:
    return containers_here(world, _place(item))[item["name"]]


def create_container(world: World, item: JSON) -> None:
    """`body` as POSTed; `source` and `set` (over the reply) may be given; Ready at once."""
    body = caas_schemas.Create.model_validate(item["body"]).model_dump(mode="json")
    name = body.pop("name")
    container = Container(*_place(item), name, body, world.now(), source=item.get("source", "cloud"))
    container.status = "Disabled" if body["is_disabled"] else "Ready"
    container.served_since = world.now()
    container.shown_as = dict(item.get("set", {}))
    containers_here(world, _place(item))[name] = container


def mutate_container(world: World, item: JSON) -> None:
    """Fields of the create body change the container itself, all others only what its reply shows."""
    container = _container(world, item)
    for name, value in item["set"].items():
        if name in container.spec:
            container.spec = container.spec | {name: value}
        else:
            container.shown_as[name] = value
    if "is_disabled" in item["set"]:
        container.status = "Disabled" if item["set"]["is_disabled"] else "Ready"
        container.served_since = None if item["set"]["is_disabled"] else world.now()
    container.wire = None


def delete_container(world: World, item: JSON) -> None:
    del containers_here(world, _place(item))[_container(world, item).name]


def _deployment(world: World, item: JSON) -> Deployment:
    return deployments_here(world, int(item.get("project", 1)))[item["name"]]


def create_deployment(world: World, item: JSON) -> None:
    body = inference_schemas.Create.model_validate(item["body"]).model_dump(mode="json", by_alias=True)
    name, project = body.pop("name"), int(item.get("project", 1))
    deployment = Deployment(project, name, body, world.now())
    deployment.object_references = item.get("object_references", [])
    inference_life.settle_status(deployment, world.now())
    inference_life.show(deployment, item.get("set", {}))
    deployments_here(world, project)[name] = deployment


def mutate_deployment(world: World, item: JSON) -> None:
    """As a container's; `stopped` stops or starts it, `error_message` breaks its regions or mends them ("")."""
    deployment, shown = _deployment(world, item), {}
    for name, value in item["set"].items():
        if name == "stopped":
            deployment.stopped = bool(value)
            inference_life.settle_status(deployment, world.now())
        elif name == "containers":
            regions = inference_schemas.Update.model_validate({"containers": value})
            dumped = regions.model_dump(mode="json", by_alias=True)["containers"]
            deployment.spec = deployment.spec | {name: inference_schemas.complete_scales(dumped)}
        elif name in deployment.spec:
            deployment.spec = deployment.spec | {name: value}
        else:
            shown[name] = value
    inference_life.show(deployment, shown)


def delete_deployment(world: World, item: JSON) -> None:
    inference_life.remove(world, _deployment(world, item))


def create_sandbox(world: World, item: JSON) -> JSON:
    """A foreign sandbox of `account` (default: the direct one); `age_seconds` puts its making into the past."""
    body, age = dict(item["body"]), float(item.get("age_seconds", 0))
    made = world.now() - age
    sandbox = Sandbox(
        id=item.get("id") or f"cntr_{world.hex(48)}",
        seq=world.sandboxes.take_seq(),
        account=item.get("account", DIRECT),
        name=body["name"],
        created_at=int(made),
        last_active_at=made,
        minutes=(body.get("expires_after") or {}).get("minutes", containers.DEFAULT_MINUTES),
        memory_limit=body.get("memory_limit", "1g"),
        body=body,
        shown_as=dict(item.get("set", {})),
    )
    world.sandboxes.add(sandbox)
    return {"id": sandbox.id}


def mutate_sandbox(world: World, item: JSON) -> None:
    """`expired: true` ends it for good, `last_active_at` moves its activity; all else only changes its reply."""
    sandbox = world.sandboxes.known[item["id"]]
    for name, value in item["set"].items():
        if name == "expired":
            sandbox.expired = bool(value)
        elif name == "last_active_at":
            sandbox.last_active_at = float(value)
        else:
            sandbox.shown_as[name] = value


def delete_sandbox(world: World, item: JSON) -> None:
    containers.discard(world, world.sandboxes.known[item["id"]])


def create_pull_secret(world: World, item: JSON) -> None:
    body = dict(item["body"]) | {"updated_at": world.stamp(world.now())}
    world.gcore.pull_secrets.setdefault(_place(item), {})[body["name"]] = body


def create_credential(world: World, item: JSON) -> None:
    project, body = int(item.get("project", 1)), dict(item["body"])
    world.gcore.registry_credentials.setdefault(project, {})[body["name"]] = body | {"project_id": project}


def create_api_key(world: World, item: JSON) -> None:
    blank = {"description": None, "expires_at": None, "created_at": world.stamp(world.now())}
    known = world.gcore.api_keys.setdefault(int(item.get("project", 1)), {})
    known[item["body"]["name"]] = blank | item["body"]


def put_project(world: World, item: JSON) -> None:
    """Create or change a project by `id`; `state` other than ACTIVE hides it."""
    projects = world.gcore.projects
    projects[int(item["id"])] = projects.get(int(item["id"]), {"id": int(item["id"])}) | item["set"]


def delete_project(world: World, item: JSON) -> None:
    del world.gcore.projects[int(item["id"])]


def put_region(world: World, item: JSON) -> None:
    """Create or change a region by `id`: display_name, state, products."""
    regions = world.gcore.regions
    regions[int(item["id"])] = regions.get(int(item["id"]), {"id": int(item["id"])}) | item["set"]
    world.gcore.forget_wires()


def set_quota(world: World, item: JSON) -> None:
    """`set` holds limits by attribute, as caas_container_count; with `region` for that region alone."""
    suffix = f"@{item['region']}" if "region" in item else ""
    for name, limit in item["set"].items():
        if name not in world.gcore.quotas:
            raise KeyError(name)
        world.gcore.quotas[name + suffix] = int(limit)


def set_capacity(world: World, item: JSON) -> None:
    """`set` holds the free replicas of a region by inference flavour."""
    for flavor, left in item["set"].items():
        world.gcore.capacity[(int(item["region"]), flavor)] = int(left)


def set_keys(world: World, item: JSON) -> None:
    """`set` holds the keys that a cloud takes: gcore, openai, gateway, gateway_provider."""
    for cloud, keys in item["set"].items():
        world.keys[cloud] = [str(key) for key in keys]


CHANGES: dict[tuple[str, str], Callable[[World, JSON], JSON | None]] = {
    ("create", "caas"): create_container,
    ("mutate", "caas"): mutate_container,
    ("delete", "caas"): delete_container,
    ("create", "inference"): create_deployment,
    ("mutate", "inference"): mutate_deployment,
    ("delete", "inference"): delete_deployment,
    ("create", "sandbox"): create_sandbox,
    ("mutate", "sandbox"): mutate_sandbox,
    ("delete", "sandbox"): delete_sandbox,
    ("create", "pull_secret"): create_pull_secret,
    ("create", "registry_credential"): create_credential,
    ("create", "api_key"): create_api_key,
    ("create", "project"): put_project,
    ("mutate", "project"): put_project,
    ("delete", "project"): delete_project,
    ("create", "region"): put_region,
    ("mutate", "region"): put_region,
    ("mutate", "quota"): set_quota,
    ("mutate", "capacity"): set_capacity,
    ("mutate", "keys"): set_keys,
}
