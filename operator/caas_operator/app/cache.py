"""The objects of the cluster as the watch and our own writes last showed them."""

from collections.abc import Iterator

from caas_operator.core.model import Key, Resource


class Cache:
    """Keyed by uid: a name that is used again is another object. What is older than what we know is ignored."""

    def __init__(self) -> None:
        self._objects: dict[Key, Resource] = {}

    def put(self, obj: Resource) -> Resource | None:
        """Keep the object; returns what it replaced. An older version replaces nothing and is its own answer."""
        known = self._objects.get(obj.key)
        if known is not None and known.resource_version >= obj.resource_version:
            return known if known.resource_version == obj.resource_version else obj
        self._objects[obj.key] = obj
        return known

    def drop(self, key: Key) -> Resource | None:
        return self._objects.pop(key, None)

    def get(self, key: Key) -> Resource | None:
        return self._objects.get(key)

    def of_kind(self, kind: str) -> Iterator[Resource]:
        return (obj for obj in self if obj.kind == kind)

    def keys(self) -> frozenset[Key]:
        return frozenset(self._objects)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)
