"""Container as a Service, and the pull secrets that belong to it. Paths and results: [SPEC] under `/cloud/v1/caas`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.call import CATALOG_TIMEOUT_SECONDS, CREATE_TIMEOUT_SECONDS, Call, path_of
from caas_operator.cloud.gcore.answers import an_object, task_ids, told
from caas_operator.cloud.gcore.paging import list_all
from caas_operator.cloud.transport import Transport, nothing
from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed

_ROOT = "/cloud/v1/caas"
Id = int | str
Body = Mapping[str, Any]
Secrets = Collection[Sealed]


@dataclass(frozen=True, slots=True)
class CaasApi:
    """Containers of one project and region at a time; the name is the id. All raise CloudError."""

    transport: Transport

    async def list(self, project: Id, region: Id) -> Sequence[JsonObject]:
        call = Call("caas.list", "GET", _containers(project, region), scope=_scope(project, region), listing=True)
        _, secrets = self.transport.identity.sign()
        return tuple(told(row, secrets) for row in await list_all(self.transport, call))

    async def create(self, project: Id, region: Id, body: Body, secrets: Secrets = ()) -> tuple[str, ...]:
        """The ids of the tasks to follow."""
        call = Call(
            "caas.create",
            "POST",
            _containers(project, region),
            body=body,
            secrets=secrets,
            scope=_scope(project, region),
            seconds=CREATE_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, task_ids)

    async def patch(self, project: Id, region: Id, name: str, body: Body, secrets: Secrets = ()) -> tuple[str, ...]:
        path = _containers(project, region) + path_of(name)
        call = Call("caas.patch", "PATCH", path, body=body, secrets=secrets, scope=_scope(project, region))
        return await self.transport.call(call, task_ids)

    async def delete(self, project: Id, region: Id, name: str) -> tuple[str, ...]:
        path = _containers(project, region) + path_of(name)
        call = Call("caas.delete", "DELETE", path, scope=_scope(project, region), urgent=True)
        return await self.transport.call(call, task_ids)

    async def flavors(self, project: Id, region: Id) -> Sequence[JsonObject]:
        path, scope = _ROOT + path_of("flavors", project, region), _scope(project, region)
        call = Call("caas.flavors", "GET", path, scope=scope, seconds=CATALOG_TIMEOUT_SECONDS)
        return await list_all(self.transport, call)

    async def check_limits(self, project: Id, region: Id, flavor: str, max_replicas: int) -> JsonObject:
        """The quotas that so many instances of a flavor would exceed; empty if none."""
        call = Call(
            "caas.check_limits",
            "POST",
            _ROOT + path_of(project, region, "check_limits"),
            body={"flavor": flavor, "max_replicas": max_replicas},
            scope=_scope(project, region),
            seconds=CATALOG_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, an_object)


@dataclass(frozen=True, slots=True)
class PullSecretApi:
    """Registry logins of one project and region; synchronous. The password is never read back."""

    transport: Transport

    async def list(self, project: Id, region: Id) -> Sequence[JsonObject]:
        path = _ROOT + path_of("secrets", project, region)
        call = Call("caas.pull_secrets.list", "GET", path, scope=_scope(project, region))
        return await list_all(self.transport, call)

    async def get(self, project: Id, region: Id, name: str) -> JsonObject:
        path = _ROOT + path_of("secrets", project, region, name)
        call = Call("caas.pull_secrets.get", "GET", path, scope=_scope(project, region))
        return await self.transport.call(call, an_object)

    async def create(self, project: Id, region: Id, body: Body, secrets: Secrets) -> JsonObject:
        call = Call(
            "caas.pull_secrets.create",
            "POST",
            _ROOT + path_of("secrets", project, region),
            body=body,
            secrets=secrets,
            scope=_scope(project, region),
            seconds=CREATE_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, an_object)

    async def patch(self, project: Id, region: Id, name: str, body: Body, secrets: Secrets) -> JsonObject:
        path = _ROOT + path_of("secrets", project, region, name)
        scope = _scope(project, region)
        call = Call("caas.pull_secrets.patch", "PATCH", path, body=body, secrets=secrets, scope=scope)
        return await self.transport.call(call, an_object)

    async def delete(self, project: Id, region: Id, name: str) -> None:
        path = _ROOT + path_of("secrets", project, region, name)
        call = Call("caas.pull_secrets.delete", "DELETE", path, scope=_scope(project, region), urgent=True)
        await self.transport.call(call, nothing)


def _containers(project: Id, region: Id) -> str:
    return _ROOT + path_of(project, region, "containers")


def _scope(project: Id, region: Id) -> str:
    return f"caas/{project}/{region}"
