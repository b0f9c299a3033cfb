"""What an operator in a cluster needs around it: clouds in a pod, accounts that lead there, its own chart."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane
from tests.demo.accounts import lead_to
from tests.e2e import images
from tests.e2e.machine import Machine
from tests.support.accounts import GROUP
from tests.support.simulator import Clouds, Keys, Urls
from tests.support.world import MINIMAL, Json, api_client

CHART = images.ROOT / "deploy" / "helm" / "caas-operator"
SAMPLES = images.ROOT / "deploy" / "samples"
NAMESPACE = "caas-operator"
"""of the release, and of the Secrets that the samples' accounts name"""
SELECTOR = "app.kubernetes.io/name=caas-operator"
CLOUDS = "clouds"
PORTS = {"gcore": 8081, "openai": 8082, "gateway": 8083, "admin": 8084}
KINDS = "caas,infd,sbx"
PATIENCE = "--timeout=180s"


def make_namespace(plane: ControlPlane, name: str) -> None:
    """Make a namespace that takes pods of the Pod Security Standard "restricted" only."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(body))


@contextmanager
def simulated_clouds(plane: ControlPlane) -> Iterator[Clouds]:
    """The simulator as a Deployment behind a Service; its admin API is asked by way of the API server."""
    make_namespace(plane, CLOUDS)
    plane.kubectl("apply", "--namespace", CLOUDS, "-f", "-", input=json.dumps(_simulator()))
    plane.kubectl("rollout", "status", "--namespace", CLOUDS, "deployment/simulator", PATIENCE)
    urls = {name: f"http://simulator.{CLOUDS}.svc.cluster.local:{port}" for name, port in PORTS.items()}
    with api_client(plane) as http:
        http.base_url = http.base_url.join(f"/api/v1/namespaces/{CLOUDS}/services/http:simulator:admin/proxy")
        clouds = Clouds(Urls(**{**urls, "openai": urls["openai"] + "/v1"}), Keys(), http)
        wait_until(clouds.counters, "the simulator answers through its Service")
        clouds.reset()
        yield clouds


def _simulator() -> Json:
    container = {
        "image": images.SIMULATOR,
        "readinessProbe": {"httpGet": {"path": "/counters", "port": "admin"}, "periodSeconds": 1},
    }
    return served("simulator", container, PORTS)


def served(name: str, container: Json, ports: Mapping[str, int]) -> Json:
    """A pod and a Service before it, as a List: the container as given, and as "restricted" wants it.

    It may write to /srv, which goes with the pod, and nowhere else.
    """
    labels = {"app": name}
    hardened = {
        "name": name,
        "imagePullPolicy": "Never",
        "ports": [{"name": port, "containerPort": number} for port, number in ports.items()],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "srv", "mountPath": "/srv"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{**hardened, **container}],
        "volumes": [{"name": "srv", "emptyDir": {}}],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"name": port, "port": number} for port, number in ports.items()]},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [deployment, service]}


def accounts(clouds: Clouds, target: Path) -> Path:
    """The samples' accounts, led to the simulated clouds."""
    lead_to(clouds, SAMPLES / "accounts.yaml", target)
    return target


def samples() -> list[str]:
    """Arguments for kubectl: every sample but those that wait for an address: none answers here."""
    found = [path for path in sorted(SAMPLES.glob("*.yaml")) if path.name != "accounts.yaml"]
    reachable = [path for path in found if "readinessCheck:" not in path.read_text(encoding="utf-8")]
    return [word for path in reachable for word in ("-f", str(path))]


def helm(machine: Machine, *words: str) -> str:
    """The real helm, as an admin of the cluster, with the namespace of the release."""
    return machine.run(_helm(), "--namespace", NAMESPACE, *words)


def helm_tried(machine: Machine, *words: str, namespace: str) -> subprocess.CompletedProcess[str]:
    """The same, whatever it ends with."""
    return machine.tried(_helm(), "--namespace", namespace, *words)


def _helm() -> Path:
    return build.programs([build.HELM])[build.HELM]


def install(machine: Machine, *more: str, release: str = "caas-operator") -> str:
    """Install or upgrade as a user does, with the image that was built here; waits until it is ready."""
    repository, _, tag = images.OPERATOR.partition(":")
    image = [f"--set=image.repository={repository}", f"--set=image.tag={tag}", "--set=image.pullPolicy=Never"]
    words = ["upgrade", "--install", release, str(CHART), "--wait", PATIENCE]
    return helm(machine, *words, *image, "--set=exportTo.enabled=true", *more)  # samples export


