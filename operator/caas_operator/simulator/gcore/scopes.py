"""Checks that both Gcore services share: the place of a request, names, running tasks, nulls, references."""

from typing import Any, TypeVar

from caas_operator.simulator.gcore.catalog import products
from caas_operator.simulator.gcore.errors import conflict, invalid, not_found
from caas_operator.simulator.gcore.state import Container, Deployment, Place
from caas_operator.simulator.wire import Call
from caas_operator.simulator.world import World

JSON = dict[str, Any]
Resource = Container | Deployment
Shown = TypeVar("Shown", Container, Deployment)


def project_of(call: Call) -> int:
    """The project in the path; a wrong one is a 404 [DOC-err]."""
    project = int(call.params["project"])
    found = call.world.gcore.projects.get(project)
    if found is None or found.get("state", "ACTIVE") != "ACTIVE":
        raise not_found(f"Project {project}")
    return project


def place_of(call: Call) -> Place:
    project, region = project_of(call), int(call.params["region"])
    require_region(call.world, region, "containers")
    return project, region


def require_region(world: World, region: int, product: str) -> JSON:
    found = world.gcore.regions.get(region)
    if found is None or found.get("state", "ACTIVE") != "ACTIVE" or product not in products(found):
        raise not_found(f"Region {region}")
    return found


def seen(world: World, resource: Resource | None) -> bool:
    """Whether GET shows the resource now."""
    if resource is None or resource.visible_at > world.now():
        return False
    return not (resource.deleting and world.switches.word("get_while_deleting") == "not_found")


def listed(world: World, resources: list[Shown]) -> list[Shown]:
    """Those of them that LIST shows now."""
    if not any(item.listed_at or item.deleting for item in resources):
        return resources
    return [item for item in resources if item.listed_at <= world.now() and seen(world, item)]


def appear(world: World, resource: Resource) -> None:
    """Set when a new resource will be seen; its create task calls `show_up` when it ends."""
    lag, more = world.switches.number("gcore_appear_seconds"), world.switches.number("gcore_list_lag_seconds")
    if lag:
        resource.visible_at = world.now() + lag
    if lag or more:
        resource.listed_at = world.now() + lag + more


def show_up(world: World, resource: Resource) -> None:
    """GET shows a resource at the latest when its create task has ended: released clients read it then [PY, TF0]."""
    ended_at, more = ended(world, resource), world.switches.number("gcore_list_lag_seconds")
    resource.visible_at = min(resource.visible_at, ended_at)
    resource.listed_at = min(resource.listed_at, ended_at + more)


def require_free(world: World, resource: Resource) -> None:
    """Refuse a mutation while a task runs on the resource, unless such mutations queue."""
    task = resource.task
    if task is not None and task.final is None and world.switches.word("busy") == "conflict":
        raise conflict(f"Resource {resource.name} is locked by the task {task.id}")


def require_name_free(world: World, key: tuple[int, int, str]) -> None:
    """A name may stay taken for a while after its delete task ended."""
    freed = world.gcore.freed.get(key)
    if freed is not None and world.now() < freed + world.switches.number("name_reuse_seconds"):
        raise conflict(f"{key[2]} already exists")


def known_changes(world: World, sent: JSON, empty: JSON) -> JSON:
    """A PATCH body's fields as changes; what a null means is a switch, `empty` holds the reset values."""
    nulls = [name for name, value in sent.items() if value is None]
    match world.switches.word("null_in_patch"):
        case "resets":
            return {name: empty.get(name) if value is None else value for name, value in sent.items()}
        case "rejected" if nulls:
            raise invalid({name: ["Input should not be null"] for name in nulls})
    return {name: value for name, value in sent.items() if value is not None}


def merged(world: World, spec: JSON, changes: JSON) -> JSON:
    """The spec after a PATCH; `envs` is replaced or merged, by the switch."""
    new = spec | changes
    if world.switches.word("maps_in_patch") == "merge" and isinstance(changes.get("envs"), dict):
        new["envs"] = (spec.get("envs") or {}) | changes["envs"]
    return new


def require_reference(world: World, field: str, name: str | None, known: dict[str, JSON]) -> None:
    """Refuse a name that nothing has, unless the switch lets such names pass; empty means none."""
    if name and name not in known and world.switches.word("missing_reference") == "rejected":
        raise invalid({field: [f"{name} does not exist"]})


def ended(world: World, resource: Resource) -> float:
    """When the resource's last task ended; now if it has none."""
    task = resource.task
    return task.finished_on if task is not None and task.finished_on is not None else world.now()
