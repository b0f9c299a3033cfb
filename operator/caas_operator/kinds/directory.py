"""Projects and regions of Gcore by their names, as one credential sees them."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import JsonObject
from caas_operator.core.ports import Defaults
from caas_operator.kinds.lists import SharedList
from caas_operator.kinds.wire.place import id_of_name

SHOWN = 10
"""How many of the cloud's regions a message lists."""


class InProject(Protocol):
    """A spec that may say its project."""

    @property
    def project_id(self) -> int | None: ...
    @property
    def project_name(self) -> str | None: ...


class NamedIds:
    """One of the cloud's lists, read once for all who ask, and again when a name is missing."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[JsonObject]]],
        key: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.list = SharedList(read, now)
        self.key = key

    async def id_of(self, name: str, field: str) -> int:
        """Raises CloudError, and InvalidSpec on `field` for a name that is missing or there twice."""
        try:
            return id_of_name(self.list.rows, self.key, name, field)
        except InvalidSpec:
            await self.list.refresh()
        return id_of_name(self.list.rows, self.key, name, field)


class Directory:
    """Lives as long as the verbs of one kind in one account. `product`: containers or inference."""

    def __init__(self, client: GcoreClient, product: str) -> None:
        self._product = product
        self._projects = NamedIds(client.projects.list, "name", client.now)
        self._regions = NamedIds(lambda: client.regions.list(product), "display_name", client.now)

    @property
    def region_names(self) -> Mapping[int, str]:
        """Those that were read so far: nothing is read for objects that give ids."""
        return {item["id"]: item["display_name"] for item in self._regions.list.rows if item.get("display_name")}

    async def project(self, spec: InProject, defaults: Defaults) -> int:
        """The spec's project, else the account's. Raises CloudError and InvalidSpec."""
        if spec.project_id is not None:
            return spec.project_id
        if spec.project_name is not None:
            return await self._projects.id_of(spec.project_name, "spec.projectName")
        if defaults.project_id is not None:
            return defaults.project_id
        if defaults.project_name is not None:
            return await self._projects.id_of(defaults.project_name, "spec.projectId (the account's projectName)")
        raise InvalidSpec("spec.projectId", "is needed: neither the spec nor its account says a project")

    async def region(self, region_id: int | None, region_name: str | None, defaults: Defaults) -> int:
        """The region that is asked for, else the account's. Raises CloudError and InvalidSpec."""
        if region_id is not None:
            return region_id
        if region_name is not None:
            return await self.region_of(region_name, "spec.regionName")
        if defaults.region_id is not None:
            return defaults.region_id
        if defaults.region_name is not None:
            return await self.region_of(defaults.region_name, "spec.regionId (the account's regionName)")
        raise InvalidSpec("spec.regionId", "is needed: neither the spec nor its account says a region")

    async def region_of(self, name: str, field: str) -> int:
        return await self._regions.id_of(name, field)

    async def check_project(self, project: int, field: str) -> None:
        """Raises InvalidSpec for a project that is not in the cloud's list, if that can be read.

        Which others there are is not said: their names may belong to somebody else.
        """
        if await self._projects.list.without("id", project):
            raise InvalidSpec(field, f"the account's credential sees no project {project}")

    async def check_region(self, region: int, field: str) -> None:
        """Raises InvalidSpec for a region that is not in the cloud's list for the product, if that can be read."""
        rows = await self._regions.list.without("id", region)
        offered = sorted((row["id"], str(row.get("display_name") or "")) for row in rows if type(row.get("id")) is int)
        if offered:
            shown = [f"{id_} ({name})" if name else str(id_) for id_, name in offered[:SHOWN]]
            more = ", ..." if len(offered) > SHOWN else ""
            raise InvalidSpec(field, f"no region {region} has {self._product}; there are {', '.join(shown)}{more}")
