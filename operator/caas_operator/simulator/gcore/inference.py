"""Gcore Everywhere Inference: deployments and what their tasks do."""

from typing import Any

from caas_operator.simulator.gcore.catalog import INFERENCE_FLAVORS
from caas_operator.simulator.gcore.errors import conflict, invalid, not_found, page, read_body
from caas_operator.simulator.gcore.inference_life import break_down, find, here, remove, serve, show
from caas_operator.simulator.gcore.inference_schemas import (
    RESET,
    Create,
    Update,
    check_auth,
    check_scales,
    complete_scales,
)
from caas_operator.simulator.gcore.probes import updated
from caas_operator.simulator.gcore.quotas import capacity_left, capacity_text, inference_need, quota_problem
from caas_operator.simulator.gcore.scopes import (
    appear,
    known_changes,
    listed,
    merged,
    project_of,
    require_free,
    require_name_free,
    require_reference,
    require_region,
    show_up,
)
from caas_operator.simulator.gcore.state import Deployment, Work
from caas_operator.simulator.gcore.tasks import start_task, tasks_reply
from caas_operator.simulator.gcore.views import deployment_wire
from caas_operator.simulator.wire import ApiError, Call, Reply
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def list_deployments(call: Call) -> Reply:
    project = project_of(call)
    limit, offset = page(call, 1000, 1000)
    world, found = call.world, listed(call.world, list(here(call.world, project).values()))
    shown = b",".join([deployment_wire(world, item) for item in found[offset : offset + limit]])
    return Reply(200, b'{"count":%d,"results":[%b]}' % (len(found), shown))


def get_deployment(call: Call) -> Reply:
    return Reply(200, deployment_wire(call.world, find(call)))


def create_deployment(call: Call) -> Reply:
    world, project = call.world, project_of(call)
    model = read_body(call, Create)
    check_auth(model.model_fields_set)
    body = model.model_dump(mode="json", by_alias=True)
    name = body.pop("name")
    _check(world, project, body)
    require_name_free(world, (project, 0, name))
    if name in here(world, project):
        return _duplicate(call, project, name)
    problem = _admission(world, body)
    deployment = Deployment(project, name, body, world.now())
    appear(world, deployment)
    deployment.region_errors = _capacity_errors(world, body)
    here(world, project)[name] = deployment
    world.journal.counters.created["inference"] += 1
    extra = dict(call.plan.set)

    def finish(error: str | None) -> None:
        show_up(world, deployment)
        if error is None:
            serve(world, deployment)
        elif world.switches.word("failed_create_leaves") == "nothing":
            remove(world, deployment)
        else:
            break_down(deployment, error)
        show(deployment, extra)

    deployment.task = start_task(
        call,
        Work(
            "create_inference_instance",
            project,
            _task_region(world, body),
            name,
            finish,
            created="inference_instances",
            error=problem.message if problem else None,
        ),
    )
    return tasks_reply(deployment.task)


def _task_region(world: World, spec: JSON) -> int | None:
    first = world.switches.word("inference_task_region") == "first"
    return int(spec["containers"][0]["region_id"]) if first else None


def _duplicate(call: Call, project: int, name: str) -> Reply:
    text = f"Inference deployment {name} already exists"
    if call.world.switches.word("duplicate_create") == "conflict":
        raise conflict(text)
    return tasks_reply(start_task(call, Work("create_inference_instance", project, None, name, error=text)))


def _check(world: World, project: int, fields: JSON) -> None:
    """Checks that a schema cannot make."""
    if fields.get("flavor_name") and fields["flavor_name"] not in INFERENCE_FLAVORS:
        raise invalid({"flavor_name": [f"Flavor {fields['flavor_name']} does not exist"]})
    if regions := fields.get("containers"):
        check_scales(world, regions)
        for part in regions:
            require_region(world, part["region_id"], "inference")
            sqs = (part["scale"].get("triggers") or {}).get("sqs") or {}
            secrets = world.gcore.inference_secrets.get(project, {})
            require_reference(world, "secret_name", sqs.get("secret_name"), secrets)
    credentials = world.gcore.registry_credentials.get(project, {})
    require_reference(world, "credentials_name", fields.get("credentials_name"), credentials)
    for key in fields.get("api_keys") or ():
        require_reference(world, "api_keys", key, world.gcore.api_keys.get(project, {}))


