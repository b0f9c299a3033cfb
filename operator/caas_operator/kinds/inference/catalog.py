"""What Everywhere Inference offers, and where it has room."""

from collections.abc import Collection

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import External
from caas_operator.kinds.directory import Directory
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec, InferenceRegion
from caas_operator.kinds.lists import SharedList
from caas_operator.kinds.wire.place import none_of_this_name

SHOWN = 5
"""How many regions with room a message names."""


class DeploymentCatalog:
    """As one credential sees it; lives as long as the verbs. Its lists are read when somebody needs them."""

    def __init__(self, client: GcoreClient, directory: Directory) -> None:
        self._directory = directory
        self._flavors = SharedList(client.inference.flavors, client.now)
        self._capacity = SharedList(client.inference.capacity, client.now)

    async def check(self, spec: InferenceDeploymentSpec, project: int) -> None:
        """Raises InvalidSpec for a project, region or flavor that the cloud's lists lack, and nothing else."""
        asked = "spec.projectId" if spec.project_id is not None else "spec.projectId (the account's)"
        await self._directory.check_project(project, asked)
        await self.check_regions(spec)
        await self.check_flavor(spec.flavor)

    async def check_regions(self, spec: InferenceDeploymentSpec, found: External | None = None) -> None:
        """Those given by name were looked up before; those that the deployment has are the cloud's matter."""
        present = {row.get("region_id") for row in (found.wire.get("containers") or ())} if found else set()
        for index, region in enumerate(spec.regions or ()):
            if region.region_id is not None and region.region_id not in present:
                await self._directory.check_region(region.region_id, f"spec.regions[{index}].regionId")

    async def check_flavor(self, flavor: str | None) -> None:
        if flavor is None:
            return
        if rows := await self._flavors.without("name", flavor):
            raise InvalidSpec("spec.flavor", none_of_this_name(flavor, (str(row.get("name") or "") for row in rows)))

    async def room(self, flavor: str | None, regions: Collection[InferenceRegion]) -> str:
        """Which of the regions cannot take their replicas, and which others could. Raises CloudError."""
        if flavor is None or not regions:
            return ""
        await self._capacity.refresh()
        free = {
            row.get("region_id"): int(one.get("capacity") or 0)
            for row in self._capacity.rows
            for one in row.get("capacity") or ()
            if one.get("flavor_name") == flavor
        }
        full = [region for region in regions if free.get(region.region_id, 0) < _needed(region)]
        if not full or not self._capacity.rows:
            return ""
        needed, asked = max(map(_needed, full)), {region.region_id for region in regions}
        others = sorted(id_ for id_, left in free.items() if id_ is not None and left >= needed and id_ not in asked)
        where = f"free in {', '.join(map(str, others[:SHOWN]))}" if others else "nor in any other region"
        return f"no {flavor} is free in {', '.join(str(region.region_id) for region in full)}; {where}"


def _needed(region: InferenceRegion) -> int:
    return max(1, region.scale.min)
