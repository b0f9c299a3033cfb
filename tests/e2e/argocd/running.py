"""Argo CD in the cluster: installed from its own manifests, asked by its own command line and by its Applications."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import Json
from tests.e2e import cluster, stage
from tests.e2e.argocd import release
from tests.e2e.machine import Machine

NAMESPACE = "argocd"
APPLICATIONS = "applications.argoproj.io"
OFTEN = {"timeout.reconciliation": "5s", "timeout.reconciliation.jitter": "0s"}
"""how often it asks Git, where no webhook tells it; two minutes if nothing is said"""
PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}
"""as its API server makes it, which is not here"""


@dataclass(frozen=True)
class Says:
    """What an Application says of itself: words, a commit, and what came of its last sync, as JSON."""

    sync: str
    health: str
    revision: str
    operation: str
    conditions: str


@dataclass(frozen=True)
class ArgoCD:
    """`kubeconfig` names its namespace; `home` is where its command line keeps things. `image` has git as well."""

    machine: Machine
    plane: ControlPlane
    kubeconfig: Path
    home: Path
    image: str

    def __call__(self, *words: str) -> str:
        """Run `argocd --core`, which needs no API server of Argo CD's."""
        program = build.programs([build.ARGOCD])[build.ARGOCD]
        place = [f"HOME={self.home}", f"KUBECONFIG={self.kubeconfig}"]
        return self.machine.run("env", *place, program, *words, "--core", cwd=self.home)

    def application(self, name: str) -> Json:
        return stage.get(self.plane, APPLICATIONS, name, f"--namespace={NAMESPACE}")

    def says(self, name: str) -> Says:
        status = self.application(name).get("status", {})
        operation = status.get("operationState", {})
        return Says(
            status.get("sync", {}).get("status", ""),
            status.get("health", {}).get("status", ""),
            status.get("sync", {}).get("revision", ""),
            json.dumps([operation.get("message"), operation.get("syncResult", {}).get("resources")]),
            json.dumps(status.get("conditions", [])),
        )

    def wait_until(self, name: str, holds: Callable[[Says], object], told: str) -> None:
        """Wait until what an Application says is so. What it says instead is told."""

        def held() -> bool:
            says = self.says(name)
            assert holds(says), says
            return True

        stage.wait_until(held, f"{name}: {told}", seconds=300)

    def wait(self, name: str, *, health: str, revision: str = "") -> None:
        """Wait until an Application is in sync, with this commit if one is named, and its health is that."""

        def holds(says: Says) -> bool:
            return (says.sync, says.health, says.revision) == ("Synced", health, revision or says.revision)

        self.wait_until(name, holds, f"Synced and {health} {revision}")

    def looked_again(self, name: str) -> Json:
        """Wait until it has compared Git with the cluster once more, from nothing; returns the Application then."""
        before = self.application(name)["status"]["reconciledAt"]
        again = "argocd.argoproj.io/refresh=hard"
        self.plane.kubectl("annotate", APPLICATIONS, name, f"--namespace={NAMESPACE}", "--overwrite", again)
        stage.wait_until(lambda: self.application(name)["status"]["reconciledAt"] != before, f"{name} was compared")
        return self.application(name)


@contextmanager
def running(machine: Machine, plane: ControlPlane, folder: Path) -> Iterator[ArgoCD]:
    """Install it as a user does who needs no UI; at the end nothing of it is left."""
    objects = release.manifests()
    cluster.load(machine, *release.built(machine, objects))
    (config,) = (each for each in objects if each["metadata"]["name"] == "argocd-cm")
    config["data"].update(OFTEN)
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    apply = ["apply", "--server-side", "--force-conflicts", f"--namespace={NAMESPACE}", "--filename=-"]
    _remove(plane, text)
    stage.sweep(plane)  # what an Argo CD of an interrupted run was keeping alive
    plane.kubectl("create", "namespace", NAMESPACE)
    try:
        plane.kubectl(*apply, input=text)
        project = json.dumps(PROJECT)
        stage.wait_until(
            lambda: plane.kubectl(*apply, input=project, check=False).returncode == 0, "projects are known"
        )
        for what in (
            "deployment/argocd-redis",
            "deployment/argocd-repo-server",
            "statefulset/argocd-application-controller",
        ):
            plane.kubectl("rollout", "status", what, f"--namespace={NAMESPACE}", stage.PATIENCE)
        kubeconfig = folder / "kubeconfig"
        shutil.copy(plane.kubeconfig, kubeconfig)
        here = ["config", "set-context", "--current", f"--namespace={NAMESPACE}"]
        plane.kubectl(*here, kubeconfig=kubeconfig)
        yield ArgoCD(machine, plane, kubeconfig, folder, release.image_of(objects, "argocd-application-controller"))
    finally:
        _remove(plane, text)


def _remove(plane: ControlPlane, objects: str) -> None:
    """Its Applications first, while nothing that they brought is touched; none of ours has Argo CD's finalizer."""
    gone = ["delete", "--ignore-not-found", stage.PATIENCE]
    plane.kubectl(*gone, "--all", APPLICATIONS, f"--namespace={NAMESPACE}", check=False)
    plane.kubectl(*gone, f"--namespace={NAMESPACE}", "--filename=-", input=objects)
    plane.kubectl(*gone, "namespace", NAMESPACE)
