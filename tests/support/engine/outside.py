"""What an object may reach beside its cloud: ConfigMaps in the cluster, and the address of what it made."""

from collections import Counter
from dataclasses import dataclass, field

from caas_operator.core.model import ExportTarget, Resource
from caas_operator.core.ports import Reply
from caas_operator.kube.config_maps import Found, NotOurs
from caas_operator.kube.errors import ClusterError
from tests.support.engine.points import Points


@dataclass
class FakeConfigMap:
    owner: str
    data: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeConfigMaps:
    """`app.exports.Writer`. `failure`: what every call raises; `reads` and `writes` count."""

    points: Points
    maps: dict[str, FakeConfigMap] = field(default_factory=dict)
    failure: ClusterError | None = None
    reads: int = 0
    writes: list[str] = field(default_factory=list)

    async def read(self, owner: Resource, target: ExportTarget) -> Found:
        found = self._get(target)
        if found is None:
            return Found(ours=False, value=None)
        return Found(found.owner == owner.uid, found.data.get(target.key))

    async def put(self, owner: Resource, target: ExportTarget, value: str | None) -> None:
        found = self._get(target)
        if found is not None and found.owner != owner.uid:
            raise NotOurs(found.owner)
        if (found.data.get(target.key) if found else None) == value:
            return
        self.points.reach("export asked")
        self.writes.append(f"{target.name}/{target.key}={value}")
        data = self.maps.setdefault(target.name, FakeConfigMap(owner.uid)).data
        data.pop(target.key, None)
        if value is not None:
            data[target.key] = value
        self.points.reach("export done")

    def _get(self, target: ExportTarget) -> FakeConfigMap | None:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return self.maps.get(target.name)


@dataclass
class FakeProber:
    """`core.ports.Prober`: every address answers 503 until it is in `alive`."""

    alive: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)

    async def ask(self, url: str) -> Reply:
        self.asked[url] += 1
        if url in self.barred:
            return Reply(alive=False, told="not asked", barred="the address is not public")
        return Reply(url in self.alive, "HTTP 200" if url in self.alive else "HTTP 503")


class Outside:
    def __init__(self, points: Points) -> None:
        self.config_maps, self.prober = FakeConfigMaps(points), FakeProber()
