"""The life of an inference deployment between its tasks: coming up, start and stop, errors, removal."""

from typing import Any

from caas_operator.simulator.gcore.errors import conflict, not_found
from caas_operator.simulator.gcore.scopes import ended, project_of, require_free, seen
from caas_operator.simulator.gcore.state import Deployment
from caas_operator.simulator.wire import NO_CONTENT, Call, Reply
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def here(world: World, project: int) -> dict[str, Deployment]:
    return world.gcore.deployments.setdefault(project, {})


def find(call: Call) -> Deployment:
    """The deployment that the path names, if it can be seen."""
    deployment = here(call.world, project_of(call)).get(call.params["name"])
    if deployment is None or not seen(call.world, deployment):
        raise not_found("inference deployment")
    return deployment


def stop(call: Call) -> Reply:
    return _switch(call, stopped=True)


def start(call: Call) -> Reply:
    return _switch(call, stopped=False)


def _switch(call: Call, *, stopped: bool) -> Reply:
    """Start or stop: 204, no task; seen through the status."""
    world, deployment = call.world, find(call)
    require_free(world, deployment)
    if deployment.stopped == stopped:
        if world.switches.word("repeated_start_stop") == "conflict":
            raise conflict(f"Inference deployment {deployment.name} is already {'stopped' if stopped else 'started'}")
        return NO_CONTENT
    wait = world.switches.number("start_stop_seconds")

    def turn(at: float) -> None:
        deployment.stopped, deployment.shown_as = stopped, {}
        settle_status(deployment, at)

    if wait > 0:
        world.agenda.at(world.now() + wait, turn)
    else:
        turn(world.now())
    return NO_CONTENT


def serve(world: World, deployment: Deployment) -> None:
    """The task is done: the deployment comes up, at once or after the switch's seconds."""
    task, wait = deployment.task, world.switches.number("ready_seconds")

    def up(at: float) -> None:
        if deployment.task is task:
            settle_status(deployment, at)

    done = ended(world, deployment)
    if wait <= 0:
        up(done)
        return
    if not deployment.stopped:
        deployment.status, deployment.served_since, deployment.wire = "PARTIALLYDEPLOYED", None, None
    world.agenda.at(done + wait, up)


def settle_status(deployment: Deployment, at: float) -> None:
    """The status once nothing moves any more; a region's error keeps it partial [SPEC]."""
    deployment.wire = None
    if deployment.stopped:
        deployment.status, deployment.served_since = "DISABLED", None
        return
    deployment.served_since = at
    if deployment.region_errors:
        deployment.status = "PARTIALLYDEPLOYED"
    elif all(part["scale"]["min"] == 0 for part in deployment.spec["containers"]):
        deployment.status = "PENDING"
    else:
        deployment.status = "ACTIVE"


def break_down(deployment: Deployment, error: str) -> None:
    deployment.region_errors = {part["region_id"]: error for part in deployment.spec["containers"]}
    deployment.status, deployment.wire = "PARTIALLYDEPLOYED", None


def show(deployment: Deployment, extra: JSON) -> None:
    """Put wire fields over the reply; `error_message` goes to the regions: a text for all, or texts by id."""
    extra = dict(extra)
    message = extra.pop("error_message", None)
    regions = [part["region_id"] for part in deployment.spec["containers"]]
    if isinstance(message, dict):
        deployment.region_errors = {int(region): text for region, text in message.items() if text}
    elif message is not None:
        deployment.region_errors = dict.fromkeys(regions, str(message)) if message else {}
    if message is not None and deployment.status in ("ACTIVE", "PENDING", "PARTIALLYDEPLOYED"):
        settle_status(deployment, deployment.served_since or deployment.created_at)
    deployment.shown_as.update(extra)
    deployment.wire = None


def remove(world: World, deployment: Deployment) -> None:
    known = here(world, deployment.project)
    if known.get(deployment.name) is deployment:
        del known[deployment.name]
        world.gcore.freed[(deployment.project, 0, deployment.name)] = ended(world, deployment)
