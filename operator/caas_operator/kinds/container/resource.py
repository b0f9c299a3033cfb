"""CaasContainer in one account: the verbs over Gcore's API, and the record of the kind."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.gcore.caas import CaasApi
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.model import External, Place, Receipt
from caas_operator.core.ports import Defaults, Kind, Naming, Wanted
from caas_operator.kinds.container import mapping, observe
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.directory import Directory
from caas_operator.kinds.wire import env
from caas_operator.kinds.wire.parsing import Unsupported, is_set, parse_spec
from caas_operator.kinds.wire.place import NameRule, external_name
from caas_operator.kinds.wire.reading import externals

NAME = NameRule(re.compile("[a-z0-9][-a-z0-9]{1,41}[a-z0-9]"), "a lower-case label of 3 to 43 characters")

UNSUPPORTED = (
    Unsupported("imagePullSecretRef", is_set("image_pull_secret_ref")),
    Unsupported("exportTo", is_set("export_to")),
    Unsupported("readinessCheck", is_set("readiness_check")),
)


@dataclass(frozen=True, slots=True)
class ContainerVerbs:
    """`core.ports.Verbs`; a scope is `project/region`."""

    api: CaasApi
    directory: Directory

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:  # noqa: ARG002 - the list has an end
        rows = await self.api.list(*_ids(scope))
        return externals(rows, functools.partial(observe.external, scope=scope))

    async def create(self, wanted: Wanted) -> Receipt:
        body = mapping.create_body(wanted)
        return Receipt(await self.api.create(*_ids(wanted.place.scope), body, env.secrets(wanted.inputs)))

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:
        body = mapping.update_body(wanted, found, drift)
        tasks = await self.api.patch(*_ids(wanted.place.scope), found.name, body, env.secrets(wanted.inputs))
        return Receipt(tasks)

    async def delete(self, place: Place, external_id: str) -> Receipt:  # noqa: ARG002 - the name is the id
        return Receipt(await self.api.delete(*_ids(place.scope), place.name))

    async def locate(self, spec: CaasContainerSpec, defaults: Defaults, namespace: str, name: str) -> Place:
        cloud_name = external_name(spec.name, defaults, namespace, name, NAME)
        project = await self.directory.project(spec, defaults)
        region = await self.directory.region(spec.region_id, spec.region_name, defaults)
        return Place(f"{project}/{region}", cloud_name)


def _ids(scope: str) -> tuple[str, str]:
    project, region = scope.split("/")
    return project, region


def parse(raw: Mapping[str, Any]) -> CaasContainerSpec:
    return parse_spec(CaasContainerSpec, raw, UNSUPPORTED)


def pinned(place: Place) -> Defaults:
    project, region = _ids(place.scope)
    return Defaults(project_id=int(project), region_id=int(region), name_template=place.name)


def verbs(client: GcoreClient) -> ContainerVerbs:
    return ContainerVerbs(client.caas, Directory(client, "containers"))


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
    verbs=verbs,
    external_id=lambda place: f"{place.scope}/{place.name}",
    pinned=pinned,
)
