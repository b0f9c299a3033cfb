"""What Everywhere Inference tells besides deployments: logs, limits, flavours, capacity."""

from caas_operator.simulator.gcore.catalog import INFERENCE_FLAVORS
from caas_operator.simulator.gcore.errors import invalid, not_found, one_of, page, read_body
from caas_operator.simulator.gcore.inference_life import find
from caas_operator.simulator.gcore.inference_schemas import CheckLimits
from caas_operator.simulator.gcore.quotas import capacity_left, exceeded, inference_need, inference_usage, limits
from caas_operator.simulator.gcore.scopes import project_of, require_region
from caas_operator.simulator.wire import Call, Reply, dumps, reply_json, whole


def logs(call: Call) -> Reply:
    world, deployment = call.world, find(call)
    limit, offset = page(call, 1000, 1000)
    regions = [part["region_id"] for part in deployment.spec["containers"]]
    order = one_of(call, "order_by", "time.asc", "time.desc")
    try:
        wanted = whole(call.query["region_id"]) if "region_id" in call.query else None
    except ValueError as error:
        raise invalid({"region_id": [str(error)]}) from None
    lines = [
        {
            "time": world.stamp(deployment.created_at + index),
            "region_id": region,
            "pod": f"{deployment.name}-0",
            "message": text,
        }
        for region in regions
        if wanted in (None, region)
        for index, text in enumerate(("starting", "started"))
    ]
    lines.sort(key=lambda line: str(line["time"]), reverse=order != "time.asc")
    return reply_json({"count": len(lines), "results": lines[offset : offset + limit]})


def apikey(call: Call) -> Reply:
    """Deprecated, as auth_enabled is: the deployment's one key, PENDING until it serves (INF)."""
    deployment = find(call)
    served = deployment.served_since is not None
    secret = f"simulated-{deployment.project}-{deployment.name}" if served else ""
    return reply_json({"secret": secret, "status": "READY" if served else "PENDING"})


def check_limits(call: Call) -> Reply:
    """Takes what a create's quota depends on; the real body is not documented (SIM)."""
    project_of(call)
    body = read_body(call, CheckLimits)
    if body.flavor_name not in INFERENCE_FLAVORS:
        raise not_found("flavor")
    for part in body.containers:
        require_region(call.world, part.region_id, "inference")
    need = inference_need(body.flavor_name, sum(part.scale.max for part in body.containers))
    return reply_json(exceeded(need, inference_usage(call.world), limits(call.world, None)))


def flavors(call: Call) -> Reply:
    limit, offset = page(call, 1000, 1000)
    found = list(INFERENCE_FLAVORS.values())
    return Reply(200, dumps({"count": len(found), "results": found[offset : offset + limit]}))


def flavor(call: Call) -> Reply:
    if call.params["name"] not in INFERENCE_FLAVORS:
        raise not_found("flavor")
    return reply_json(INFERENCE_FLAVORS[call.params["name"]])


def capacity(call: Call) -> Reply:
    world = call.world
    results = [
        {
            "region_id": region,
            "capacity": [
                {"flavor_name": name, "capacity": capacity_left(world, region, name)} for name in INFERENCE_FLAVORS
            ],
        }
        for region in world.gcore.regions
    ]
    return reply_json({"count": len(results), "results": results})
