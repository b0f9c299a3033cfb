"""Single keys of ConfigMaps that a custom resource owns; what belongs to anything else is never touched.

An owner is the controller among the ownerReferences. Kubernetes deletes the ConfigMap after its owner.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caas_operator.core.model import GROUP, VERSION, ExportTarget, JsonObject, Resource
from caas_operator.kube.errors import ClusterError, ClusterUnavailable
from caas_operator.kube.paths import core
from caas_operator.kube.session import FIELD_MANAGER, Session

_TRIES = 3


class NotOurs(Exception):
    """The ConfigMap belongs to somebody else; `owner` says to whom, as `CaasContainer hello`, or nothing."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


@dataclass(frozen=True, slots=True)
class Found:
    """What a ConfigMap holds under a key: `value` None is nothing."""

    ours: bool
    value: str | None


class ConfigMaps:
    """Reads with `get`, writes with `create` and `update`. It keeps nothing.

    `before_write` is called before each write and may raise.
    """

    def __init__(self, session: Session, *, before_write: Callable[[], None] = lambda: None) -> None:
        self._session = session
        self._before_write = before_write

    async def read(self, owner: Resource, target: ExportTarget) -> Found:
        """Raises ClusterError."""
        body = await self._get(owner, target)
        return Found(ours=False, value=None) if body is None else Found(_is_ours(body, owner), _value(body, target))

    async def put(self, owner: Resource, target: ExportTarget, value: str | None) -> None:
        """Have the value under the key (None: have nothing there), and write only if it is not so.

        Each write carries the resourceVersion of what was read. Raises NotOurs and ClusterError.
        """
        for _ in range(_TRIES):
            body = await self._get(owner, target)
            if body is None and value is None:
                return
            if body is not None and not _is_ours(body, owner):
                raise NotOurs(_owner_of(body))
            if body is not None and _value(body, target) == value:
                return
            if await self._write(owner, target, body, value):
                return
        raise ClusterUnavailable(f"ConfigMap {target.name} is being changed by somebody else all the time")

    async def _get(self, owner: Resource, target: ExportTarget) -> JsonObject | None:
        try:
            return await self._session.call("GET", core("configmaps", owner.namespace, target.name))
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    async def _write(self, owner: Resource, target: ExportTarget, body: JsonObject | None, value: str | None) -> bool:
        """Whether it was done; not where somebody was faster."""
        self._before_write()
        try:
            if body is None:
                method, path = "POST", core("configmaps", owner.namespace)
                body = _new(owner, target, {target.key: str(value)})
            else:
                method, path = "PUT", core("configmaps", owner.namespace, target.name)
                kept = {key: text for key, text in (body.get("data") or {}).items() if key != target.key}
                body = {**body, "data": kept if value is None else {**kept, target.key: value}}
            await self._session.call(method, path, query={"fieldManager": FIELD_MANAGER}, body=body)
        except ClusterError as error:
            if error.status not in {404, 409} or error.reason not in {"NotFound", "Conflict", "AlreadyExists"}:
                raise
            return False
        return True


def _value(body: JsonObject, target: ExportTarget) -> str | None:
    found: str | None = (body.get("data") or {}).get(target.key)
    return found


def _is_ours(body: JsonObject, owner: Resource) -> bool:
    return _controller(body).get("uid") == owner.uid


def _owner_of(body: JsonObject) -> str:
    controller = _controller(body)
    return f"{controller['kind']} {controller['name']}" if controller else ""


def _controller(body: JsonObject) -> Mapping[str, str]:
    owners = body["metadata"].get("ownerReferences") or ()
    return next((one for one in owners if one.get("controller")), {})


def _new(owner: Resource, target: ExportTarget, data: Mapping[str, str]) -> JsonObject:
    reference = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": target.name,
            "namespace": owner.namespace,
            "labels": {"app.kubernetes.io/managed-by": FIELD_MANAGER},
            "ownerReferences": [reference],
        },
        "data": dict(data),
    }
