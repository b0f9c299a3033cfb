"""The tasks API: starting and ending tasks, reading them, filters, acknowledgement."""

from typing import Any

from caas_operator.simulator.clock import parse_timestamp
from caas_operator.simulator.gcore.catalog import CLIENT_ID, USER_ID
from caas_operator.simulator.gcore.errors import invalid, not_found, one_of, page
from caas_operator.simulator.gcore.state import Task, Work
from caas_operator.simulator.wire import NO_CONTENT, ApiError, Call, Reply, dumps, reply_json, whole
from caas_operator.simulator.world import World

JSON = dict[str, Any]
STATES = ("NEW", "RUNNING", "FINISHED", "ERROR")
NEW_SHARE = 0.2
"""the part of a task's time, at most half a second, during which it is NEW"""


def start_task(call: Call, work: Work) -> Task:
    """Begin a task, at once or after another; what the request's fault rules say of its task holds as well."""
    world, plan, now = call.world, call.plan, call.world.now()
    task = Task(
        id=world.uuid(),
        task_type=work.task_type,
        project_id=work.project_id,
        region_id=work.region_id,
        name=work.name,
        finish=work.finish,
        created_on=now,
        seconds=world.switches.number("task_seconds") if plan.task_seconds is None else plan.task_seconds,
        request_id=call.request_id,
        data=call.json_object() if world.switches.word("task_data") == "body" else None,
        error=plan.task_error or work.error,
    )
    task.created_resources = _created_resources(world, task, work.created)
    world.gcore.tasks[task.id] = task
    if plan.task_hold is not None:
        task.held = True
        plan.task_hold.on_release.append(lambda: _resume(world, task))
    if work.after is not None and work.after.final is None:
        work.after.followers.append(task)
    else:
        _run(world, task, now)
    return task


def _created_resources(world: World, task: Task, created: str | None) -> JSON | None:
    if created is not None:
        return {created: [task.name]}
    match world.switches.word("other_created_resources"):
        case "names":
            key = "caas_containers" if "caas" in task.task_type else "inference_instances"
            return {key: [task.name]}
        case "empty":
            return {}
        case _:
            return None


def _run(world: World, task: Task, now: float) -> None:
    task.starts_at = now
    if not task.held:
        task.due = now + task.seconds
        world.agenda.at(task.due, lambda at: _end(world, task, at))


def _resume(world: World, task: Task) -> None:
    task.held = False
    if task.starts_at is not None and task.final is None:
        task.due = world.now()
        world.agenda.at(task.due, lambda at: _end(world, task, at))


def _end(world: World, task: Task, at: float) -> None:
    if task.final is not None:
        return
    task.finished_on = at
    try:
        task.finish(task.error)
    except ApiError as refusal:  # the resource is not as the task needs it
        task.error = refusal.message
    task.final = "ERROR" if task.error is not None else "FINISHED"
    if task.error is not None:
        task.created_resources = None
    keep = world.switches.number("task_retention_seconds")
    if keep > 0:
        world.agenda.at(at + keep, lambda _: world.gcore.forget_task(task.id))
    followers, task.followers = task.followers, []
    for follower in followers:
        _run(world, follower, at)


def state_of(task: Task, now: float) -> str:
    if task.final is not None:
        return task.final
    if task.starts_at is None or now < task.starts_at + min(0.5, task.seconds * NEW_SHARE):
        return "NEW"
    return "RUNNING"


def task_wire(world: World, task: Task) -> bytes:
    """The task as JSON [SPEC]; kept until its state changes."""
    state = state_of(task, world.now())
    if task.shown is None or task.shown[0] != state:
        task.shown = (state, dumps(_task_json(world, task, state)))
    return task.shown[1]


