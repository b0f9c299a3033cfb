"""InferenceDeployment in one account: the verbs over Gcore's API, and the record of the kind."""

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.gcore.inference import InferenceApi
from caas_operator.cloud.gcore.registry import RegistryApi
from caas_operator.core.attachment import Attachment
from caas_operator.core.errors import Conflict, InvalidSpec
from caas_operator.core.model import External, Place, Receipt
from caas_operator.core.ports import Defaults, Kind, Naming, Wanted
from caas_operator.kinds.directory import Directory
from caas_operator.kinds.inference import mapping, observe
from caas_operator.kinds.inference.catalog import DeploymentCatalog
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec, InferenceRegion
from caas_operator.kinds.wire import login
from caas_operator.kinds.wire.parsing import parse_spec
from caas_operator.kinds.wire.place import NameRule, external_name
from caas_operator.kinds.wire.reading import externals

NAME = NameRule(re.compile("[a-z0-9][-a-z0-9]{2,28}[a-z0-9]"), "a lower-case label of 4 to 30 characters")
LOGIN = ("registry_url", "username")
"""What a registry credential calls its registry and its user name [SPEC]."""


@dataclass(frozen=True, slots=True)
class DeploymentVerbs:
    """`core.ports.AttachingVerbs`; a scope is a project, what is attached is a registry credential."""

    api: InferenceApi
    registry: RegistryApi
    directory: Directory
    catalog: DeploymentCatalog

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:  # noqa: ARG002 - the list has an end
        rows = await self.api.list(scope)
        read = functools.partial(observe.external, scope=scope, region_names=self.directory.region_names)
        return externals(rows, read)

    async def create(self, wanted: Wanted) -> Receipt:
        body = mapping.create_body(await self._with_region_ids(wanted))
        return Receipt(await self.api.create(wanted.place.scope, body, mapping.masked(wanted)))

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:
        """A PATCH; where nothing but `suspend` differs, the call that stops or starts, which makes no task.

        Whether a stopped deployment takes a PATCH is not known: one that does not is started first.
        """
        if tuple(drift) == ("suspend",):
            return await self._switch(wanted, found)
        if "flavor" in drift:
            await self.catalog.check_flavor(wanted.spec.flavor)
        if "regions" in drift:
            await self.catalog.check_regions(wanted.spec, found)
            wanted = await self._with_region_ids(wanted)
        body = mapping.update_body(wanted, found, drift)
        try:
            return Receipt(await self.api.patch(wanted.place.scope, found.name, body, mapping.masked(wanted)))
        except Conflict:
            if "suspend" not in drift or wanted.spec.suspend:
                raise
        return await self._switch(wanted, found)

    async def _switch(self, wanted: Wanted, found: External) -> Receipt:
        call = self.api.stop if wanted.spec.suspend else self.api.start
        await call(wanted.place.scope, found.name)
        return Receipt()

    async def delete(self, place: Place, external_id: str) -> Receipt:  # noqa: ARG002 - the name is the id
        return Receipt(await self.api.delete(place.scope, place.name))

    async def attachments(self, scope: str) -> Sequence[External]:
        rows = await self.registry.list(scope)
        return externals(rows, lambda row: login.external(row, *LOGIN))

    async def attach(self, scope: str, wanted: Attachment, found: External | None) -> Mapping[str, str]:
        """By PUT where there is one: it takes all but the name [SPEC]."""
        registry, user = (wanted.shown[name] for name in ("registry", "login"))
        body = {"username": user, "password": wanted.hidden.reveal(), "registry_url": registry}
        if found is None:
            row = await self.registry.create(scope, {"name": wanted.name, **body}, wanted.parts)
        else:
            row = await self.registry.replace(scope, found.name, body, wanted.parts)
        return login.shown(row, *LOGIN)

    async def detach(self, scope: str, name: str) -> None:
        await self.registry.delete(scope, name)

    async def check(self, wanted: Wanted) -> None:
        await self.catalog.check(wanted.spec, int(wanted.place.scope))

    async def advise(self, wanted: Wanted, found: External | None) -> str:  # noqa: ARG002 - capacity is what is left
        return await self.catalog.room(wanted.spec.flavor, await self._regions(wanted.spec))

    async def locate(self, spec: InferenceDeploymentSpec, defaults: Defaults, namespace: str, name: str) -> Place:
        """Regions given by name are looked up here too: so a LIST knows the names that drift compares."""
        cloud_name = external_name(spec.name, defaults, namespace, name, NAME)
        project = await self.directory.project(spec, defaults)
        await self._regions(spec)
        return Place(str(project), cloud_name)

    async def _with_region_ids(self, wanted: Wanted) -> Wanted:
        regions = await self._regions(wanted.spec)
        return dataclasses.replace(wanted, spec=wanted.spec.model_copy(update={"regions": regions}))

    async def _regions(self, spec: InferenceDeploymentSpec) -> tuple[InferenceRegion, ...]:
        """The regions, each with its id. Raises CloudError, and InvalidSpec for an unknown name or one region twice."""
        resolved: dict[int, InferenceRegion] = {}
        for index, region in enumerate(spec.regions or ()):
            id_ = region.region_id
            if id_ is None:
                field = f"spec.regions[{index}].regionName"
                id_ = await self.directory.region_of(region.region_name or "", field)
            if id_ in resolved:
                raise InvalidSpec(f"spec.regions[{index}]", "each region once")
            resolved[id_] = region.model_copy(update={"region_id": id_})
        return tuple(resolved.values())


def parse(raw: Mapping[str, Any]) -> InferenceDeploymentSpec:
    return parse_spec(InferenceDeploymentSpec, raw)


def verbs(client: GcoreClient) -> DeploymentVerbs:
    directory = Directory(client, "inference")
    return DeploymentVerbs(client.inference, client.registry, directory, DeploymentCatalog(client, directory))


KIND = Kind(
    name="InferenceDeployment",
    plural="inferencedeployments",
    providers=frozenset({"gcore"}),
    naming=Naming.UNIQUE,
    parse=parse,
    references=mapping.references,
    drift=mapping.drift,
    applied=mapping.applied,
    health=observe.health_for,
    write_only=lambda _: {},
    attached_by=login.FIELD,
    attachment=mapping.attachment,
    verbs=verbs,
    checked=observe.checked,
    external_id=lambda place: f"{place.scope}/{place.name}",
    pinned=lambda place: Defaults(project_id=int(place.scope), name_template=place.name),
)
