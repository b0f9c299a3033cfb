"""CaasContainer in one account: the verbs over Gcore's API, and the record of the kind."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.gcore.caas import CaasApi, PullSecretApi
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.attachment import Attachment
from caas_operator.core.model import External, Place, Receipt
from caas_operator.core.ports import Defaults, Kind, Naming, Wanted
from caas_operator.kinds.container import mapping, observe
from caas_operator.kinds.container.catalog import ContainerCatalog
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.directory import Directory
from caas_operator.kinds.wire import login
from caas_operator.kinds.wire.parsing import parse_spec
from caas_operator.kinds.wire.place import NameRule, external_name
from caas_operator.kinds.wire.reading import externals

NAME = NameRule(re.compile("[a-z0-9][-a-z0-9]{1,41}[a-z0-9]"), "a lower-case label of 3 to 43 characters")
LOGIN = ("registry", "login")
"""What a pull secret calls its registry and its user name [SPEC]."""


@dataclass(frozen=True, slots=True)
class ContainerVerbs:
    """`core.ports.AttachingVerbs`; a scope is `project/region`, what is attached is a pull secret."""

    api: CaasApi
    pull_secrets: PullSecretApi
    directory: Directory
    catalog: ContainerCatalog

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:  # noqa: ARG002 - the list has an end
        rows = await self.api.list(*_ids(scope))
        return externals(rows, functools.partial(observe.external, scope=scope))

    async def create(self, wanted: Wanted) -> Receipt:
        body = mapping.create_body(wanted)
        return Receipt(await self.api.create(*_ids(wanted.place.scope), body, mapping.masked(wanted)))

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:
        if "flavor" in drift:
            project, region = _ids(wanted.place.scope)
            await self.catalog.check_flavor(wanted.spec.flavor, int(project), int(region))
        body = mapping.update_body(wanted, found, drift)
        return Receipt(await self.api.patch(*_ids(wanted.place.scope), found.name, body, mapping.masked(wanted)))

    async def delete(self, place: Place, external_id: str) -> Receipt:  # noqa: ARG002 - the name is the id
        return Receipt(await self.api.delete(*_ids(place.scope), place.name))

    async def attachments(self, scope: str) -> Sequence[External]:
        rows = await self.pull_secrets.list(*_ids(scope))
        return externals(rows, lambda row: login.external(row, *LOGIN))

    async def attach(self, scope: str, wanted: Attachment, found: External | None) -> Mapping[str, str]:
        body = {**wanted.shown, "password": wanted.hidden.reveal()}
        if found is None:
            row = await self.pull_secrets.create(*_ids(scope), {"name": wanted.name, **body}, wanted.parts)
        else:
            row = await self.pull_secrets.patch(*_ids(scope), found.name, body, wanted.parts)
        return login.shown(row, *LOGIN)

    async def detach(self, scope: str, name: str) -> None:
        await self.pull_secrets.delete(*_ids(scope), name)

    async def check(self, wanted: Wanted) -> None:
        project, region = _ids(wanted.place.scope)
        await self.catalog.check(wanted.spec, int(project), int(region))

    async def advise(self, wanted: Wanted, found: External | None) -> str:
        project, region = _ids(wanted.place.scope)
        return await self.catalog.exceeded(wanted.spec, int(project), int(region), found)

    async def locate(self, spec: CaasContainerSpec, defaults: Defaults, namespace: str, name: str) -> Place:
        cloud_name = external_name(spec.name, defaults, namespace, name, NAME)
        project = await self.directory.project(spec, defaults)
        region = await self.directory.region(spec.region_id, spec.region_name, defaults)
        return Place(f"{project}/{region}", cloud_name)


def _ids(scope: str) -> tuple[str, str]:
    project, region = scope.split("/")
    return project, region


def parse(raw: Mapping[str, Any]) -> CaasContainerSpec:
    return parse_spec(CaasContainerSpec, raw)


def pinned(place: Place) -> Defaults:
    project, region = _ids(place.scope)
    return Defaults(project_id=int(project), region_id=int(region), name_template=place.name)


def verbs(client: GcoreClient) -> ContainerVerbs:
    directory = Directory(client, "containers")
    return ContainerVerbs(client.caas, client.pull_secrets, directory, ContainerCatalog(client, directory))


KIND = Kind(
    name="CaasContainer",
    plural="caascontainers",
    providers=frozenset({"gcore"}),
    naming=Naming.UNIQUE,
    parse=parse,
    references=mapping.references,
    drift=mapping.drift,
    applied=mapping.applied,
    health=lambda _, found: found.health,
    write_only=lambda _: {},
    attached_by=login.FIELD,
    attachment=mapping.attachment,
    verbs=verbs,
    checked=observe.checked,
    external_id=lambda place: f"{place.scope}/{place.name}",
    pinned=pinned,
)
