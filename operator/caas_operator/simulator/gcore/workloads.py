"""The containers' own addresses, when the switch `gcore_addresses` makes them local: 503 until warm, then 200."""

from caas_operator.simulator.gcore.scopes import seen
from caas_operator.simulator.gcore.state import Container, Deployment
from caas_operator.simulator.wire import Call, Reply, Route

OPERATION = "gcore.workload"


def serve_container(call: Call) -> Reply:
    place = (int(call.params["project"]), int(call.params["region"]))
    return _answer(call, call.world.gcore.containers.get(place, {}).get(call.params["name"]))


def serve_deployment(call: Call) -> Reply:
    deployments = call.world.gcore.deployments.get(int(call.params["project"]), {})
    return _answer(call, deployments.get(call.params["name"]))


def _answer(call: Call, resource: Container | Deployment | None) -> Reply:
    """A fresh address may answer 503 for a minute or two after its task [DOC-caas]."""
    world = call.world
    if resource is None or not seen(world, resource):
        return Reply(404, b"no such workload\n", media_type="text/plain")
    since, warm = resource.served_since, world.switches.number("address_warm_seconds")
    if since is None or world.now() < since + warm:
        return Reply(503, b"not ready\n", media_type="text/plain")
    return Reply(200, f"{resource.name}\n".encode(), media_type="text/plain")


ROUTES = (
    Route("GET", "/workloads/caas/{project:int}/{region:int}/{name}/{path:path}", OPERATION, serve_container),
    Route("GET", "/workloads/inference/{project:int}/{name}/{path:path}", OPERATION, serve_deployment),
)
