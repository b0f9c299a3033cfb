"""Quotas and capacity: what is used, what is left, and refusals when a create asks for more."""

from caas_operator.simulator.gcore.catalog import CAAS_FLAVORS, DEFAULT_CAPACITY, INFERENCE_FLAVORS, UNLIMITED
from caas_operator.simulator.gcore.errors import quota_exceeded
from caas_operator.simulator.gcore.state import Container, Deployment
from caas_operator.simulator.wire import ApiError, Call
from caas_operator.simulator.world import World

STATUS = {"http_400": 400, "http_403": 403, "task_error": 400}


def caas_need(flavor: str, replicas: int) -> dict[str, int]:
    cpu, ram = CAAS_FLAVORS.get(flavor, (0, 0))
    return {
        "caas_container_count": 1,
        "caas_cpu_count": cpu * replicas,
        "caas_gpu_count": 0,
        "caas_ram_size": ram * replicas,
    }


def caas_usage(world: World, region: int) -> dict[str, int]:
    """Used by all projects of the client in a region; processor in millicpu, memory in MiB (INF)."""
    used = dict.fromkeys(caas_need("", 0), 0)
    for (_, where), containers in world.gcore.containers.items():
        if where == region:
            for container in containers.values():
                _add(used, _container_need(container))
    return used


def _container_need(container: Container) -> dict[str, int]:
    return caas_need(container.spec["flavor"], container.spec["scale"]["max"])


def inference_need(flavor: str, replicas: int) -> dict[str, int]:
    known = INFERENCE_FLAVORS.get(flavor, {"cpu": 0, "gpu": 0, "gpu_model": ""})
    need = {
        "inference_instance_count": 1,
        "inference_cpu_millicore_count": int(known["cpu"] * 1000) * replicas,
    }
    for model in ("a100", "h100", "l40s"):
        need[f"inference_gpu_{model}_count"] = known["gpu"] * replicas if known["gpu_model"] == model else 0
    return need


def inference_usage(world: World) -> dict[str, int]:
    used = dict.fromkeys(inference_need("", 0), 0)
    for deployments in world.gcore.deployments.values():
        for deployment in deployments.values():
            _add(used, _deployment_need(deployment))
    return used


def _deployment_need(deployment: Deployment) -> dict[str, int]:
    replicas = sum(part["scale"]["max"] for part in deployment.spec["containers"])
    return inference_need(deployment.spec["flavor_name"], replicas)


def _add(used: dict[str, int], need: dict[str, int]) -> None:
    for name, amount in need.items():
        used[name] += amount


def limits(world: World, region: int | None) -> dict[str, int]:
    """Limits by attribute; one set for a region stands before the client's."""
    quotas = world.gcore.quotas
    prefix = "caas_" if region is not None else "inference_"
    return {
        name: quotas.get(f"{name}@{region}", limit)
        for name, limit in quotas.items()
        if name.startswith(prefix) and "@" not in name
    }


def quota_problem(world: World, need: dict[str, int], region: int | None) -> ApiError | None:
    """The refusal that a create deserves, if any. Counting is skipped while it could not matter."""
    allowed = limits(world, region)
    bounded = [name for name in need if allowed[name] < UNLIMITED]
    if not bounded or (bounded == [next(iter(need))] and _plenty(world, allowed[bounded[0]])):
        return None
    used = caas_usage(world, region) if region is not None else inference_usage(world)
    for name in bounded:
        if used[name] + need[name] > allowed[name]:
            status = STATUS[world.switches.word("quota")]
            return quota_exceeded(name, used[name], need[name], allowed[name], status)
    return None


def _plenty(world: World, limit: int) -> bool:
    """Whether fewer resources than the count's limit exist at all, so that nothing need be summed up."""
    gcore = world.gcore
    total = sum(map(len, gcore.containers.values())) + sum(map(len, gcore.deployments.values()))
    return total < limit


def exceeded(need: dict[str, int], used: dict[str, int], allowed: dict[str, int]) -> dict[str, int]:
    """A check_limits reply: the exceeded quotas as `_limit`, `_usage`, `_requested`."""
    reply: dict[str, int] = {}
    for name, amount in need.items():
        if used[name] + amount > allowed[name]:
            reply |= {
                f"{name}_limit": allowed[name],
                f"{name}_usage": used[name],
                f"{name}_requested": amount,
            }
    return reply


def capacity_left(world: World, region: int, flavor: str) -> int:
    return world.gcore.capacity.get((region, flavor), DEFAULT_CAPACITY)


def capacity_text(region: int, flavor: str) -> str:
    return f"The region {region} has reached the limit of flavor {flavor}"


def quotas_wire(call: Call, region: int | None) -> dict[str, int]:
    used = caas_usage(call.world, region) if region is not None else inference_usage(call.world)
    wire: dict[str, int] = {}
    for name, limit in limits(call.world, region).items():
        wire |= {f"{name}_limit": limit, f"{name}_usage": used[name]}
    return wire
