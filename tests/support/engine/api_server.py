"""The custom resources of a cluster, with generations, resourceVersions, finalizers and a watch."""

import copy
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caas_operator.core.conditions import format_time
from caas_operator.core.errors import ObjectGone, StaleObject
from caas_operator.core.model import JsonObject, Resource
from tests.support.clock import FakeClock
from tests.support.engine.points import Points

Listener = Callable[[str, JsonObject], None]


@dataclass
class FakeApiServer:
    """Also, but for the name of `delete_seen`, the engine's store as kube.store has it."""

    clock: FakeClock
    points: Points
    bodies: dict[str, JsonObject] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    before_write: Callable[[str], None] = lambda _part: None
    _versions: Any = field(default_factory=lambda: itertools.count(1))
    _uids: Any = field(default_factory=lambda: itertools.count(1))

    # -- what users do ------------------------------------------------------------------------------------------------

    def apply(self, kind: str, name: str, /, annotations: Mapping[str, str] | None = None, **spec: Any) -> str:
        """A new object; returns its uid."""
        uid = f"uid-{next(self._uids)}"
        self.bodies[uid] = {
            "kind": kind,
            "metadata": {
                "uid": uid,
                "namespace": "team",
                "name": name,
                "generation": 1,
                "creationTimestamp": format_time(self.clock.now()),
                "annotations": dict(annotations or {}),
                "finalizers": [],
            },
            "spec": spec,
            "status": {"observedGeneration": -1},
        }
        self._changed(uid, "ADDED")
        return uid

    def edit(self, uid: str, **spec: Any) -> None:
        """Change fields of spec; None removes one."""
        body = self.bodies[uid]
        body["spec"] = {name: value for name, value in (body["spec"] | spec).items() if value is not None}
        body["metadata"]["generation"] += 1
        self._changed(uid)

    def annotate(self, uid: str, **annotations: str | None) -> None:
        """Short names are in our group (`paused`, `create_intent`); None removes one."""
        now = self.bodies[uid]["metadata"]["annotations"]
        for short, value in annotations.items():
            name = f"caas-operator.dev/{short.replace('_', '-')}"
            now.pop(name, None)
            if value is not None:
                now[name] = value
        self._changed(uid)

    def finalize(self, uid: str, *finalizers: str) -> None:
        self.bodies[uid]["metadata"]["finalizers"] = list(finalizers)
        self._changed(uid)

    def label(self, uid: str) -> None:
        """Some change of somebody else that does not concern us."""
        self._changed(uid)

    def wipe_status(self, uid: str) -> None:
        self.bodies[uid]["status"] = {"observedGeneration": -1}
        self._changed(uid)

    def delete(self, uid: str) -> None:
        meta = self.bodies[uid]["metadata"]
        if "deletionTimestamp" not in meta:
            meta["deletionTimestamp"] = format_time(self.clock.now())
            meta["generation"] += 1
        self._changed(uid)

    # -- what tests look at -------------------------------------------------------------------------------------------

    def status(self, uid: str) -> JsonObject:
        return copy.deepcopy(self.bodies[uid]["status"])

    def condition(self, uid: str, type_: str) -> JsonObject | None:
        found = [one for one in self.bodies[uid]["status"].get("conditions", ()) if one["type"] == type_]
        return dict(found[0]) if found else None

    def says(self, uid: str, type_: str = "Ready") -> str:
        """`True Available`, or `-` where the condition is absent."""
        condition = self.condition(uid, type_)
        return f"{condition['status']} {condition['reason']}" if condition else "-"

    def finalizers(self, uid: str) -> list[str]:
        return list(self.bodies[uid]["metadata"]["finalizers"])

    def annotation(self, uid: str, short: str) -> str | None:
        found: str | None = self.bodies[uid]["metadata"]["annotations"].get(f"caas-operator.dev/{short}")
        return found

    def resource(self, uid: str) -> Resource:
        return Resource.from_body(copy.deepcopy(self.bodies[uid]))

    # -- what the operator asks ---------------------------------------------------------------------------------------

    async def get(self, kind: str, namespace: str | None, name: str, *, uid: str) -> Resource | None:  # noqa: ARG002 - as the protocol has it
        return self.resource(uid) if uid in self.bodies else None

    async def patch_metadata(
        self,
        resource: Resource,
        *,
        annotations: Mapping[str, str | None] | None = None,
        finalizers: tuple[str, ...] | None = None,
    ) -> Resource:
        wanted = {name: value for name, value in (annotations or {}).items() if resource.annotations.get(name) != value}
        if not wanted and finalizers in (None, resource.finalizers):
            return resource
        body = self._begin(resource, "metadata")
        for name, value in wanted.items():
            body["metadata"]["annotations"].pop(name, None)
            if value is not None:
                body["metadata"]["annotations"][name] = value
        if finalizers is not None:
            body["metadata"]["finalizers"] = list(finalizers)
        return self._end(resource, "metadata")

    async def patch_status(self, resource: Resource, status: JsonObject) -> Resource | None:
        if status == resource.status:
            return None
        self._begin(resource, "status")["status"] = json.loads(json.dumps(status))
        return self._end(resource, "status")

    async def delete_seen(self, resource: Resource) -> None:
        """The engine's `delete`: of the object as it was seen."""
        self._begin(resource, "delete")
        self.writes.append("delete")
        self.delete(resource.uid)
        self.points.reach("delete of the object done")

    def _begin(self, resource: Resource, part: str) -> JsonObject:
        self.points.reach(f"{part} asked")
        self.before_write(part)
        body = self.bodies.get(resource.uid)
        if body is None:
            raise ObjectGone(str(resource))
        if body["metadata"]["resourceVersion"] != str(resource.resource_version):
            raise StaleObject(str(resource))
        return body

    def _end(self, resource: Resource, part: str) -> Resource:
        self.writes.append(part)
        written = self._changed(resource.uid)
        self.points.reach(f"{part} done")
        return Resource.from_body(written)

    def _changed(self, uid: str, type_: str = "MODIFIED") -> JsonObject:
        body = self.bodies[uid]
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        if "deletionTimestamp" in body["metadata"] and not body["metadata"]["finalizers"]:
            del self.bodies[uid]
            type_ = "DELETED"
        shown = copy.deepcopy(body)
        for listener in self.listeners:
            listener(type_, shown)
        return copy.deepcopy(shown)


class FakeStore:
    """The API server as the engine writes to it."""

    def __init__(self, server: FakeApiServer) -> None:
        self.get, self.patch_metadata, self.patch_status = server.get, server.patch_metadata, server.patch_status
        self.delete = server.delete_seen
