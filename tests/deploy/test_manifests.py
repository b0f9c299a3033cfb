"""kustomize and the plain manifest do what the chart does."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import manifests
from tests.deploy.chart import ROOT, Helm, Json, address, container, documents, of_kind, the
from tests.deploy.manifests import EXPORT_TO, KUSTOMIZE, MONITORING, NAMESPACED, TENANTS

OF_HELM = {"helm.sh/chart", "app.kubernetes.io/managed-by"}
SAME: dict[str, Mapping[str, Any]] = {"base": {}, "overlays/namespaced": NAMESPACED, "overlays/tenants": TENANTS}
COMPONENTS: dict[str, Mapping[str, Any]] = {"monitoring": MONITORING, "export-to": EXPORT_TO}


def built(kubectl: Path, folder: Path) -> list[Json]:
    done = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return documents(done.stdout)


def comparable(objects: Iterable[Json]) -> dict[tuple[str, str, str], Json]:
    """Without what only Helm writes, and the namespace, which Helm does not make. Flags come in any order."""
    found = {address(each): json.loads(json.dumps(each)) for each in objects}
    for key, thing in list(found.items()):
        labels = thing["metadata"].get("labels", {})
        for name in OF_HELM:
            labels.pop(name, None)
        if thing["kind"] == "Deployment":
            container([thing])["args"].sort()
        if thing["kind"] == "Namespace":
            del found[key]
    return found


@pytest.mark.parametrize("folder", SAME)
def test_kustomize_and_the_chart_give_the_same_objects(helm: Helm, kubectl: Path, folder: str) -> None:
    ours, the_charts = comparable(built(kubectl, KUSTOMIZE / folder)), comparable(helm.render(SAME[folder]))
    assert sorted(ours) == sorted(the_charts)
    assert ours == the_charts


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_gives_what_its_value_gives(helm: Helm, kubectl: Path, tmp_path: Path, name: str) -> None:
    text = json.dumps({"resources": ["kustomize/base"], "components": [f"kustomize/components/{name}"]})
    (tmp_path / "kustomization.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(KUSTOMIZE, tmp_path / "kustomize")
    assert comparable(built(kubectl, tmp_path)) == comparable(helm.render(COMPONENTS[name]))


def test_the_plain_manifest_is_the_base(kubectl: Path) -> None:
    plain = documents((ROOT / "deploy" / "install.yaml").read_text(encoding="utf-8"))
    base = built(kubectl, KUSTOMIZE / "base")
    assert comparable(plain) == comparable(base)
    assert of_kind(plain, "Namespace") == of_kind(base, "Namespace")
    assert plain[0]["kind"] == "Namespace"  # before what is in it


def test_the_namespace_admits_restricted_pods_alone(kubectl: Path) -> None:
    labels = the(built(kubectl, KUSTOMIZE / "base"), "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_demo_leads_every_account_to_the_simulator(kubectl: Path) -> None:
    folder = KUSTOMIZE / "overlays" / "demo"
    objects = built(kubectl, folder)
    ports = {each["port"] for each in the(objects, "Service", "simulator")["spec"]["ports"]}
    keys = the(objects, "Secret", "simulated-clouds")["stringData"]
    (simulator,) = the(objects, "Deployment", "simulator")["spec"]["template"]["spec"]["containers"]
    flags = dict(arg.removeprefix("--").split("=", 1) for arg in simulator["args"][1:])
    assert {int(value) for flag, value in flags.items() if flag.endswith("-port")} == ports
    for account in documents((folder / "accounts.yaml").read_text(encoding="utf-8")):
        name = account["metadata"]["name"]
        cloud = account["spec"][name]
        assert cloud["endpoint"].startswith(f"http://simulator.caas-operator.svc:{flags[f'{name}-port']}")
        reference = cloud.get("apiKeySecretRef") or cloud["virtualKeySecretRef"]
        assert reference == {"namespace": "caas-operator", "name": "simulated-clouds", "key": name}
        assert keys[name]


def test_what_is_generated_is_what_the_chart_gives_now(helm: Helm) -> None:
    assert manifests.differences(manifests.wanted(helm)) == []
