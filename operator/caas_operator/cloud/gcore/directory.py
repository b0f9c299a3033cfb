"""The projects and regions that a credential can see [PY]."""

from collections.abc import Sequence
from dataclasses import dataclass

from caas_operator.cloud.call import Call
from caas_operator.cloud.gcore.paging import list_all
from caas_operator.cloud.transport import Transport
from caas_operator.core.model import JsonObject

PROJECTS = "/cloud/v1/projects"


@dataclass(frozen=True, slots=True)
class ProjectApi:
    transport: Transport

    async def list(self) -> Sequence[JsonObject]:
        """Rows with `id`, `name`, `state`, `is_default`; deleted ones are left out."""
        call = Call("projects.list", "GET", PROJECTS, params=(("order_by", "created_at.asc"),))
        return await list_all(self.transport, call, key="id")


@dataclass(frozen=True, slots=True)
class RegionApi:
    transport: Transport

    async def list(self, product: str) -> Sequence[JsonObject]:
        """Rows with `id`, `display_name`, `state` of the regions that have `product`: containers or inference."""
        params = (("product", product), ("order_by", "created_at.asc"))
        return await list_all(self.transport, Call("regions.list", "GET", "/cloud/v1/regions", params=params), key="id")
