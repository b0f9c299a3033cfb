"""What Container as a Service offers in a region, and which of its limits a container would exceed."""

import functools
from collections.abc import Mapping
from typing import Any

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import External, JsonObject
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.directory import Directory
from caas_operator.kinds.lists import SharedList
from caas_operator.kinds.wire.place import none_of_this_name

QUOTAS = ("caas_container_count", "caas_cpu_count", "caas_gpu_count", "caas_ram_size")
"""The limits that a check may name, each as `_limit`, `_usage` and `_requested` [the OpenAPI of 2026-05-15]."""


class ContainerCatalog:
    """As one credential sees it; lives as long as the verbs. Its lists are read when somebody needs them."""

    def __init__(self, client: GcoreClient, directory: Directory) -> None:
        self._api = client.caas
        self._now = client.now
        self._directory = directory
        self._flavors: dict[tuple[int, int], SharedList] = {}
        self._limits: dict[tuple[int, int, str, int], SharedList] = {}

    async def check(self, spec: CaasContainerSpec, project: int, region: int) -> None:
        """Raises InvalidSpec for a project, region or flavor that the cloud's lists lack, and nothing else."""
        await self._directory.check_project(project, _field("projectId", spec.project_id))
        await self._directory.check_region(region, _field("regionId", spec.region_id))
        await self.check_flavor(spec.flavor, project, region)

    async def check_flavor(self, flavor: str | None, project: int, region: int) -> None:
        if flavor is None:
            return
        read = functools.partial(self._api.flavors, project, region)
        offered = self._flavors.setdefault((project, region), SharedList(read, self._now))
        if rows := await offered.without("name", flavor):
            near = none_of_this_name(flavor, (str(row.get("name") or "") for row in rows))
            raise InvalidSpec("spec.flavor", f"in region {region} {near}")

    async def exceeded(self, spec: CaasContainerSpec, project: int, region: int, found: External | None) -> str:
        """Which limits the container would exceed; of one that is there, what it has does not count again."""
        if spec.flavor is None or spec.scale is None:
            return ""
        wanted = spec.scale.max - _held(found, spec.flavor)
        if wanted < 1:
            return ""
        read = functools.partial(self._check_limits, project, region, spec.flavor, wanted)
        asked = self._limits.setdefault((project, region, spec.flavor, wanted), SharedList(read, self._now))
        await asked.refresh()
        names = [f"{name} ({reply[f'{name}_limit']})" for reply in asked.rows for name in QUOTAS if _over(reply, name)]
        return f"over the limit of {', '.join(names)}" if names else ""

    async def _check_limits(self, project: int, region: int, flavor: str, replicas: int) -> list[JsonObject]:
        return [await self._api.check_limits(project, region, flavor, replicas)]


def _field(name: str, asked: int | None) -> str:
    return f"spec.{name}" if asked is not None else f"spec.{name} (the account's)"


def _held(found: External | None, flavor: str) -> int:
    """How many instances of the flavor the container may run already."""
    if found is None or found.wire.get("flavor") != flavor:
        return 0
    most: int = (found.wire.get("scale") or {}).get("max") or 0
    return most


def _over(reply: Mapping[str, Any], name: str) -> bool:
    """A limit that is named is exceeded, unless its own numbers say that it is not."""
    limit, used, wanted = (reply.get(f"{name}_{part}") for part in ("limit", "usage", "requested"))
    if limit is None:
        return False
    return used is None or wanted is None or used + wanted > limit
