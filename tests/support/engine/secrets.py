"""Secrets and ConfigMaps of a cluster, for app.references."""

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

from caas_operator.core.secret import Sealed
from caas_operator.kube.errors import ClusterUnavailable
from caas_operator.kube.references import Content


@dataclass
class FakeReader:
    """`reads` counts; while `down` nothing can be read."""

    contents: dict[str, Content] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    down: bool = False
    _versions: Any = field(default_factory=lambda: itertools.count(1))

    def put(self, name: str, kind: str = "Secret", namespace: str = "team", **values: str) -> None:
        sealed = {key: Sealed(value) for key, value in values.items()}
        self.contents[f"{kind} {namespace}/{name}"] = Content(f"uid-{name}", str(next(self._versions)), sealed, {})

    def drop(self, name: str, kind: str = "Secret", namespace: str = "team") -> None:
        del self.contents[f"{kind} {namespace}/{name}"]

    async def read(self, kind: Literal["Secret", "ConfigMap"], namespace: str, name: str) -> Content | None:
        self.reads.append(f"{kind} {namespace}/{name}")
        if self.down:
            raise ClusterUnavailable("no answer")
        return self.contents.get(f"{kind} {namespace}/{name}")
