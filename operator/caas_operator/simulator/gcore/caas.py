"""Gcore Container as a Service: containers and what their tasks do."""

from typing import Any

from caas_operator.simulator.gcore.caas_schemas import (
    RESET,
    CheckLimits,
    Create,
    Update,
    check_scale,
    with_default_triggers,
)
from caas_operator.simulator.gcore.catalog import CAAS_FLAVORS
from caas_operator.simulator.gcore.errors import conflict, invalid, not_found, page, read_body
from caas_operator.simulator.gcore.quotas import caas_need, caas_usage, exceeded, limits, quota_problem
from caas_operator.simulator.gcore.scopes import (
    appear,
    ended,
    known_changes,
    listed,
    merged,
    place_of,
    require_free,
    require_name_free,
    require_reference,
    seen,
    show_up,
)
from caas_operator.simulator.gcore.state import Container, Place, Work
from caas_operator.simulator.gcore.tasks import start_task, tasks_reply
from caas_operator.simulator.gcore.views import container_wire
from caas_operator.simulator.wire import ApiError, Call, Reply, dumps, reply_json
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def here(world: World, place: Place) -> dict[str, Container]:
    return world.gcore.containers.setdefault(place, {})


def find(call: Call) -> Container:
    """The container that the path names, if it can be seen."""
    container = here(call.world, place_of(call)).get(call.params["name"])
    if container is None or not seen(call.world, container):
        raise not_found("container")
    return container


def list_containers(call: Call) -> Reply:
    place = place_of(call)
    limit, offset = page(call, 1000, 1000)
    world, containers = call.world, listed(call.world, list(here(call.world, place).values()))
    shown = b",".join([container_wire(world, item) for item in containers[offset : offset + limit]])
    return Reply(200, b'{"count":%d,"results":[%b]}' % (len(containers), shown))


def get_container(call: Call) -> Reply:
    return Reply(200, container_wire(call.world, find(call)))


def create_container(call: Call) -> Reply:
    world, place = call.world, place_of(call)
    body = read_body(call, Create).model_dump(mode="json")
    name = body.pop("name")
    _check(world, place, body)
    require_name_free(world, (*place, name))
    if name in here(world, place):
        return _duplicate(call, place, name)
    need = caas_need(body["flavor"], body["scale"]["max"])
    problem = quota_problem(world, need, place[1])
    if problem is not None and world.switches.word("quota") != "task_error":
        raise problem
    container = Container(*place, name, body, world.now())
    appear(world, container)
    here(world, place)[name] = container
    world.journal.counters.created["caas"] += 1
    extra = dict(call.plan.set)

    def finish(error: str | None) -> None:
        show_up(world, container)
        if error is None:
            serve(world, container)
        elif world.switches.word("failed_create_leaves") == "nothing":
            remove(world, container)
        else:
            container.status, container.status_message = "Error", error
        container.shown_as.update(extra)
        container.wire = None

    container.task = start_task(
        call,
        Work(
            "create_caas_container",
            *place,
            name,
            finish,
            created="caas_containers",
            error=problem.message if problem else None,
        ),
    )
    return tasks_reply(container.task)


def _duplicate(call: Call, place: Place, name: str) -> Reply:
    text = f"Container {name} already exists"
    if call.world.switches.word("duplicate_create") == "conflict":
        raise conflict(text)
    return tasks_reply(start_task(call, Work("create_caas_container", *place, name, error=text)))


def _check(world: World, place: Place, fields: JSON) -> None:
    """Checks that a schema cannot make; `fields` is completed in place."""
    if fields.get("flavor") is not None and fields["flavor"] not in CAAS_FLAVORS:
        raise invalid({"flavor": [f"Flavor {fields['flavor']} is not available in region {place[1]}"]})
    if fields.get("scale") is not None:
        check_scale(world, fields["scale"])
        fields["scale"] = with_default_triggers(world, fields["scale"])
    known = world.gcore.pull_secrets.get(place, {})
    require_reference(world, "pull_secret", fields.get("pull_secret"), known)


