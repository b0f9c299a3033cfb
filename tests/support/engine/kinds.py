"""Two kinds that exist in tests only: Box has unique names and tasks, Cell has made ids and takes any name twice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.core.attachment import attachment_name
from caas_operator.core.errors import ImmutableField, InvalidSpec
from caas_operator.core.model import External, Place, Receipt, Reference
from caas_operator.core.ports import Defaults, Kind, Naming, Wanted
from tests.support.engine.cloud import FakeCloud, Thing

FIELDS = ("image", "size", "suspend", "flavor")
NUMBERED = re.compile(r".*-(?P<marker>[0-9a-f]+)-(?P<number>[0-9]+)")


def parse(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    if raw.get("image") == "bad":
        raise InvalidSpec("spec.image", "is bad")
    return raw


def references(spec: Mapping[str, Any]) -> Sequence[Reference]:
    return tuple(Reference("Secret", name, "value", f"spec.secrets[{name}]") for name in spec.get("secrets", ()))


def wire_of(wanted: Wanted) -> dict[str, Any]:
    wire = {name: wanted.spec[name] for name in FIELDS if name in wanted.spec}
    wire["suspend"] = bool(wanted.spec.get("suspend"))
    for name in wanted.spec.get("secrets", ()):
        sealed = wanted.inputs.get("Secret", name, "value")
        if sealed is not None:
            wire[f"secret-{name}"] = sealed.reveal()
    if "login" in wanted.spec:
        wire["login"] = attachment_name(wanted.marker)
    for name in applied_names(wanted):
        wire.setdefault(name, None)
    return wire | {"marker": wanted.marker}


def applied_names(wanted: Wanted) -> frozenset[str]:
    return wanted.applied & {"size", "login"}


def drift(wanted: Wanted, found: External) -> Sequence[str]:
    if "flavor" in wanted.spec and found.wire.get("flavor", wanted.spec["flavor"]) != wanted.spec["flavor"]:
        raise ImmutableField("spec.flavor", "cannot be changed")
    target = wire_of(wanted)
    if found.number or wanted.spec.get("managementPolicy") == "ObserveOnly":
        target.pop("marker")
    if wanted.spec.get("managementPolicy") == "ObserveOnly" and "suspend" not in wanted.spec:
        target.pop("suspend")
    return sorted(
        "description" if name == "marker" else name
        for name, value in target.items()
        if (found.wire.get(name) or None) != (value or None)
    )


def external(thing: Thing, naming: Naming) -> External:
    numbered = NUMBERED.fullmatch(thing.name) if naming is Naming.NUMBERED else None
    return External(
        id=thing.id,
        name=thing.name,
        health=thing.health,
        wire=dict(thing.wire),
        message=thing.message,
        endpoint="" if thing.wire.get("suspend") else str(thing.wire.get("address", f"https://{thing.name}.example")),
        marker=(numbered["marker"] if numbered else None) if naming is Naming.NUMBERED else thing.wire.get("marker"),
        number=int(numbered["number"]) if numbered else 0,
        foreign=str(thing.wire.get("foreign", "")),
        created_at=thing.created_at,
        observed={"cloudStatus": str(thing.health)},
    )


@dataclass(frozen=True)
class FakeVerbs:
    cloud: FakeCloud
    naming: Naming

    async def list(self, scope: str, *, oldest: float | None) -> Sequence[External]:
        return [external(thing, self.naming) for thing in await self.cloud.list(scope, oldest)]

    async def create(self, wanted: Wanted) -> Receipt:
        receipt, made = await self.cloud.create(wanted.place.scope, wanted.place.name, wire_of(wanted))
        return receipt if made is None else Receipt(external_id=made.id, found=external(made, self.naming))

    async def update(self, wanted: Wanted, found: External, drift: Sequence[str]) -> Receipt:
        if self.naming is Naming.NUMBERED:
            raise ImmutableField(f"spec.{drift[0]}", "a cell cannot be changed")
        wire = wire_of(wanted)
        return await self.cloud.update(
            found.id,
            {
                "marker" if name == "description" else name: wire.get("marker" if name == "description" else name)
                for name in drift
            },
        )

    async def delete(self, place: Place, external_id: str) -> Receipt:  # noqa: ARG002 - as the protocol has it
        return await self.cloud.delete(external_id)

    async def check(self, wanted: Wanted) -> None:
        await self.cloud.check(wanted.spec)

    async def advise(self, wanted: Wanted, found: External | None) -> str:  # noqa: ARG002 - as the protocol has it
        return await self.cloud.advise()

    async def locate(self, spec: Mapping[str, Any], defaults: Defaults, namespace: str, name: str) -> Place:  # noqa: ARG002 - as the protocol has it
        scope = spec.get("project") or (str(defaults.project_id) if defaults.project_id is not None else "")
        if not scope:
            raise InvalidSpec("spec.project", "is required: the account has none")
        chosen = spec.get("name") or (defaults.name_template or "{name}").replace("{name}", name)
        return Place(scope, chosen)


def checked(spec: Mapping[str, Any], found: External) -> str | None:
    path = (spec.get("readinessCheck") or {}).get("path")
    return None if path is None else found.endpoint and found.endpoint + path


def _kind(name: str, naming: Naming) -> Kind:
    return Kind(
        name=name,
        plural=f"{name.lower()}s",
        providers=frozenset({"fake"}),
        naming=naming,
        parse=parse,
        references=references,
        drift=drift,
        applied=lambda spec: [name for name in ("size",) if name in spec],
        health=lambda _, found: found.health,
        write_only=lambda _: {},
        verbs=lambda cloud: FakeVerbs(cloud, naming),
        checked=checked,
        exported=lambda found: found.endpoint if naming is Naming.UNIQUE else found.id,
        external_id=(lambda place: f"{place.scope}/{place.name}") if naming is Naming.UNIQUE else (lambda _: None),
        pinned=lambda place: Defaults(
            project_id=int(place.scope), name_template=place.name if naming is Naming.UNIQUE else None
        ),
    )


BOX = _kind("Box", Naming.UNIQUE)
CELL = _kind("Cell", Naming.NUMBERED)
