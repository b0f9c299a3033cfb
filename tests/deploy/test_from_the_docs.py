"""The pages of docs/install, followed word by word by somebody who has nothing else: their shell blocks are run.

There is no node, so nothing waits for pods; and no registry, so `make image` and `docker push` are only noted.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.deploy.chart import CHART, ROOT, Helm
from tests.deploy.newcomer import (
    IMAGE,
    NOTE,
    REMOVE_EVERYTHING,
    Newcomer,
    blocks,
    blocks_of,
    calls,
    newcomer,
    removal_of_the_operator_alone,
)

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


@pytest.fixture(scope="module")
def plane(control_plane_programs: None) -> Iterator[ControlPlane]:
    with running_control_plane(controller_manager=True) as started:  # which empties a namespace
        yield started


@pytest.fixture
def somebody(plane: ControlPlane, helm: Helm, tmp_path: Path) -> Iterator[Newcomer]:
    """Ends with nothing of ours in the cluster, whatever the test left."""
    kubectl = calls(plane.kubectl_path)
    without_wait = 'args=(); for each in "$@"; do [[ $each == --wait ]] || args+=("$each"); done; set -- "${args[@]}"'
    commands = {
        "kubectl": f'case " $* " in *" wait "*|*" rollout "*) {NOTE};; *) {kubectl};; esac',
        "helm": f"{without_wait}; {calls(helm.program)}",
    }
    somebody = newcomer(plane, tmp_path, commands)
    yield somebody
    somebody.types("kubectl delete --ignore-not-found -f deploy/install.yaml")
    assert somebody.left() == []


def test_plain_manifests(somebody: Newcomer) -> None:
    somebody.writes("account.yaml", blocks("plain", "yaml")[0])
    somebody.types(*blocks("plain", "sh"))
    assert somebody.images() == [IMAGE]
    assert [each["metadata"]["name"] for each in somebody.get("ccacct")] == ["gcore"]
    somebody.types(removal_of_the_operator_alone())
    assert somebody.images() == []
    assert [each["metadata"]["name"] for each in somebody.get("ccacct")] == ["gcore"]


def test_the_chart(somebody: Newcomer) -> None:
    somebody.writes("values.yaml", blocks("helm", "yaml")[0])
    install, upgrade = blocks("helm", "sh")
    somebody.types(install)
    assert somebody.images() == [IMAGE]
    assert somebody.noted() == [f"make image IMAGE={IMAGE}", f"docker push {IMAGE}"]
    accounts = [(each["metadata"]["name"], each["metadata"]["uid"]) for each in somebody.get("ccacct")]
    assert [name for name, _ in accounts] == ["gcore"]
    somebody.types(upgrade)
    assert somebody.images() == [IMAGE], "an upgrade goes on with the image of the installation"
    assert [(each["metadata"]["name"], each["metadata"]["uid"]) for each in somebody.get("ccacct")] == accounts
    somebody.types(*blocks(*REMOVE_EVERYTHING))
    assert somebody.left() == []
    assert [each for each in somebody.get("namespace") if each["metadata"]["name"] == "caas-operator"] == []


def test_an_overlay(somebody: Newcomer) -> None:
    base, overlay = blocks("kustomize", "sh")
    somebody.types(base)
    (text,) = blocks("kustomize", "yaml")
    somebody.writes("overlay/kustomization.yaml", text)
    somebody.types(f"kubectl apply -f {ROOT / 'tests' / 'deploy' / 'monitoring_crds.yaml'}")
    somebody.types(overlay.replace("the-folder-of-your-overlay", "overlay"))
    assert somebody.images() == [IMAGE]
    assert somebody.get("servicemonitor", "-n", "caas-operator")
    somebody.types(f"kubectl delete -f {ROOT / 'tests' / 'deploy' / 'monitoring_crds.yaml'}")


def test_argo_cd(somebody: Newcomer) -> None:
    somebody.types(f"kubectl apply -f - <<'EOF'\n{APPLICATIONS}EOF")
    somebody.plane.kubectl("wait", "--for=condition=Established", "crd/applications.argoproj.io")
    somebody.types(
        "kubectl create namespace argocd", "kubectl -n argocd create configmap argocd-cm --from-literal=of=mine"
    )
    somebody.types(*blocks("argocd", "sh"))
    (config,) = [each for each in somebody.get("configmap", "-n", "argocd") if each["metadata"]["name"] == "argocd-cm"]
    assert config["data"]["of"] == "mine"
    assert "resource.customizations.health.caas-operator.dev_CaasContainer" in config["data"]
    sources = {each["spec"]["source"]["path"] for each in somebody.get("application", "-n", "argocd")}
    assert str(CHART.relative_to(ROOT)) in sources
    somebody.types("kubectl delete namespace argocd", "kubectl delete crd applications.argoproj.io")


def test_the_readme(somebody: Newcomer) -> None:
    (commands,) = blocks_of(ROOT / "README.md", "sh", "Install")
    (account,) = blocks_of(ROOT / "README.md", "yaml", "Install")
    somebody.writes("account.yaml", account)
    somebody.types(commands)
    assert somebody.images() == [IMAGE]
    assert [each["metadata"]["name"] for each in somebody.get("ccacct")] == ["gcore"]
    somebody.types(*blocks(*REMOVE_EVERYTHING))
    assert somebody.left() == []
