"""The pages of docs/install, followed word by word by somebody who has nothing else: their shell blocks are run.

There is no node, so nothing waits for pods; and no registry, so `make image` and `docker push` are only noted.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.deploy.chart import CHART, ROOT, Helm, Json

PAGES = ROOT / "docs" / "install"
IMAGE = "registry.example/caas-operator:0.1.0"
CLUSTER_WIDE = "crd,clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding"
REMOVE_EVERYTHING = ("upgrade", "sh", "Remove everything")
APPLICATIONS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec:
  group: argoproj.io
  names: {kind: Application, plural: applications}
  scope: Namespaced
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The code blocks of a page, or of the part of it under a heading."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    if heading:
        (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found, f"{page} {heading} has no block of {language}"
    return [str(each) for each in found]


@dataclass
class Newcomer:
    """Somebody in a clone of the repository."""

    plane: ControlPlane
    clone: Path
    path: Path

    def types(self, *commands: str) -> str:
        """Run blocks as they are, each to its end; the first command that fails raises, with what was said."""
        environment = {
            **os.environ,
            "PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.path.parent),
            "KUBECONFIG": str(self.plane.kubeconfig),
            "KUBERC": "off",
            "GCORE_API_KEY": "made-up",
        }
        said = ""
        for each in commands:
            done = subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", each],
                cwd=self.clone,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{each}\n{done.stdout}{done.stderr}"
            said += done.stdout + done.stderr
        return said

    def writes(self, name: str, text: str) -> None:
        path = self.clone / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def get(self, *what: str) -> list[Json]:
        found: list[Json] = json.loads(self.plane.kubectl("get", *what, "-o", "json").stdout)["items"]
        return found

    def images(self) -> list[str]:
        """What the operator's pods are told to run."""
        return [
            container["image"]
            for deployment in self.get("deployment", "-n", "caas-operator")
            for container in deployment["spec"]["template"]["spec"]["containers"]
        ]

    def left(self) -> list[str]:
        """What is still there of us beyond namespaces."""
        names = [each["metadata"]["name"] for each in self.get(CLUSTER_WIDE)]
        return [name for name in names if "caas-operator" in name]

    def noted(self) -> list[str]:
        return (self.path / "noted").read_text(encoding="utf-8").splitlines()


def _stands_in(path: Path, name: str, script: str) -> None:
    path.mkdir(exist_ok=True)
    file = path / name
    file.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture(scope="module")
def plane(control_plane_programs: None) -> Iterator[ControlPlane]:
    with running_control_plane(controller_manager=True) as started:  # which empties a namespace
        yield started


@pytest.fixture
def newcomer(plane: ControlPlane, helm: Helm, tmp_path: Path) -> Iterator[Newcomer]:
    """Ends with nothing of ours in the cluster, whatever the test left."""
    clone, path = tmp_path / "clone", tmp_path / "bin"
    clone.mkdir()
    (clone / "deploy").symlink_to(ROOT / "deploy")
    note = f'echo "$(basename $0) $*" >> {shlex.quote(str(path / "noted"))}'
    for name in ("make", "docker"):
        _stands_in(path, name, note)
    kubectl = shlex.quote(str(plane.kubectl_path))
    _stands_in(path, "kubectl", f'case " $* " in *" wait "*|*" rollout "*) {note};; *) exec {kubectl} "$@";; esac')
    without_wait = 'args=(); for each in "$@"; do [[ $each == --wait ]] || args+=("$each"); done'
    _stands_in(path, "helm", f'{without_wait}; exec {shlex.quote(str(helm.program))} "${{args[@]}}"')
    somebody = Newcomer(plane, clone, path)
    yield somebody
    somebody.types("kubectl delete --ignore-not-found -f deploy/install.yaml")
    assert somebody.left() == []


def test_plain_manifests(newcomer: Newcomer) -> None:
    newcomer.writes("account.yaml", blocks("plain", "yaml")[0])
    newcomer.types(*blocks("plain", "sh"))
    assert newcomer.images() == [IMAGE]
    assert [each["metadata"]["name"] for each in newcomer.get("ccacct")] == ["gcore"]
    (alone,) = blocks("upgrade", "sh", "Remove the operator alone")
    newcomer.types(re.sub(r"^helm .*\n", "", alone))
    assert newcomer.images() == []
    assert [each["metadata"]["name"] for each in newcomer.get("ccacct")] == ["gcore"]


def test_the_chart(newcomer: Newcomer) -> None:
    newcomer.writes("values.yaml", blocks("helm", "yaml")[0])
    install, upgrade = blocks("helm", "sh")
    newcomer.types(install)
    assert newcomer.images() == [IMAGE]
    assert newcomer.noted() == [f"make image IMAGE={IMAGE}", f"docker push {IMAGE}"]
    accounts = [(each["metadata"]["name"], each["metadata"]["uid"]) for each in newcomer.get("ccacct")]
    assert [name for name, _ in accounts] == ["gcore"]
    newcomer.types(upgrade)
    assert newcomer.images() == [IMAGE], "an upgrade goes on with the image of the installation"
    assert [(each["metadata"]["name"], each["metadata"]["uid"]) for each in newcomer.get("ccacct")] == accounts
    newcomer.types(*blocks(*REMOVE_EVERYTHING))
    assert newcomer.left() == []
    assert [each for each in newcomer.get("namespace") if each["metadata"]["name"] == "caas-operator"] == []


def test_an_overlay(newcomer: Newcomer) -> None:
    base, overlay = blocks("kustomize", "sh")
    newcomer.types(base)
    (text,) = blocks("kustomize", "yaml")
    newcomer.writes("overlay/kustomization.yaml", text)
    newcomer.types(f"kubectl apply -f {ROOT / 'tests' / 'deploy' / 'monitoring_crds.yaml'}")
    newcomer.types(overlay.replace("the-folder-of-your-overlay", "overlay"))
    assert newcomer.images() == [IMAGE]
    assert newcomer.get("servicemonitor", "-n", "caas-operator")
    newcomer.types(f"kubectl delete -f {ROOT / 'tests' / 'deploy' / 'monitoring_crds.yaml'}")


def test_argo_cd(newcomer: Newcomer) -> None:
    newcomer.types(f"kubectl apply -f - <<'EOF'\n{APPLICATIONS}EOF")
    newcomer.plane.kubectl("wait", "--for=condition=Established", "crd/applications.argoproj.io")
    newcomer.types(
        "kubectl create namespace argocd", "kubectl -n argocd create configmap argocd-cm --from-literal=of=mine"
    )
    newcomer.types(*blocks("argocd", "sh"))
    (config,) = [each for each in newcomer.get("configmap", "-n", "argocd") if each["metadata"]["name"] == "argocd-cm"]
    assert config["data"]["of"] == "mine"
    assert "resource.customizations.health.caas-operator.dev_CaasContainer" in config["data"]
    sources = {each["spec"]["source"]["path"] for each in newcomer.get("application", "-n", "argocd")}
    assert str(CHART.relative_to(ROOT)) in sources
    newcomer.types("kubectl delete namespace argocd", "kubectl delete crd applications.argoproj.io")


def test_the_readme(newcomer: Newcomer) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"^## Install\n\n```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (account,) = re.findall(r"^## Install\n.*?^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    newcomer.writes("account.yaml", account)
    newcomer.types(commands)
    assert newcomer.images() == [IMAGE]
    assert [each["metadata"]["name"] for each in newcomer.get("ccacct")] == ["gcore"]
    newcomer.types(*blocks(*REMOVE_EVERYTHING))
    assert newcomer.left() == []