def sweep(plane: ControlPlane) -> None:
    """Take away all that is ours and whatever a test left, also where nobody is there to let objects go."""
    crds = get(plane, "crd", "--selector=app.kubernetes.io/part-of=caas-operator")["items"]
    if kinds := ",".join(each["metadata"]["name"] for each in crds):
        plane.kubectl("delete", kinds, "--all", "--all-namespaces", "--timeout=60s", check=False)
        plane.kubectl("delete", "deployment", "--all", f"--namespace={NAMESPACE}", PATIENCE)
        for one in get(plane, kinds, "--all-namespaces")["items"]:
            meta, let_go = one["metadata"], json.dumps({"metadata": {"finalizers": None}})
            where = [f"--namespace={meta['namespace']}"] if "namespace" in meta else []
            plane.kubectl("patch", one["kind"], meta["name"], *where, "--type=merge", f"--patch={let_go}")
    plane.kubectl("delete", "--ignore-not-found", f"--filename={images.ROOT / 'deploy' / 'install.yaml'}", PATIENCE)


def operators(plane: ControlPlane) -> list[Json]:
    """The operator's pods that are not being deleted."""
    return [pod for pod in all_operators(plane) if "deletionTimestamp" not in pod["metadata"]]


def all_operators(plane: ControlPlane) -> list[Json]:
    """Also those that have not ended yet."""
    found: list[Json] = get(plane, "pods", "--namespace", NAMESPACE, f"--selector={SELECTOR}")["items"]
    return found


def leader(plane: ControlPlane) -> str:
    """The name of the pod that holds the Lease; empty while none does."""
    lease = plane.kubectl("get", "lease", "caas-operator", "--namespace", NAMESPACE, "-o", "json", check=False)
    holder = json.loads(lease.stdout)["spec"].get("holderIdentity") if lease.returncode == 0 else None
    return str(holder or "").rpartition("_")[0]


def ids(plane: ControlPlane) -> list[str]:
    """Which external resources the objects say they have."""
    found = get(plane, KINDS, "--all-namespaces")["items"]
    return sorted(one["status"]["externalId"] for one in found if one["status"].get("externalId"))


def create(plane: ControlPlane, name: str, **spec: Any) -> None:
    """Create a container from a minimal spec."""
    spec = {**MINIMAL["CaasContainer"], **spec}
    body = {"apiVersion": GROUP, "kind": "CaasContainer", "metadata": {"name": name}, "spec": spec}
    plane.kubectl("create", "-f", "-", input=json.dumps(body))


def make_one(plane: ControlPlane, name: str) -> None:
    """Create a container, wait until it is Ready, and delete it again."""
    create(plane, name)
    plane.kubectl("wait", "--for=condition=Ready", f"caas/{name}", PATIENCE)
    plane.kubectl("delete", "caas", name, PATIENCE)


def trouble(plane: ControlPlane) -> str:
    """What a person would look at first."""
    looks = [
        ["get", "pods", "--all-namespaces", "--output=wide"],
        ["get", "caas-operator", "--all-namespaces", "--output=wide"],
        ["get", "events", "--namespace", NAMESPACE, "--sort-by=.lastTimestamp"],
        ["logs", "--namespace", NAMESPACE, f"--selector={SELECTOR}", "--prefix", "--tail=40"],
        ["logs", "--namespace", CLOUDS, "deployment/simulator", "--tail=20"],
    ]
    done = [plane.kubectl(*words, check=False) for words in looks]
    return "\n\n".join(f"{' '.join(look)}\n{one.stdout}{one.stderr}" for look, one in zip(looks, done, strict=True))


def get(plane: ControlPlane, *words: str) -> Json:
    answer: Json = json.loads(plane.kubectl("get", *words, "--output=json").stdout)
    return answer


def wait_until(holds: Callable[[], object], told: str, *, seconds: float = 90.0, every: float = 0.5) -> None:
    """Wait for what is asked of a server now and then; whatever it refuses meanwhile counts as not yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
            last: object = "it does not"
        except AssertionError as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {told}: {last}")
        time.sleep(every)
