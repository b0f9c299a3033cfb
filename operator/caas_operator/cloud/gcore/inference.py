"""Everywhere Inference deployments. Paths and results: [SPEC, PY] under `/cloud/v3/inference`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.call import CATALOG_TIMEOUT_SECONDS, CREATE_TIMEOUT_SECONDS, Call, path_of
from caas_operator.cloud.gcore.answers import an_object, rows, task_ids, told
from caas_operator.cloud.gcore.paging import list_all
from caas_operator.cloud.transport import Transport, nothing
from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed

ROOT = "/cloud/v3/inference"
_KEYS_PAGE = 100
"""The one page size that is documented for API keys (their default)."""
Id = int | str
Body = Mapping[str, Any]
Secrets = Collection[Sealed]


def scope_of(project: Id) -> str:
    return f"inference/{project}"


@dataclass(frozen=True, slots=True)
class InferenceApi:
    """Deployments of one project at a time; the name is the id, the regions are in the body."""

    transport: Transport

    async def list(self, project: Id) -> Sequence[JsonObject]:
        call = Call("inference.list", "GET", _deployments(project), scope=scope_of(project), listing=True)
        _, secrets = self.transport.identity.sign()
        return tuple(told(row, secrets) for row in await list_all(self.transport, call))

    async def create(self, project: Id, body: Body, secrets: Secrets = ()) -> tuple[str, ...]:
        """The ids of the tasks to follow."""
        call = Call(
            "inference.create",
            "POST",
            _deployments(project),
            body=body,
            secrets=secrets,
            scope=scope_of(project),
            seconds=CREATE_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, task_ids)

    async def patch(self, project: Id, name: str, body: Body, secrets: Secrets = ()) -> tuple[str, ...]:
        path = _deployments(project) + path_of(name)
        call = Call("inference.patch", "PATCH", path, body=body, secrets=secrets, scope=scope_of(project))
        return await self.transport.call(call, task_ids)

    async def delete(self, project: Id, name: str) -> tuple[str, ...]:
        path = _deployments(project) + path_of(name)
        call = Call("inference.delete", "DELETE", path, scope=scope_of(project), urgent=True)
        return await self.transport.call(call, task_ids)

    async def start(self, project: Id, name: str) -> None:
        """Back to the minimum of replicas. No task: the status tells when [SPEC]."""
        path = _deployments(project) + path_of(name, "start")
        await self.transport.call(Call("inference.start", "POST", path, scope=scope_of(project)), nothing)

    async def stop(self, project: Id, name: str) -> None:
        """To no replicas, until started again. No task: the status tells when [SPEC]."""
        path = _deployments(project) + path_of(name, "stop")
        await self.transport.call(Call("inference.stop", "POST", path, scope=scope_of(project)), nothing)

    async def check_limits(self, project: Id, body: Body) -> JsonObject:
        """The quotas that a deployment would exceed; empty if none."""
        path = _deployments(project) + path_of("check_limits")
        call = Call("inference.check_limits", "POST", path, body=body, scope=scope_of(project))
        return await self.transport.call(call, an_object)

    async def flavors(self) -> Sequence[JsonObject]:
        """All flavors: they belong to no project."""
        call = Call("inference.flavors", "GET", ROOT + path_of("flavors"), seconds=CATALOG_TIMEOUT_SECONDS)
        return await list_all(self.transport, call)

    async def capacity(self) -> Sequence[JsonObject]:
        """A row `{region_id, capacity: [{flavor_name, capacity}]}` for each region; it has no pages."""
        call = Call("inference.capacity", "GET", ROOT + path_of("capacity"), seconds=CATALOG_TIMEOUT_SECONDS)
        return await self.transport.call(call, rows)

    async def api_keys(self, project: Id) -> Sequence[JsonObject]:
        """The API keys of a project, without their secrets."""
        call = Call("inference.api_keys", "GET", ROOT + path_of(project, "api_keys"), scope=scope_of(project))
        return await list_all(self.transport, call, limit=_KEYS_PAGE)


def _deployments(project: Id) -> str:
    return ROOT + path_of(project, "deployments")
