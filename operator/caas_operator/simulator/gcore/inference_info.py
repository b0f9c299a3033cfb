"""What Everywhere Inference tells besides deployments: logs, limits, flavours, capacity."""

from caas_operator.simulator.gcore.catalog import INFERENCE_FLAVORS
from caas_operator.simulator.gcore.errors import not_found, page, read_body
from caas_operator.simulator.gcore.inference_life import find
from caas_operator.simulator.gcore.inference_schemas import CheckLimits
from caas_operator.simulator.gcore.quotas import capacity_left, exceeded, inference_need, inference_usage, limits
from caas_operator.simulator.gcore.scopes import project_of
from caas_operator.simulator.wire import Call, Reply, dumps, reply_json


def logs(call: Call) -> Reply:
    world, deployment = call.world, find(call)
    limit, offset = page(call, 100, 1000)
    regions = [part["region_id"] for part in deployment.spec["containers"]]
    wanted = call.query.get("region_id")
    lines = [
        {
            "time": world.stamp(deployment.created_at + index),
            "region_id": region,
            "pod": f"{deployment.name}-0",
            "message": text,
        }
        for region in regions
        if wanted in (None, str(region))
        for index, text in enumerate(("starting", "started"))
    ]
    lines.sort(key=lambda line: str(line["time"]), reverse=call.query.get("order_by") != "time.asc")
    return reply_json({"count": len(lines), "results": lines[offset : offset + limit]})


def check_limits(call: Call) -> Reply:
    """Takes what a create's quota depends on; the real body is not documented (SIM)."""
    project_of(call)
    body = read_body(call, CheckLimits)
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
