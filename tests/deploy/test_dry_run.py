"""The API server itself judges every object that the chart can render."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.deploy.cases import CASES
from tests.deploy.chart import NAME, ROOT, Helm, Json, documents, of_kind

MONITORING = Path(__file__).parent / "monitoring_crds.yaml"


@pytest.fixture(scope="module")
def plane(empty_plane: ControlPlane) -> ControlPlane:
    """With the CRDs that rendered objects are of, and the namespaces that they are in."""
    given = [f"--filename={ROOT / 'crds'}", f"--filename={MONITORING}"]
    empty_plane.kubectl("apply", "--server-side", *given)
    empty_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", *given)
    for name in (NAME, "team-a", "team-b"):
        empty_plane.kubectl("create", "namespace", name)
        empty_plane.kubectl("label", "namespace", name, "pod-security.kubernetes.io/warn=restricted")
    return empty_plane


def judged(plane: ControlPlane, objects: Iterable[Json]) -> str:
    """What the API server says against it."""
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    options = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"]
    return plane.kubectl("apply", *options, "-f", "-", input=everything, check=False).stderr


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_the_api_server_takes_everything_without_a_warning(plane: ControlPlane, helm: Helm, values: Json) -> None:
    assert judged(plane, helm.render(values)) == ""


def test_a_wrong_field_would_be_noticed(plane: ControlPlane, helm: Helm) -> None:
    for kind, path in (("Deployment", "template"), ("ServiceMonitor", "selector")):
        (thing,) = of_kind(helm.render(CASES["all-on"]), kind)
        thing["spec"][path]["nonsense"] = 1
        assert 'unknown field "' in (said := judged(plane, [thing]))
        assert "nonsense" in said


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_a_restricted_namespace_admits_the_pods(plane: ControlPlane, helm: Helm, values: Json) -> None:
    where = plane.create_namespace()
    plane.kubectl("label", "namespace", where, "pod-security.kubernetes.io/enforce=restricted")
    (deployment,) = of_kind(helm.render(values), "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    plane.kubectl("create", "serviceaccount", spec["serviceAccountName"], "-n", where)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": spec}
    create = ["create", "--dry-run=server", "-n", where, "-f", "-"]
    plane.kubectl(*create, input=json.dumps(pod))
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    assert "violates PodSecurity" in plane.kubectl(*create, input=json.dumps(pod), check=False).stderr


def test_the_demo_is_taken_too(plane: ControlPlane) -> None:
    folder = ROOT / "deploy" / "kustomize" / "overlays" / "demo"
    accounts = documents((folder / "accounts.yaml").read_text(encoding="utf-8"))
    built = documents(plane.kubectl("kustomize", str(folder)).stdout)
    assert judged(plane, [*built, *accounts]) == ""