def _admission(world: World, spec: JSON) -> ApiError | None:
    """Quota and capacity of a create: raises what is refused at once, returns what the task will fail with."""
    replicas = sum(part["scale"]["max"] for part in spec["containers"])
    problem = quota_problem(world, inference_need(spec["flavor_name"], replicas), None)
    if problem is not None:
        if world.switches.word("quota") != "task_error":
            raise problem
        return problem
    mode = world.switches.word("capacity")
    for part in spec["containers"]:
        region = part["region_id"]
        if capacity_left(world, region, spec["flavor_name"]) < part["scale"]["min"] and mode != "error_message":
            status = 400 if mode == "http_400" else 403
            full = ApiError(status, "ForbiddenError", capacity_text(region, spec["flavor_name"]))
            if mode == "task_error":
                return full
            raise full
    return None


def _capacity_errors(world: World, spec: JSON) -> dict[int, str]:
    """error_message by region, on a cloud that reports missing capacity there."""
    if world.switches.word("capacity") != "error_message":
        return {}
    flavor = spec["flavor_name"]
    return {
        part["region_id"]: capacity_text(part["region_id"], flavor)
        for part in spec["containers"]
        if capacity_left(world, part["region_id"], flavor) < part["scale"]["min"]
    }


def update_deployment(call: Call) -> Reply:
    world, deployment = call.world, find(call)
    body = read_body(call, Update)
    check_auth(body.model_fields_set)
    sent = body.model_dump(mode="json", by_alias=True, include=body.model_fields_set)
    changes = known_changes(world, sent, RESET)
    if "containers" in changes:
        changes["containers"] = complete_scales(changes["containers"])
    if body.probes is not None:
        port = changes.get("listening_port") or deployment.spec["listening_port"]
        changes["probes"] = updated(
            deployment.spec["probes"], body.probes, port, merge=world.switches.word("probes_in_patch") == "merge"
        )
    _check(world, deployment.project, changes)
    require_free(world, deployment)
    if deployment.stopped and world.switches.word("patch_when_disabled") == "conflict":
        raise conflict(f"Inference deployment {deployment.name} is stopped")
    if not changes and world.switches.word("empty_patch") == "no_tasks":
        return tasks_reply()
    return _start_update(call, deployment, changes)


def _start_update(call: Call, deployment: Deployment, changes: JSON) -> Reply:
    world, extra = call.world, dict(call.plan.set)

    def apply() -> None:
        deployment.spec = merged(world, deployment.spec, changes)
        deployment.region_errors = _capacity_errors(world, deployment.spec)
        deployment.wire = None

    def finish(error: str | None) -> None:
        if here(world, deployment.project).get(deployment.name) is not deployment:
            raise not_found("inference deployment")
        if error is None and world.switches.word("update_applies") == "at_finish":
            apply()
        serve(world, deployment)
        show(deployment, extra)

    if world.switches.word("update_applies") == "at_once" and call.plan.task_error is None:
        apply()
    if not deployment.stopped:
        deployment.status = "DEPLOYING"
    deployment.wire, deployment.shown_as = None, {}
    deployment.task = start_task(
        call,
        Work(
            "update_inference_instance",
            deployment.project,
            _task_region(world, deployment.spec),
            deployment.name,
            finish,
            after=deployment.task,
        ),
    )
    return tasks_reply(deployment.task)


def delete_deployment(call: Call) -> Reply:
    world, project = call.world, project_of(call)
    try:
        deployment = find(call)
    except ApiError:
        if world.switches.word("missing_delete") == "not_found":
            raise
        name = call.params["name"]
        return tasks_reply(start_task(call, Work("delete_inference_instance", project, None, name)))
    require_free(world, deployment)

    def finish(error: str | None) -> None:
        deployment.deleting, deployment.wire = False, None
        if error is None:
            remove(world, deployment)

    deployment.deleting, deployment.wire = True, None
    deployment.task = start_task(
        call,
        Work(
            "delete_inference_instance",
            project,
            _task_region(world, deployment.spec),
            deployment.name,
            finish,
            after=deployment.task,
        ),
    )
    return tasks_reply(deployment.task)
