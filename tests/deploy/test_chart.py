"""What the chart renders to, for many values."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from caas_operator.app import settings
from caas_operator.app.settings import Settings
from caas_operator.kinds.definitions import DEFINITIONS
from tests.deploy.cases import ALL_ON, CASES
from tests.deploy.chart import CHART, ROOT, Helm, Json, container, documents, of_kind, the

DEFAULTS: Json = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
NOT_FOR_PODS = {"kubeconfig", "context", "clock_url", "operator_namespace", "lease_namespace"}
"""Settings that a pod's surroundings decide, or tests."""


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_lint_finds_nothing(helm: Helm, values: Json) -> None:
    done = helm("lint", "--strict", str(CHART), values=values)
    assert "[WARNING]" not in done.stdout
    assert "0 chart(s) failed" in done.stdout


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_every_object_says_whose_it_is_and_where(helm: Helm, values: Json) -> None:
    cluster_wide = {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "ClusterCloudAccount",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
    for thing in helm.render(values):
        assert thing["metadata"]["labels"]["app.kubernetes.io/part-of"] == "caas-operator"
        assert ("namespace" in thing["metadata"]) == (thing["kind"] not in cluster_wide)


def test_the_crds_are_those_of_the_tree_and_are_kept(helm: Helm) -> None:
    rendered = {each["metadata"]["name"]: each for each in of_kind(helm.render(), "CustomResourceDefinition")}
    wanted = [document for path in (ROOT / "crds").glob("*.yaml") for document in documents(path.read_text())]
    assert len(rendered) == len(wanted)
    for crd in wanted:
        found = rendered[crd["metadata"]["name"]]
        assert found["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
        assert found["spec"] == crd["spec"]
    assert not of_kind(helm.render({"crds": {"install": False}}), "CustomResourceDefinition")


def test_annotations_of_the_crds_can_be_added_but_not_the_keeping_taken(helm: Helm) -> None:
    values = {"crds": {"annotations": {"a": "b", "helm.sh/resource-policy": "delete"}}}
    for crd in of_kind(helm.render(values), "CustomResourceDefinition"):
        assert crd["metadata"]["annotations"].items() >= {"a": "b", "helm.sh/resource-policy": "keep"}.items()


def test_two_replicas_are_the_default_spread_and_guarded(helm: Helm) -> None:
    objects = helm.render()
    spec = the(objects, "Deployment")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"]["type"] == "RollingUpdate"
    constraints = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    labels = spec["template"]["metadata"]["labels"]
    budget = the(objects, "PodDisruptionBudget")["spec"]
    for selector in (spec["selector"], budget["selector"], *(each["labelSelector"] for each in constraints)):
        assert selector["matchLabels"].items() <= labels.items()
    grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace >= Settings.model_fields["shutdown_seconds"].default + 5


def test_one_replica_without_a_lease_never_overlaps_with_another(helm: Helm) -> None:
    objects = helm.render({"replicas": 1, "leaderElection": {"enabled": False}})
    assert the(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert not of_kind(objects, "PodDisruptionBudget")
    assert "leases" not in json.dumps(of_kind(objects, "Role"))
    assert "--leader-elect=false" in container(objects)["args"]


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_the_operator_takes_every_flag_it_is_given(helm: Helm, values: Json) -> None:
    run, *args = container(helm.render(values))["args"]
    assert run == "run"
    settings.load(args)


def test_the_defaults_of_the_chart_are_those_of_the_operator(helm: Helm) -> None:
    given = settings.load(container(helm.render())["args"][1:])
    own = settings.load([])
    differing = {name for name in Settings.model_fields if getattr(given, name) != getattr(own, name)}
    assert differing == {"health_address", "metrics_address", "leader_elect"}  # a pod is reached, and not alone


def test_every_setting_can_be_given_as_a_value(helm: Helm) -> None:
    used = {
        arg.removeprefix("--").partition("=")[0].replace("-", "_") for arg in container(helm.render(ALL_ON))["args"]
    }
    namespaced = container(helm.render(CASES["namespaced"]))["args"]
    used |= {arg.removeprefix("--").partition("=")[0].replace("-", "_") for arg in namespaced}
    assert set(Settings.model_fields) - NOT_FOR_PODS <= used


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_no_name_of_a_variable_is_one_that_a_service_makes(helm: Helm, values: Json) -> None:
    assert of_kind(helm.render(values), "Deployment")[0]["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_the_image_is_named_by_tag_or_by_digest(helm: Helm) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
    digest = "sha256:" + 64 * "a"
    wanted: dict[str, Json] = {
        f"localhost/caas-operator:{version}": {},
        "r.example:5000/x/y:1": {"repository": "r.example:5000/x/y", "tag": "1"},
        f"r.example/x@{digest}": {"repository": "r.example/x", "tag": "1", "digest": digest},
    }
    for name, image in wanted.items():
        assert container(helm.render({"image": image}))["image"] == name


def test_the_version_of_the_chart_is_that_of_the_package() -> None:
    project = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert project
    assert {chart["version"], chart["appVersion"]} == {project[1]}


def test_the_policy_is_the_one_of_the_samples(helm: Helm) -> None:
    sample = documents((ROOT / "deploy/samples/guards/deletion-protection.yaml").read_text(encoding="utf-8"))
    rendered = helm.render()
    for each in sample:
        assert the(rendered, each["kind"], each["metadata"]["name"])["spec"] == each["spec"]


def test_accounts_are_hooks_that_nothing_deletes(helm: Helm) -> None:
    (account,) = of_kind(helm.render(ALL_ON), "ClusterCloudAccount")
    notes = account["metadata"]["annotations"]
    assert notes["helm.sh/hook"] == "post-install,post-upgrade"
    # Without any policy Helm would take before-hook-creation, and delete an account in use.
    assert notes["helm.sh/hook-delete-policy"] == "hook-failed"
    assert account["spec"] == ALL_ON["accounts"][0]["spec"]


def test_customisations_for_argo_cd_get_the_keys_that_it_reads(helm: Helm, tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("argocd"))
    files = chart / "files" / "argocd"
    values = {"argocd": {"healthChecks": True, "namespace": "argocd"}}
    command = ["template", "x", str(chart), "--show-only=templates/argocd.yaml"]
    assert "packed without files/argocd" in helm(*command, values=values, check=False).stderr
    files.mkdir()
    (files / "health.CaasContainer.lua").write_text("hs = {}\nreturn hs\n", encoding="utf-8")
    (files / "actions.lua").write_text("return {}\n", encoding="utf-8")
    (found,) = documents(helm(*command, values=values).stdout)
    assert found["metadata"]["namespace"] == "argocd"
    kinds = {definition.kind for definition in DEFINITIONS}
    assert found["data"] == {
        "resource.customizations.health.caas-operator.dev_CaasContainer": "hs = {}\nreturn hs\n",
        **{f"resource.customizations.actions.caas-operator.dev_{kind}": "return {}\n" for kind in kinds},
    }


WRONG: list[tuple[Json, str]] = [
    ({"replicas": -1}, r"/replicas': minimum: got -1, want 0"),
    ({"replicas": "two"}, r"/replicas': got string, want integer"),
    ({"replica": 2}, r"additional properties 'replica' not allowed"),
    ({"settings": {"resyncSecond": 60}}, r"/settings': additional properties 'resyncSecond' not allowed"),
    ({"settings": {"resyncSeconds": 10}}, r"/settings/resyncSeconds': minimum: got 10, want 30"),
    ({"settings": {"logLevel": "loud"}}, r"/settings/logLevel': value must be one of 'debug', 'info'"),
    ({"watchNamespaces": "team-a"}, r"/watchNamespaces': got string, want array"),
    ({"watchNamespaces": ["Team A"]}, r"/watchNamespaces/0': 'Team A' does not match"),
    ({"image": {"digest": "sha256:1"}}, r"/image/digest': 'sha256:1' does not match"),
    ({"accounts": [{"name": "x"}]}, r"/accounts/0': missing property 'spec'"),
    ({"accounts": [{"name": "x", "spec": {}}]}, r"/accounts/0/spec': 'oneOf' failed"),
    ({"accounts": [{"name": "x", "spec": {"gcore": {}, "openai": {}}}]}, r"/accounts/0/spec': 'oneOf' failed"),
    ({"listenHost": "example.com"}, r"/listenHost': 'example.com' does not match"),
    ({"watchNamespaces": ["a"]}, r"clusterId is needed with watchNamespaces"),
    ({"watchNamespaces": ["a"], "clusterId": "x", "tenantNamespaces": ["b"]}, r"set one of the two"),
    ({"leaderElection": {"enabled": False}}, r"replicas must be 1 where leaderElection.enabled is false"),
    ({"serviceAccount": {"create": False}}, r"serviceAccount.name is needed"),
    (
        {"watchNamespaces": ["a"], "clusterId": "x", "accounts": [{"name": "y", "spec": {"gcore": {}}}]},
        r"y is a ClusterCloudAccount, which is not served with watchNamespaces",
    ),
    ({"accounts": [{"name": "y", "kind": "CloudAccount", "spec": {"gcore": {}}}]}, r"CloudAccount y needs a namespace"),
    ({"accounts": [{"name": "y", "namespace": "z", "spec": {"gcore": {}}}]}, r"y is a ClusterCloudAccount and has no"),
]


@pytest.mark.parametrize(("values", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_value_is_refused_with_its_name(helm: Helm, values: Json, said: str) -> None:
    done = helm("template", "x", str(CHART), values=values, check=False)
    assert done.returncode
    assert re.search(said, done.stderr), done.stderr


def test_the_schema_knows_every_value_and_only_those() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

    def compare(values: Json, known: Json, path: str) -> None:
        names = set(known["properties"]) - {"global"}
        optional = {"initialDelaySeconds", "successThreshold", "claims"}  # Kubernetes' own, unset by default
        assert names - optional == set(values), path
        for name, value in values.items():
            inner: Any = known["properties"][name]
            if isinstance(value, dict) and "properties" in inner:
                compare(value, inner, f"{path}/{name}")

    compare(DEFAULTS, schema, "")


def test_every_value_has_a_comment_or_speaks_for_itself() -> None:
    """A line of its own above each group; a scalar of a group may lean on its name."""
    lines = (CHART / "values.yaml").read_text(encoding="utf-8").splitlines()
    obvious = {"nameOverride", "fullnameOverride", "priorityClassName", "nodeSelector", "tolerations", "affinity"}
    obvious |= {"podAnnotations", "podLabels", "revisionHistoryLimit", "resources"}
    obvious |= {"extraEnvFrom", "extraArgs", "extraVolumes", "extraVolumeMounts", "metrics", "argocd", "crds", "rbac"}
    bare = [
        line.partition(":")[0]
        for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False)
        if re.match(r"[a-z]\w*:", line) and not before.startswith("#") and not after.strip().startswith("#")
    ]
    grouped = {"livenessProbe", "readinessProbe", "startupProbe", "securityContext", "ports", "image", "serviceAccount"}
    assert set(bare) - obvious - grouped == set()
