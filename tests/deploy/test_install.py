"""helm install, upgrade, uninstall and install again, on a real API server; no node runs the pods."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.deploy.cases import ACCOUNT
from tests.deploy.chart import CHART, NAME, Helm, Json, documents
from tests.support.world import MINIMAL

CRDS = 5
FINALIZER = "caas-operator.dev/cleanup"
WITH_ACCOUNT: Json = {"accounts": [ACCOUNT]}


@dataclass
class Cluster:
    plane: ControlPlane
    helm: Helm

    def install(self, values: Json, *options: str, release: str = NAME, chart: Path = CHART) -> str:
        """Install or upgrade; returns what helm complains about, nothing where it worked."""
        where = [release, str(chart), f"--namespace={NAME}", "--create-namespace"]
        verb = ["upgrade", "--install"] if not options else ["install"]
        done = self.helm(*verb, *where, *options, values=values, kubeconfig=self.plane.kubeconfig, check=False)
        return done.stderr if done.returncode else ""

    def uninstall(self, release: str = NAME) -> str:
        return self.helm("uninstall", release, f"--namespace={NAME}", kubeconfig=self.plane.kubeconfig).stdout

    def get(self, *what: str) -> list[Json]:
        found: list[Json] = json.loads(self.plane.kubectl("get", *what, "-o", "json").stdout)["items"]
        return found

    def names(self, *what: str) -> set[str]:
        return {each["metadata"]["name"] for each in self.get(*what)}

    def uids(self, *what: str) -> dict[str, str]:
        return {each["metadata"]["name"]: each["metadata"]["uid"] for each in self.get(*what)}

    def create_fleet(self) -> None:
        """An object of each kind, each with the operator's finalizer, as if it had one in the cloud."""
        for kind, spec in MINIMAL.items():
            meta = {"name": "kept", "namespace": "default", "finalizers": [FINALIZER]}
            body = {"apiVersion": "caas-operator.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}
            self.plane.kubectl("create", "-f", "-", input=json.dumps(body))

    def fleet(self) -> dict[str, str]:
        """Kind to uid of the objects, and of the accounts; those that are being deleted do not count."""
        found = self.get("caas-operator", "-A")
        return {each["kind"]: each["metadata"]["uid"] for each in found if "deletionTimestamp" not in each["metadata"]}


@pytest.fixture
def cluster(control_plane_programs: None, helm: Helm) -> Iterator[Cluster]:
    with running_control_plane() as plane:
        yield Cluster(plane, helm)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A chart of an earlier version, whose CRDs lack a field that ours have."""
    chart = tmp_path / "before"
    shutil.copytree(CHART, chart)
    about = chart / "Chart.yaml"
    about.write_text(re.sub(r"^version: .*", "version: 0.0.1", about.read_text(), flags=re.MULTILINE))
    crd = chart / "files" / "crds" / "caascontainers.yaml"
    text = crd.read_text(encoding="utf-8")
    without = text.replace("\n              suspend:\n", "\n              suspendedLongAgo:\n")
    assert without != text
    crd.write_text(without, encoding="utf-8")
    return chart


def test_one_install_brings_crds_operator_and_accounts(cluster: Cluster) -> None:
    assert cluster.install(WITH_ACCOUNT) == ""
    assert len(cluster.names("crd")) == CRDS
    assert cluster.names("deployments", "-n", NAME) == {NAME}
    (account,) = cluster.get("ccacct")
    assert account["spec"] == ACCOUNT["spec"]


def test_uninstall_keeps_crds_accounts_and_the_fleet(cluster: Cluster) -> None:
    assert cluster.install(WITH_ACCOUNT) == ""
    cluster.create_fleet()
    before = cluster.uids("crd"), cluster.fleet()
    assert len(before[1]) == len(MINIMAL) + 1
    assert "kept due to the resource policy" in cluster.uninstall()
    assert (cluster.uids("crd"), cluster.fleet()) == before
    ours = ("-A", "-l", "app.kubernetes.io/part-of=caas-operator")
    left = "deployments,services,serviceaccounts,configmaps,networkpolicies,poddisruptionbudgets,roles,rolebindings"
    assert cluster.names(left, *ours) == set()
    assert cluster.names("clusterroles,clusterrolebindings", *ours[1:]) == set()
    assert cluster.names("validatingadmissionpolicies,validatingadmissionpolicybindings") == set()


def test_an_upgrade_renews_the_crds_and_keeps_every_object(cluster: Cluster, before: Path) -> None:
    assert cluster.install(WITH_ACCOUNT, chart=before) == ""
    cluster.create_fleet()
    kept = cluster.uids("crd"), cluster.fleet()
    suspend: tuple[Any, ...] = ("patch", "caas", "kept", "--type=merge", "-p", '{"spec":{"suspend":true}}')
    assert "unknown field" in cluster.plane.kubectl(*suspend).stderr
    spec = {**ACCOUNT["spec"], "allowedNamespaces": {"names": ["team-a"]}}
    assert cluster.install({"accounts": [{**ACCOUNT, "spec": spec}]}) == ""
    assert (cluster.uids("crd"), cluster.fleet()) == kept
    assert cluster.plane.kubectl(*suspend).stderr == ""
    (account,) = cluster.get("ccacct")
    assert account["spec"] == spec
    assert account["metadata"]["generation"] == 2


def test_what_an_older_schema_let_in_is_reported_on_and_deleted_after_an_upgrade(
    cluster: Cluster, before: Path
) -> None:
    crd = before / "files" / "crds" / "caascontainers.yaml"
    schema = documents(crd.read_text(encoding="utf-8"))[0]
    spec = schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["listeningPort"].pop("maximum")
    spec.pop("x-kubernetes-validations")
    crd.write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    assert cluster.install({}, chart=before) == ""
    body: Json = {"apiVersion": "caas-operator.dev/v1alpha1", "kind": "CaasContainer"}
    meta = {"name": "old", "namespace": "default", "finalizers": [FINALIZER]}
    broken = {**MINIMAL["CaasContainer"], "listeningPort": 99999, "projectId": 1, "projectName": "two"}
    cluster.plane.kubectl("create", "-f", "-", input=json.dumps(body | {"metadata": meta, "spec": broken}))
    assert cluster.install({}) == ""
    newer = json.dumps(body | {"metadata": {**meta, "name": "new"}, "spec": broken})
    create = ["create", "--dry-run=server", "-f", "-"]
    wait(lambda: cluster.plane.kubectl(*create, input=newer, check=False).returncode, "the newer schema refuses it")
    old, merge = ("caas", "old"), ("--type=merge", "-p")
    cluster.plane.kubectl("patch", *old, "--subresource=status", *merge, '{"status":{"externalId":"1/76/old"}}')
    cluster.plane.kubectl("patch", *old, *merge, '{"metadata":{"annotations":{"caas-operator.dev/paused":"true"}}}')
    cluster.plane.kubectl("delete", *old, "--wait=false")
    cluster.plane.kubectl("patch", *old, "--subresource=status", *merge, '{"status":{"observedGeneration":2}}')
    cluster.plane.kubectl("patch", *old, *merge, '{"metadata":{"finalizers":null}}')
    assert cluster.names("caas") == set()


def test_the_installed_policy_refuses_to_delete_what_is_protected(cluster: Cluster) -> None:
    assert cluster.install({}) == ""
    cluster.create_fleet()
    protect = '{"spec":{"deletionProtection":%s}}'
    for kind in MINIMAL:
        thing = (kind, "kept")
        cluster.plane.kubectl("patch", *thing, "--type=merge", "-p", protect % "true")
        delete = partial(cluster.plane.kubectl, "delete", *thing, "--wait=false", check=False)
        wait(partial(lambda ask: ask("--dry-run=server").returncode, delete), f"the {kind} is protected")
        assert "set it to false first" in delete().stderr
        cluster.plane.kubectl("patch", *thing, "--type=merge", "-p", protect % "false")
        assert delete().returncode == 0
    assert cluster.fleet() == {}


def wait(holds: Callable[[], object], told: str) -> None:
    """The API server takes up a new schema or policy a little later."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {told}"
        time.sleep(0.1)


def test_an_account_that_left_the_values_stays(cluster: Cluster) -> None:
    assert cluster.install(WITH_ACCOUNT) == ""
    assert cluster.install({}) == ""
    assert cluster.names("ccacct") == {"gcore"}


def test_another_release_takes_over_what_was_kept(cluster: Cluster) -> None:
    assert cluster.install(WITH_ACCOUNT) == ""
    cluster.create_fleet()
    kept = cluster.uids("crd"), cluster.fleet()
    cluster.uninstall()
    assert "invalid ownership metadata" in cluster.install(WITH_ACCOUNT, "--dry-run=server", release="clouds")
    assert cluster.install(WITH_ACCOUNT, "--take-ownership", release="clouds") == ""
    assert (cluster.uids("crd"), cluster.fleet()) == kept
    notes = [each["metadata"]["annotations"]["meta.helm.sh/release-name"] for each in cluster.get("crd")]
    assert notes == ["clouds"] * CRDS
    assert cluster.install(WITH_ACCOUNT, release="clouds") == ""
    cluster.uninstall("clouds")
    assert (cluster.uids("crd"), cluster.fleet()) == kept


def test_the_same_release_comes_back_without_more_words(cluster: Cluster) -> None:
    assert cluster.install(WITH_ACCOUNT) == ""
    cluster.uninstall()
    assert cluster.install(WITH_ACCOUNT) == ""
    assert cluster.names("ccacct") == {"gcore"}


def test_after_plain_manifests_helm_takes_over(cluster: Cluster) -> None:
    plain = str(CHART.parents[1] / "install.yaml")
    cluster.plane.kubectl("apply", "--server-side", "-f", plain)
    uids = cluster.uids("crd")
    options = ("--take-ownership", "--force-conflicts")
    assert cluster.install({}, *options) == ""
    assert cluster.uids("crd") == uids
    cluster.uninstall()
    assert cluster.uids("crd") == uids


def test_two_operators_can_serve_a_namespace_each(cluster: Cluster) -> None:
    """The second leaves to the first what exists once in a cluster."""
    for team in ("team-a", "team-b"):
        cluster.plane.kubectl("create", "namespace", team)
    first = {"watchNamespaces": ["team-a"], "clusterId": "mine"}
    second = {"crds": {"install": False}, "deletionProtection": {"policy": False}, "rbac": {"userRoles": False}}
    assert cluster.install({**first}) == ""
    where = ["install", "other", str(CHART), "--namespace=team-b"]
    values = {**second, "watchNamespaces": ["team-b"], "clusterId": "mine"}
    cluster.helm(*where, values=values, kubeconfig=cluster.plane.kubeconfig)
    assert cluster.names("deployments", "-A") == {NAME, "other-caas-operator"}
