"""SandboxContainer in one account: the verbs over the containers API, and the record of the kind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from caas_operator.cloud.call import Upload
from caas_operator.cloud.openai.client import SandboxClient
from caas_operator.cloud.openai.sandboxes import DEFAULT_PROVIDER, SandboxApi
from caas_operator.core.model import External, Place, Receipt
from caas_operator.core.ports import Defaults, Kind, Naming, Wanted
from caas_operator.kinds.sandbox import contents, mapping
from caas_operator.kinds.sandbox.spec import Provider, SandboxContainerSpec
from caas_operator.kinds.wire import env
from caas_operator.kinds.wire.parsing import parse_spec
from caas_operator.kinds.wire.place import NameRule, external_name
from caas_operator.kinds.wire.reading import externals, readable

NAME = NameRule(re.compile(r"(?s).{1,200}"), "1 to 200 characters")


@dataclass(frozen=True, slots=True)
class SandboxVerbs:
    """`core.ports.Verbs`; a scope is a gateway's provider, or nothing where OpenAI itself is asked."""

    api: SandboxApi

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:
        return externals(await self.api.list(oldest, scope), mapping.external)

    async def create(self, wanted: Wanted) -> Receipt:
        body = mapping.create_body(wanted)
        made = await self.api.create(body, env.secrets(wanted.inputs), wanted.place.scope)
        found = readable({"name": wanted.place.name} | made, mapping.external)
        return Receipt(external_id=made["id"], found=found)

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:  # noqa: ARG002 - nothing can be changed
        raise mapping.immutable(drift)

    async def delete(self, place: Place, external_id: str) -> Receipt:
        await self.api.delete(external_id, place.scope)
        return Receipt()

    async def touch(self, place: Place, external_id: str) -> External:
        return mapping.external(await self.api.keep_alive(external_id, place.scope))

    async def furnish(self, wanted: Wanted, found: External) -> None:
        secrets = env.secrets(wanted.inputs)
        for path, content in contents.files(wanted):
            await self.api.upload(found.id, Upload(path, content), secrets)

    async def check(self, wanted: Wanted) -> None:
        """There are no lists to hold it against."""

    async def advise(self, wanted: Wanted, found: External | None) -> str:  # noqa: ARG002 - nobody to ask
        return ""

    async def locate(self, spec: SandboxContainerSpec, defaults: Defaults, namespace: str, name: str) -> Place:
        """The name is the beginning of the real one. The defaults of an account name no provider behind a gateway."""
        pinned = defaults.provider if defaults.provider in get_args(Provider) else DEFAULT_PROVIDER
        provider = (spec.provider or pinned) if self.api.gateway else ""
        mapping.refuse_for_account(spec, provider)
        return Place(provider, external_name(spec.name, defaults, namespace, name, NAME))


def parse(raw: Mapping[str, Any]) -> SandboxContainerSpec:
    return parse_spec(SandboxContainerSpec, raw)


def verbs(client: SandboxClient) -> SandboxVerbs:
    return SandboxVerbs(client.sandboxes)


KIND = Kind(
    name="SandboxContainer",
    plural="sandboxcontainers",
    providers=frozenset({"openai", "gateway"}),
    naming=Naming.NUMBERED,
    parse=parse,
    references=contents.references,
    drift=mapping.drift,
    applied=mapping.applied,
    health=lambda _, found: found.health,
    write_only=contents.write_only,
    verbs=verbs,
    exported=lambda found: found.id,
    external_id=lambda _: None,
    pinned=lambda place: Defaults(provider=place.scope),
    lifespan=mapping.lifespan,
    furnished=mapping.furnished,
)
