"""The Lease (coordination.k8s.io/v1) by which processes agree on a leader: what it says, and the ways to write it.

Every write carries the resourceVersion of what the caller saw, so of two who want the Lease one is refused with a 409.
The times in it are for people and other clients: wall clocks differ, and nothing here is decided by them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from caas_operator.core.model import JsonObject
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.paths import checked
from caas_operator.kube.session import FIELD_MANAGER, Session

_QUERY = {"fieldManager": FIELD_MANAGER}


@dataclass(frozen=True, slots=True)
class LeaseState:
    """A Lease as the API server has it. Two are one claim if their `spec` is the same."""

    body: JsonObject

    @property
    def spec(self) -> JsonObject:
        spec: JsonObject = self.body.get("spec") or {}
        return spec

    @property
    def holder(self) -> str:
        """Empty when it was released."""
        return str(self.spec.get("holderIdentity") or "")

    @property
    def duration_seconds(self) -> float:
        """How long after its last change it is to be respected; that is its holder's to say."""
        return float(self.spec.get("leaseDurationSeconds") or 0)

    @property
    def transitions(self) -> int:
        return int(self.spec.get("leaseTransitions") or 0)


class Lease:
    """One Lease, by name. `now` is wall time in seconds since the epoch. All calls raise ClusterError."""

    def __init__(self, session: Session, namespace: str, name: str, now: Callable[[], float] = time.time) -> None:
        self._session = session
        self._namespace = namespace
        self._name = name
        self._now = now

    async def read(self, *, latest: bool = True) -> LeaseState | None:
        """None where there is no Lease. With `latest` False what the API server remembers will do: cheap, maybe old."""
        query = None if latest else {"resourceVersion": "0"}
        try:
            return LeaseState(await self._session.call("GET", self._path(self._name), query=query))
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    async def take(self, seen: LeaseState | None, holder: str, duration_seconds: int) -> LeaseState:
        """Write `holder` into it; `seen` None makes it."""
        now = micro_time(self._now())
        times = {"leaseDurationSeconds": duration_seconds, "renewTime": now}
        if seen is None:
            spec = {"holderIdentity": holder, "acquireTime": now, "leaseTransitions": 0, **times}
            return LeaseState(await self._session.call("POST", self._path(), query=_QUERY, body=self._new(spec)))
        if seen.holder == holder:
            return await self._put(seen, times)
        changed = {"holderIdentity": holder, "acquireTime": now, "leaseTransitions": seen.transitions + 1}
        return await self._put(seen, {**changed, **times})

    async def renew(self, seen: LeaseState) -> LeaseState:
        return await self._put(seen, {"renewTime": micro_time(self._now())})

    async def release(self, seen: LeaseState) -> LeaseState:
        """Leave it to whoever wants it, at once."""
        return await self._put(
            seen, {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": micro_time(self._now())}
        )

    async def _put(self, seen: LeaseState, changes: dict[str, Any]) -> LeaseState:
        body = {**seen.body, "spec": {**seen.spec, **changes}}
        return LeaseState(await self._session.call("PUT", self._path(self._name), query=_QUERY, body=body))

    def _new(self, spec: JsonObject) -> JsonObject:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self._name,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": FIELD_MANAGER},
            },
            "spec": spec,
        }

    def _path(self, name: str | None = None) -> str:
        collection = f"/apis/coordination.k8s.io/v1/namespaces/{checked(self._namespace)}/leases"
        return collection if name is None else f"{collection}/{checked(name)}"


def micro_time(seconds: float) -> str:
    """Kubernetes' MicroTime: RFC 3339 in UTC with six digits, which the API server insists on."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
