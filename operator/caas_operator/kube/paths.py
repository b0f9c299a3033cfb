"""Where things are on the API server. A name that could lead a path astray never gets into one."""

import re
from dataclasses import dataclass

from caas_operator.core.model import GROUP, VERSION

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ServedKind:
    """A custom resource kind as the API server serves it."""

    kind: str
    plural: str
    group: str = GROUP
    version: str = VERSION

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    def collection(self, namespace: str | None) -> str:
        """All of a namespace, or with None all there are; that is also where cluster-scoped objects live."""
        within = "" if namespace is None else f"/namespaces/{checked(namespace)}"
        return f"/apis/{self.api_version}{within}/{self.plural}"

    def item(self, namespace: str | None, name: str) -> str:
        return f"{self.collection(namespace)}/{checked(name)}"


def core(plural: str, namespace: str | None, name: str | None = None) -> str:
    """The path of something of the core group, v1. Raises ValueError for a name that cannot exist."""
    within = "" if namespace is None else f"/namespaces/{checked(namespace)}"
    return f"/api/v1{within}/{plural}" + ("" if name is None else f"/{checked(name)}")


def checked(name: str) -> str:
    """`name` if it is one that an object can have, a DNS subdomain; `..` or a slash would read something else."""
    if not is_name(name):
        raise ValueError("not a name that an object in the cluster can have")
    return name


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None
