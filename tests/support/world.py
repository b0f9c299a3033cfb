"""A cluster, its clouds and the operator between them, as a test sees all three."""

import base64
import json
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import GROUP, apply_accounts, secret
from tests.support.operator import OperatorProcess, running_operator
from tests.support.rights import OPERATOR_USER, installed, service_account
from tests.support.simulator import Simulator, running_simulator

Json = dict[str, Any]
PLURALS = {
    "CaasContainer": "caascontainers",
    "InferenceDeployment": "inferencedeployments",
    "SandboxContainer": "sandboxcontainers",
    "CloudAccount": "cloudaccounts",
    "ClusterCloudAccount": "clustercloudaccounts",
}
KINDS = ("CaasContainer", "InferenceDeployment", "SandboxContainer")
MINIMAL: Mapping[str, Json] = {
    "CaasContainer": {
        "image": "nginx:1.27",
        "listeningPort": 80,
        "flavor": "80mCPU-128MiB",
        "scale": {"min": 1, "max": 2},
    },
    "InferenceDeployment": {
        "image": "nginx:1.27",
        "listeningPort": 80,
        "flavor": "inference-4vcpu-16gib",
        "regions": [{"regionId": 76, "scale": {"min": 1, "max": 2}}],
    },
    "SandboxContainer": {},
}
PROFILE = os.environ.get("SIMULATOR_PROFILE", "")
PATIENCE = 120.0
"""Seconds. What lasts is looked at every 30, and what a cloud of another profile shows late once a minute."""

CLOUD_KIND = {"CaasContainer": "caas", "InferenceDeployment": "inference", "SandboxContainer": "sandboxes"}
CREATE = {
    "CaasContainer": "gcore.caas.create",
    "InferenceDeployment": "gcore.inference.create",
    "SandboxContainer": "openai.containers.create",
}
UPDATE = {"CaasContainer": "gcore.caas.update", "InferenceDeployment": "gcore.inference.update"}
DELETE = {
    "CaasContainer": "gcore.caas.delete",
    "InferenceDeployment": "gcore.inference.delete",
    "SandboxContainer": "openai.containers.delete",
}


