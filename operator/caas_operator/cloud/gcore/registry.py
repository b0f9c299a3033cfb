"""Registry credentials of Everywhere Inference: logins that a deployment names [SPEC, PY]."""

from collections.abc import Sequence
from dataclasses import dataclass

from caas_operator.cloud.call import CREATE_TIMEOUT_SECONDS, Call, path_of
from caas_operator.cloud.gcore.answers import an_object
from caas_operator.cloud.gcore.inference import ROOT, Body, Id, Secrets, scope_of
from caas_operator.cloud.gcore.paging import list_all
from caas_operator.cloud.transport import Transport, nothing
from caas_operator.core.model import JsonObject

_PAGE = 100


@dataclass(frozen=True, slots=True)
class RegistryApi:
    """Synchronous, without tasks. The password is never read back. `replace` is a PUT: all but the name."""

    transport: Transport

    async def list(self, project: Id) -> Sequence[JsonObject]:
        call = Call("inference.registry.list", "GET", _path(project), scope=scope_of(project))
        return await list_all(self.transport, call, limit=_PAGE)

    async def get(self, project: Id, name: str) -> JsonObject:
        call = Call("inference.registry.get", "GET", _path(project, name), scope=scope_of(project))
        return await self.transport.call(call, an_object)

    async def create(self, project: Id, body: Body, secrets: Secrets) -> JsonObject:
        call = Call(
            "inference.registry.create",
            "POST",
            _path(project),
            body=body,
            secrets=secrets,
            scope=scope_of(project),
            seconds=CREATE_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, an_object)

    async def replace(self, project: Id, name: str, body: Body, secrets: Secrets) -> JsonObject:
        scope = scope_of(project)
        path = _path(project, name)
        call = Call("inference.registry.replace", "PUT", path, body=body, secrets=secrets, scope=scope)
        return await self.transport.call(call, an_object)

    async def delete(self, project: Id, name: str) -> None:
        path = _path(project, name)
        call = Call("inference.registry.delete", "DELETE", path, scope=scope_of(project), urgent=True)
        await self.transport.call(call, nothing)


def _path(project: Id, *name: str) -> str:
    return ROOT + path_of(project, "registry_credentials", *name)