def _task_json(world: World, task: Task, state: str) -> JSON:
    ended = task.final is not None
    acknowledged = task.acknowledged_at
    wire: JSON = {
        "id": task.id,
        "task_type": task.task_type,
        "state": state,
        "user_id": USER_ID,
        "user_client_id": CLIENT_ID,
        "client_id": CLIENT_ID,
        "project_id": task.project_id,
        "region_id": task.region_id,
        "created_on": world.stamp(task.created_on),
        "updated_on": world.stamp(task.finished_on or task.created_on),
        "finished_on": world.stamp(task.finished_on) if task.finished_on is not None else None,
        "error": task.error if ended else None,
        "created_resources": task.created_resources if ended else None,
        "data": task.data,
        "request_id": task.request_id,
        "acknowledged_at": world.stamp(acknowledged) if acknowledged is not None else None,
        "acknowledged_by": USER_ID if acknowledged is not None else None,
        "detailed_state": None,
        "job_id": None,
        "schedule_id": None,
        "lifecycle_policy_id": None,
    }
    if world.switches.word("task_created_on") == "absent":
        del wire["created_on"]
    return wire


def _find(call: Call) -> Task:
    task = call.world.gcore.tasks.get(call.params["task_id"])
    if task is None:
        if call.world.switches.word("task_gone") == "forbidden":
            raise ApiError(403, "ForbiddenError", "You have no access to this task")
        raise not_found("task")
    return task


def get_task(call: Call) -> Reply:
    return Reply(200, task_wire(call.world, _find(call)))


def acknowledge(call: Call) -> Reply:
    task = _find(call)
    task.acknowledged_at = call.world.now()
    task.shown = None
    return Reply(200, task_wire(call.world, task))


def acknowledge_all(call: Call) -> Reply:
    for task in _filtered(call):
        if task.final is not None:
            task.acknowledged_at = call.world.now()
            task.shown = None
    return NO_CONTENT


def list_tasks(call: Call) -> Reply:
    limit, offset = page(call, 10, 1000)
    order = one_of(call, "order_by", "asc", "desc") or one_of(call, "sorting", "asc", "desc")
    found = _filtered(call)
    if (order or call.world.switches.word("task_order")) == "desc":
        found.reverse()
    return _reply(call.world, found, found[offset : offset + limit])


def active_tasks(call: Call) -> Reply:
    place = (int(call.params["project"]), int(call.params["region"]))
    found = [
        task
        for task in call.world.gcore.tasks.values()
        if task.final is None and (task.project_id, task.region_id) == place
    ]
    return _reply(call.world, found, found)


def _reply(world: World, found: list[Task], shown: list[Task]) -> Reply:
    results = b",".join([task_wire(world, task) for task in shown])
    return Reply(200, b'{"count":%d,"results":[%b]}' % (len(found), results))


def _filtered(call: Call) -> list[Task]:
    """Tasks that pass the filters, oldest first [PY]."""
    query, now = call.query, call.world.now()
    try:
        projects = {whole(text) for text in query.getlist("project_id")}
        regions = {whole(text) for text in query.getlist("region_id")}
        acknowledged = call.truth("is_acknowledged")
        since = parse_timestamp(query["from_timestamp"]) if "from_timestamp" in query else None
        until = parse_timestamp(query["to_timestamp"]) if "to_timestamp" in query else None
    except ValueError as error:
        raise invalid({"query": [str(error)]}) from None
    states = set(query.getlist("state"))
    if not states <= set(STATES):
        raise invalid({"state": [f"Input should be one of {list(STATES)}"]})
    kind = query.get("task_type")
    return [
        task
        for task in call.world.gcore.tasks.values()
        if (since is None or task.created_on >= since)
        and (until is None or task.created_on <= until)
        and (not projects or task.project_id in projects)
        and (not regions or task.region_id in regions)
        and (not states or state_of(task, now) in states)
        and (kind is None or task.task_type == kind)
        and (acknowledged is None or acknowledged == (task.acknowledged_at is not None))
    ]


def tasks_reply(*tasks: Task) -> Reply:
    return reply_json({"tasks": [task.id for task in tasks]})