@dataclass
class World:
    plane: ControlPlane
    simulator: Simulator
    namespace: str
    http: httpx.Client
    operator: OperatorProcess | None = None
    flags: dict[str, str | float] = field(default_factory=dict)

    # -- the cluster ------------------------------------------------------------------------------------------------

    def path(self, kind: str, name: str = "", namespace: str | None = None) -> str:
        within = "" if kind.startswith("Cluster") else f"/namespaces/{namespace or self.namespace}"
        return f"/apis/{GROUP}{within}/{PLURALS[kind]}" + (f"/{name}" if name else "")

    def create(self, kind: str, name: str, /, *, annotations: Json | None = None, **spec: Any) -> Json:
        """Create an object from the kind's minimal spec with `spec` laid over it; None takes a field out."""
        merged = {key: value for key, value in {**MINIMAL.get(kind, {}), **spec}.items() if value is not None}
        metadata = {"name": name} | ({"annotations": annotations} if annotations else {})
        body = {"apiVersion": GROUP, "kind": kind, "metadata": metadata, "spec": merged}
        return self._ok(self.http.post(self.path(kind), json=body, params={"fieldValidation": "Strict"}))

    def create_secret(self, name: str, **values: str) -> None:
        body = secret(self.namespace, name, values)
        self._ok(self.http.post(f"/api/v1/namespaces/{self.namespace}/secrets", json=body))

    def change_secret(self, name: str, **values: str) -> None:
        self._patch(f"/api/v1/namespaces/{self.namespace}/secrets/{name}", {"stringData": values})

    def create_config_map(self, name: str, **values: str) -> None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": values}
        self._ok(self.http.post(f"/api/v1/namespaces/{self.namespace}/configmaps", json=body))

    def get(self, kind: str, name: str) -> Json | None:
        answer = self.http.get(self.path(kind, name))
        return None if answer.status_code == 404 else self._ok(answer)

    def objects(self, kind: str) -> list[Json]:
        return list(self._ok(self.http.get(self.path(kind)))["items"])

    def edit(self, kind: str, name: str, /, **spec: Any) -> Json:
        """Merge into spec; None removes."""
        return self._patch(self.path(kind, name), {"spec": spec})

    def annotate(self, kind: str, name: str, **annotations: str | None) -> Json:
        given = {f"caas-operator.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
        return self._patch(self.path(kind, name), {"metadata": {"annotations": given}})

    def delete(self, kind: str, name: str) -> None:
        self._ok(self.http.delete(self.path(kind, name)))

    def events(self, name: str) -> list[Json]:
        items = self._ok(self.http.get(f"/api/v1/namespaces/{self.namespace}/events"))["items"]
        return [event for event in items if event["involvedObject"]["name"] == name]

    def writes(self, kind: str, name: str) -> int:
        """How many writes of the operator to an object the API server has taken: patches that changed something."""
        return len(self.write_log(kind, name))

    def write_log(self, kind: str, name: str) -> list[str]:
        return [part for written, part in self.all_writes(kind) if written == name]

    def all_writes(self, kind: str) -> list[tuple[str, str]]:
        """Those to every object of a kind: its name, and `status` or `metadata`."""
        assert self.plane.audit_log is not None
        found = []
        for line in self.plane.audit_log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            ref = entry.get("objectRef") or {}
            if entry["user"].get("username") != OPERATOR_USER or entry["verb"] in {"get", "list", "watch"}:
                continue
            if (ref.get("resource"), ref.get("namespace")) != (PLURALS[kind], self.namespace):
                continue
            if entry["responseStatus"]["code"] < 300:
                found.append((ref["name"], ref.get("subresource") or "metadata"))
        return found

    def between(self, kind: str) -> int:
        """A cloud whose resource serves only a while after its task costs one write more: what it says meanwhile."""
        return 1 if kind in UPDATE and self.simulator.switch_value("ready_seconds") else 0

    # -- waiting ----------------------------------------------------------------------------------------------------

    def wait(self, holds: Callable[[], Any], *, seconds: float = PATIENCE, told: str = "") -> Any:
        """Wait in real time until something holds, and return it."""
        end = time.monotonic() + seconds
        while True:
            if found := holds():
                return found
            if time.monotonic() > end:
                tail = self.operator.tail(25) if self.operator else "no operator"
                raise AssertionError(f"not true within {seconds:.0f} s: {told}\n{tail}")
            time.sleep(0.03)

    def wait_condition(
        self, kind: str, name: str, type_: str, status: str, reason: str | None = None, *, seconds: float = PATIENCE
    ) -> Json:
        """Wait for a condition at the object's own generation (as kubectl does for Ready)."""

        def holds() -> Json | None:
            obj = self.get(kind, name)
            found = obj and condition(obj, type_)
            if not obj or not found or found["status"] != status or (reason and found["reason"] != reason):
                return None
            current = found.get("observedGeneration", 0) >= obj["metadata"]["generation"]
            return obj if current or status != "True" else None

        told = f"{kind} {name}: {type_}={status} {reason or ''}"
        try:
            result: Json = self.wait(holds, seconds=seconds, told=told)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(self.get(kind, name), indent=1)[:3000]}") from None
        return result

    def wait_ready(self, kind: str, name: str, *, seconds: float = PATIENCE) -> Json:
        return self.wait_condition(kind, name, "Ready", "True", seconds=seconds)

    def wait_gone(self, kind: str, name: str, *, seconds: float = PATIENCE) -> None:
        self.wait(lambda: self.get(kind, name) is None, seconds=seconds, told=f"{kind} {name} gone")

    # -- the cloud --------------------------------------------------------------------------------------------------

    def in_cloud(self, kind: str) -> list[Json]:
        """What lives in the cloud; of sandboxes what has not expired."""
        found = self.simulator.listed(CLOUD_KIND[kind])
        return [item for item in found if item.get("status") != "expired"]

    def resync(self) -> None:
        """Let a resync's time pass, and wait until every inventory was listed again."""
        before = self.simulator.counters()
        self.simulator.advance(61)
        lists = ("gcore.caas.list", "gcore.inference.list", "openai.containers.list")
        watched = [name for name in lists if before.calls(name)]
        self.wait(lambda: all(self.simulator.counters().minus(before).get(name) for name in watched), told="resync")

    # -- the operator -----------------------------------------------------------------------------------------------

    @contextmanager
    def operating(self, **flags: str | float) -> Iterator[OperatorProcess]:
        """An operator with the ServiceAccount and the rights that it is installed with, and no others."""
        kubeconfig = service_account(self.plane, installed())
        given = {"kubeconfig": str(kubeconfig), **self.flags, **flags}
        with running_operator(self.plane, self.simulator, flags=given) as operator:
            self.operator = operator
            yield operator

    def clean_up(self) -> None:
        """Let every object of ours go, whatever state a test left it in."""
        paths = [
            self.path(kind, obj["metadata"]["name"], obj["metadata"].get("namespace"))
            for kind, plural in PLURALS.items()
            for obj in self._ok(self.http.get(f"/apis/{GROUP}/{plural}"))["items"]
        ]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._let_go, paths))

    def _let_go(self, path: str) -> None:
        self.http.delete(path)
        self.http.patch(path, json={"metadata": {"finalizers": None}}, headers=MERGE)

    def _patch(self, path: str, body: Json) -> Json:
        return self._ok(self.http.patch(path, json=body, headers=MERGE, params={"fieldValidation": "Strict"}))

    def _ok(self, answer: httpx.Response) -> Json:
        if answer.is_error:
            raise AssertionError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
        body: Json = answer.json()
        return body


MERGE = {"Content-Type": "application/merge-patch+json"}


def condition(obj: Json, type_: str) -> Json | None:
    for found in obj.get("status", {}).get("conditions", ()):
        if found["type"] == type_:
            return dict(found)
    return None


def reason(obj: Json, type_: str = "Ready") -> str:
    found = condition(obj, type_)
    return str(found["reason"]) if found else ""


@contextmanager
def world_of(
    plane: ControlPlane, *, task_seconds: float = 1.0, operate: bool = True, **flags: str | float
) -> Iterator[World]:
    """A simulator, accounts that lead to it, an empty namespace and (with `operate`) an operator.

    SIMULATOR_PROFILE in the environment puts the clouds under that profile of what no document settles.
    """
    with running_simulator(task_seconds=task_seconds) as simulator, api_client(plane) as http:
        if PROFILE:
            simulator.profile(PROFILE)
        apply_accounts(plane, simulator)
        world = World(plane, simulator, plane.create_namespace(), http, flags=dict(flags))
        try:
            if operate:
                with world.operating():
                    yield world
            else:
                yield world
        finally:
            world.clean_up()


@contextmanager
def api_client(plane: ControlPlane) -> Iterator[httpx.Client]:
    """Plain HTTP to the API server as its admin."""
    config = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))
    user = config["users"][0]["user"]
    context = ssl.create_default_context(cafile=str(plane.ca_file))
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        chain.flush()
        context.load_cert_chain(chain.name)
    with httpx.Client(base_url=plane.url, verify=context, timeout=30, trust_env=False) as client:
        yield client
