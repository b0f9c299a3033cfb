"""Projects, regions and quotas [PY]."""

from typing import Any

from caas_operator.simulator.gcore.catalog import products, project_wire, region_wire
from caas_operator.simulator.gcore.errors import invalid, not_found, one_of, page
from caas_operator.simulator.gcore.quotas import quotas_wire
from caas_operator.simulator.wire import Call, Reply, reply_json

JSON = dict[str, Any]
PROJECT_ORDERS = ("name.asc", "name.desc", "created_at.asc", "created_at.desc")


def list_projects(call: Call) -> Reply:
    """Filters `name` (exact), `include_deleted`; `order_by` as `name.asc`."""
    limit, offset = page(call, 100, 1000)
    try:
        name, deleted = call.query.get("name"), call.truth("include_deleted")
    except ValueError as error:
        raise invalid({"include_deleted": [str(error)]}) from None
    found = [
        item
        for item in call.world.gcore.projects.values()
        if name in (None, item["name"]) and (deleted or item.get("state", "ACTIVE") == "ACTIVE")
    ]
    if order := one_of(call, "order_by", *PROJECT_ORDERS):
        field, _, direction = order.partition(".")
        found.sort(key=lambda item: item["name"] if field == "name" else item["id"], reverse=direction == "desc")
    created = call.world.stamp(0)
    shown = [project_wire(item, created) for item in found[offset : offset + limit]]
    return reply_json({"count": len(found), "results": shown})


def get_project(call: Call) -> Reply:
    found = call.world.gcore.projects.get(int(call.params["project"]))
    if found is None:
        raise not_found(f"Project {call.params['project']}")
    return reply_json(project_wire(found, call.world.stamp(0)))


def list_regions(call: Call) -> Reply:
    """`?product=` filters by support, `?display_name=` is exact in any case."""
    limit, offset = page(call, 100, 1000)
    product, display = one_of(call, "product", "containers", "inference"), call.query.get("display_name")
    found = [
        item
        for item in call.world.gcore.regions.values()
        if (product is None or product in products(item))
        and (display is None or display.lower() == item["display_name"].lower())
    ]
    created = call.world.stamp(0)
    shown = [region_wire(item, created) for item in found[offset : offset + limit]]
    return reply_json({"count": len(found), "results": shown})


def get_region(call: Call) -> Reply:
    found = call.world.gcore.regions.get(int(call.params["region"]))
    if found is None:
        raise not_found(f"Region {call.params['region']}")
    return reply_json(region_wire(found, call.world.stamp(0)))


def regional_quotas(call: Call) -> Reply:
    region = int(call.params["region"])
    if region not in call.world.gcore.regions:
        raise not_found(f"Region {region}")
    return reply_json(quotas_wire(call, region))


def global_quotas(call: Call) -> Reply:
    return reply_json(quotas_wire(call, None))
