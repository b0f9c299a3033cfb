"""Writes that keep the cache in step, so that the next pass sees them before the watch tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from caas_operator.app.cache import Cache
from caas_operator.core.model import JsonObject, Resource
from caas_operator.kube.store import ObjectStore


@dataclass(frozen=True)
class CachedObjects:
    """Implements the engine's Objects."""

    store: ObjectStore
    cache: Cache

    async def patch_metadata(
        self, obj: Resource, *, annotations: Mapping[str, str | None], finalizers: tuple[str, ...]
    ) -> Resource:
        written = await self.store.patch_metadata(obj, annotations=annotations, finalizers=finalizers)
        if written.deleting and not written.finalizers:
            # That was its last moment; the watch may have told of it already.
            self.cache.drop(obj.key)
        else:
            self.cache.put(written)
        return written

    async def patch_status(self, obj: Resource, status: JsonObject) -> Resource:
        written = await self.store.patch_status(obj, status) or obj
        self.cache.put(written)
        return written

    async def delete(self, obj: Resource) -> None:
        """Ask for the object's deletion; it goes when its finalizers are gone."""
        await self.store.delete(obj)

    async def look_again(self, obj: Resource) -> Resource | None:
        """The object as the API server has it now; None if it is gone."""
        found = await self.store.get(obj.kind, obj.namespace, obj.name, uid=obj.uid)
        if found is None:
            self.cache.drop(obj.key)
        else:
            self.cache.put(found)
        return found
