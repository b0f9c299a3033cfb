"""Writes to custom resources: metadata and status, never `spec`.

Every write is one merge PATCH that carries the resourceVersion and the uid of what the caller saw, so it fails rather
than overwrite what somebody else did meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence

from caas_operator.core.errors import ObjectGone, StaleObject
from caas_operator.core.model import JsonObject, Resource
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.merge import merge_patch
from caas_operator.kube.paths import ServedKind
from caas_operator.kube.session import FIELD_MANAGER, MERGE_PATCH, Session, asking


class ObjectStore:
    """The custom resources of this API server. `on_write(kind, verb)` is called after each write that was done.

    `before_write` is called right before each is sent; what it raises ends the write.
    """

    def __init__(
        self,
        session: Session,
        kinds: Sequence[ServedKind],
        *,
        on_write: Callable[[str, str], None] = lambda _kind, _verb: None,
        before_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._kinds = {kind.kind: kind for kind in kinds}
        self._on_write = on_write
        self._before_write = before_write

    async def get(self, kind: str, namespace: str | None, name: str, *, uid: str) -> Resource | None:
        """The object as it is now; None when it is gone, also when another one has its name by now."""
        try:
            body = await self._session.call("GET", self._kinds[kind].item(namespace, name))
        except ClusterError as error:
            if error.status == 404:
                return None
            raise
        found = Resource.from_body(body)
        return found if found.uid == uid else None

    async def patch_metadata(
        self,
        resource: Resource,
        *,
        annotations: Mapping[str, str | None] | None = None,
        finalizers: tuple[str, ...] | None = None,
    ) -> Resource:
        """The object after the write, or `resource` itself when there was nothing to write.

        `annotations` names those to set, and with None those to remove; `finalizers` is the whole list. Raises
        StaleObject, ObjectGone and ClusterError.
        """
        metadata: JsonObject = {}
        wanted = {k: v for k, v in (annotations or {}).items() if resource.annotations.get(k) != v}
        if wanted:
            metadata["annotations"] = wanted
        if finalizers is not None and finalizers != resource.finalizers:
            metadata["finalizers"] = list(finalizers)
        return await self._patch(resource, "metadata", {"metadata": metadata}) if metadata else resource

    async def patch_status(self, resource: Resource, status: JsonObject) -> Resource | None:
        """The object after the write, or None when its status already says all this. Raises as `patch_metadata`."""
        patch = merge_patch(resource.status, status)
        return await self._patch(resource, "status", {"status": patch}) if patch else None

    async def delete(self, resource: Resource) -> None:
        """Ask for a deletion of this very object, as it was seen. Raises as `patch_metadata`."""
        path = self._kinds[resource.kind].item(resource.namespace, resource.name)
        seen = {"uid": resource.uid, "resourceVersion": str(resource.resource_version)}
        try:
            with asking(self._before_write):
                await self._session.call(
                    "DELETE", path, body={"preconditions": seen, "propagationPolicy": "Background"}
                )
        except ClusterError as error:
            raise _known(resource, error) from error
        self._on_write(resource.kind, "delete")

    async def _patch(self, resource: Resource, part: str, patch: JsonObject) -> Resource:
        patch.setdefault("metadata", {}).update(uid=resource.uid, resourceVersion=str(resource.resource_version))
        path = self._kinds[resource.kind].item(resource.namespace, resource.name)
        try:
            with asking(self._before_write):
                body = await self._session.call(
                    "PATCH",
                    f"{path}/status" if part == "status" else path,
                    query={"fieldManager": FIELD_MANAGER},
                    body=patch,
                    content_type=MERGE_PATCH,
                )
        except ClusterError as error:
            raise _known(resource, error) from error
        self._on_write(resource.kind, part)
        return Resource.from_body(body)


def _known(resource: Resource, error: ClusterError) -> Exception:
    """The two answers that the engine has a word for, or the error itself."""
    return {409: StaleObject(str(resource)), 404: ObjectGone(str(resource))}.get(error.status or 0, error)
