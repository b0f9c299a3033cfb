"""Which kinds are served, and which objects of them exist."""

from dataclasses import dataclass

from caas_operator.core.model import Key
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kube.metadata import list_metadata
from caas_operator.kube.paths import ServedKind
from caas_operator.kube.session import Session


@dataclass(frozen=True)
class Census:
    """`namespaces` empty: all of the cluster. Else there is no right to look at what belongs to no namespace."""

    session: Session
    namespaces: tuple[str, ...]

    @property
    def served(self) -> tuple[ServedKind, ...]:
        scopes = {"Namespaced"} if self.namespaces else {"Namespaced", "Cluster"}
        return tuple(ServedKind(one.kind, one.plural) for one in DEFINITIONS if one.scope in scopes)

    async def existing(self) -> frozenset[Key]:
        """Asked of the API server. Raises ClusterError."""
        found: set[Key] = set()
        for kind in self.served:
            for namespace in self.namespaces or (None,):
                found |= {Key(kind.kind, one.uid) for one in await list_metadata(self.session, kind, namespace)}
        return frozenset(found)
