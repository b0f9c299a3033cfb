"""Objects and containers as if the operator had made them long ago: copies of one that it did make.

Three writes an object, as the operator's own three, so that what is stored is the same to the byte but for names, ids
and markers. That a process that finds them writes nothing shows that the copies are good.
"""

import asyncio
import json
from dataclasses import dataclass

from caas_operator.core.identity import marker
from caas_operator.core.model import CREATE_INTENT, Resource
from caas_operator.kinds.registry import KINDS
from tests.bench.api import POOL_SIZE, Json, at_once
from tests.bench.fleet import SPEC
from tests.bench.stage import CLUSTER_ID, Stage

CHUNK = 1000


@dataclass(frozen=True)
class Template:
    """One object of ours that is Ready, the body of its POST, and when the cloud says it was created."""

    resource: Json
    body: Json
    created_at: str

    @property
    def name(self) -> str:
        return str(self.resource["metadata"]["name"])


async def seed(stage: Stage, names: list[str]) -> None:
    """Let the operator make the first and copy it; no operator runs at the end."""
    first, *others = names
    async with stage.operating() as operator:
        await stage.fleet.create([first])
        await stage.fleet.until_ready([first])
        await stage.calm(operator.pid)
    template = await _template(stage, first)
    for start in range(0, len(others), CHUNK):
        chunk = others[start : start + CHUNK]
        changes = [_container(stage, template, name) for name in chunk]
        await asyncio.to_thread(stage.simulator.call, "POST", "/state", changes)
        await at_once(POOL_SIZE, lambda name: _object(stage, template, name), chunk)
    await stage.fleet.until_ready(names)


async def _template(stage: Stage, name: str) -> Template:
    resource = await stage.api.call("GET", stage.fleet.item(name))
    (posted,) = stage.simulator.journal("gcore.caas.create", name=name)
    (shown,) = [one for one in stage.simulator.listed("caas") if one["name"] == name]
    return Template(resource, posted.body, shown["created_at"])


def _container(stage: Stage, template: Template, name: str) -> Json:
    signed = _marker(stage, template.name), _marker(stage, name)
    body = template.body | {"name": name, "description": template.body["description"].replace(*signed)}
    place = {"project": 1, "region": 76, "set": {"created_at": template.created_at}}
    return {"action": "create", "kind": "caas", "body": body, **place}


def _marker(stage: Stage, name: str) -> str:
    kind = next(kind for kind in KINDS if kind.name == stage.fleet.kind)
    metadata = {"uid": "", "namespace": stage.fleet.namespace, "name": name, "resourceVersion": "0"}
    body = {"kind": kind.name, "metadata": metadata | {"creationTimestamp": ""}}
    return marker(kind, CLUSTER_ID, Resource.from_body(body))


async def _object(stage: Stage, template: Template, name: str) -> None:
    fleet, metadata = stage.fleet, template.resource["metadata"]
    head = {"name": name, "finalizers": metadata["finalizers"]}
    body = {"apiVersion": fleet.group, "kind": fleet.kind, "metadata": head, "spec": SPEC}
    made = await stage.api.call("POST", fleet.collection, body)
    intent = _renamed(metadata["annotations"][CREATE_INTENT], template, name)
    intent = intent.replace(metadata["uid"], made["metadata"]["uid"])
    manager = {"fieldManager": "caas-operator"}
    annotated = {"metadata": {"annotations": {CREATE_INTENT: intent}}}
    await stage.api.call("PATCH", fleet.item(name), annotated, **manager)
    status = json.loads(_renamed(json.dumps(template.resource["status"]), template, name))
    await stage.api.call("PATCH", f"{fleet.item(name)}/status", {"status": status}, **manager)


def _renamed(text: str, template: Template, name: str) -> str:
    return text.replace(template.name, name)