def update_container(call: Call) -> Reply:
    world, container = call.world, find(call)
    place = (container.project, container.region)
    body = read_body(call, Update)
    sent = body.model_dump(mode="json", include=body.model_fields_set)
    changes = known_changes(world, sent, RESET)
    _check(world, place, changes)
    require_free(world, container)
    _require_changeable(world, container, changes)
    if not changes and world.switches.word("empty_patch") == "no_tasks":
        return tasks_reply()
    extra = dict(call.plan.set)

    def apply() -> None:
        container.spec = merged(world, container.spec, changes)
        container.shown_as = {}

    def finish(error: str | None) -> None:
        if here(world, place).get(container.name) is not container:
            raise not_found("container")
        if error is None and world.switches.word("update_applies") == "at_finish":
            apply()
        serve(world, container)
        container.shown_as.update(extra)
        container.wire = None

    if world.switches.word("update_applies") == "at_once" and call.plan.task_error is None:
        apply()
    container.status, container.served_since, container.wire = "Deploying", None, None
    container.shown_as = {}
    container.task = start_task(
        call, Work("patch_caas_container", *place, container.name, finish, after=container.task)
    )
    return tasks_reply(container.task)


def _require_changeable(world: World, container: Container, changes: JSON) -> None:
    stays = container.spec["is_disabled"] and changes.get("is_disabled") is not False
    if stays and world.switches.word("patch_when_disabled") == "conflict":
        raise conflict(f"Container {container.name} is disabled")


def delete_container(call: Call) -> Reply:
    world, place = call.world, place_of(call)
    try:
        container = find(call)
    except ApiError:
        if world.switches.word("missing_delete") == "not_found":
            raise
        name = call.params["name"]
        return tasks_reply(start_task(call, Work("delete_caas_container", *place, name)))
    require_free(world, container)

    def finish(error: str | None) -> None:
        container.deleting, container.wire = False, None
        if error is None:
            remove(world, container)

    container.deleting, container.wire = True, None
    container.task = start_task(
        call, Work("delete_caas_container", *place, container.name, finish, after=container.task)
    )
    return tasks_reply(container.task)


def serve(world: World, container: Container) -> None:
    """The task is done: the container comes up, at once or after the switch's seconds."""
    task, wait = container.task, world.switches.number("ready_seconds")

    def up(at: float) -> None:
        if container.task is not task:
            return
        disabled = container.spec["is_disabled"]
        container.status = "Disabled" if disabled else "Ready"
        container.status_message = None
        container.served_since = None if disabled else at
        container.wire = None

    done = ended(world, container)
    if wait > 0:
        world.agenda.at(done + wait, up)
    else:
        up(done)


def remove(world: World, container: Container) -> None:
    place = (container.project, container.region)
    if here(world, place).get(container.name) is container:
        del here(world, place)[container.name]
        world.gcore.freed[(*place, container.name)] = ended(world, container)


def logs(call: Call) -> Reply:
    """The shape of a line is not documented; this is the simulator's."""
    container = find(call)
    limit, _ = page(call, 1000, 100_000)
    lines = [
        {"time": call.world.stamp(container.created_at), "message": f"{container.name} starting"},
        {"time": call.world.stamp(container.created_at), "message": f"image {container.spec['image']}"},
    ]
    return reply_json({"logs": lines[:limit]})


def check_limits(call: Call) -> Reply:
    _, region = place_of(call)
    body = read_body(call, CheckLimits)
    need = caas_need(body.flavor, body.max_replicas)
    return reply_json(exceeded(need, caas_usage(call.world, region), limits(call.world, region)))


def flavors(call: Call) -> Reply:
    place_of(call)
    wanted = call.query.get("name")
    found = [
        {"name": name, "cpu": cpu, "ram": ram} for name, (cpu, ram) in CAAS_FLAVORS.items() if wanted in (None, name)
    ]
    return Reply(200, dumps({"count": len(found), "results": found}))
