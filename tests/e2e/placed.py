"""Objects in every state of tests/e2e/states, put on a cluster whose operator rests, and how tools judge them."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.e2e import stage
from tests.e2e.machine import Machine
from tests.states import capture
from tests.support.accounts import GROUP
from tests.support.world import MERGE, PLURALS, Json, api_client

NAMESPACE = "states"
Name = tuple[str, str]
"""Kind and state."""


@dataclass(frozen=True)
class Placed:
    """`objects` as the API server has them now, `charts` a folder for charts of some of them."""

    machine: Machine
    plane: ControlPlane
    objects: dict[Name, Json]
    charts: Path


@contextmanager
def resting_operator(plane: ControlPlane) -> Iterator[None]:
    """No pod of the operator, which would correct what it is shown."""
    scale = ["scale", "deployment/caas-operator", "--namespace", stage.NAMESPACE]
    plane.kubectl(*scale, "--replicas=0")
    try:
        stage.wait_until(lambda: not stage.all_operators(plane), "no operator is left")
        yield
    finally:
        plane.kubectl(*scale, "--replicas=2")
        plane.kubectl("rollout", "status", "deployment/caas-operator", "--namespace", stage.NAMESPACE, stage.PATIENCE)


@contextmanager
def placed(machine: Machine, plane: ControlPlane, charts: Path) -> Iterator[Placed]:
    with resting_operator(plane), api_client(plane) as http:
        stage.make_namespace(plane, NAMESPACE)
        captured = {(kind, state): obj for kind, found in capture.kept().items() for state, obj in found.items()}
        try:
            yield Placed(machine, plane, {name: _place(http, *name, obj) for name, obj in captured.items()}, charts)
        finally:
            for name in captured:
                _remove(http, _path(*name))
            plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def _place(http: httpx.Client, kind: str, state: str, captured: Json) -> Json:
    """Let an object become what was captured, by the same steps: created, edited, deleted; then its status."""
    path, meta = _path(kind, state), captured["metadata"]
    deleted = "deletionTimestamp" in meta
    edited = not deleted and meta["generation"] > 1
    protected = captured["spec"].get("deletionProtection")
    kept = {key: meta[key] for key in ("annotations", "finalizers") if key in meta}
    spec = {key: value for key, value in captured["spec"].items() if key != "deletionProtection"}
    body = {"apiVersion": GROUP, "kind": kind, "metadata": {"name": state, **kept}, "spec": spec}
    if edited:
        body["spec"] = {**spec, "deletionProtection": not protected}
    _ok(http.post(path.rpartition("/")[0], json=body, params={"fieldValidation": "Strict"}))
    if deleted:  # before it is protected: the chart's policy would refuse it
        _ok(http.delete(path))
    if edited or protected is not None:
        _ok(http.patch(path, json={"spec": {"deletionProtection": protected}}, headers=MERGE))
    live = _ok(http.get(path))
    if state == "unvisited":
        return live
    shift = live["metadata"]["generation"] - meta["generation"]
    return _ok(http.put(f"{path}/status", json={**live, "status": _shifted(captured["status"], shift)}))


def _shifted(status: Json, by: int) -> Json:
    """Say of the object's own generations what was said of the captured one's; -1 is nobody's."""
    numbers = r'("observedGeneration": )(\d+)'
    found: Json = json.loads(re.sub(numbers, lambda at: f"{at[1]}{int(at[2]) + by}", json.dumps(status)))
    return found


def _remove(http: httpx.Client, path: str) -> None:
    http.patch(path, json={"spec": {"deletionProtection": None}}, headers=MERGE)
    http.delete(path)
    http.patch(path, json={"metadata": {"finalizers": None}}, headers=MERGE)


def _path(kind: str, name: str) -> str:
    where = "" if kind == "ClusterCloudAccount" else f"/namespaces/{NAMESPACE}"
    return f"/apis/{GROUP}{where}/{PLURALS[kind]}/{name}"


def _ok(answer: httpx.Response) -> Json:
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


def met(here: Placed, condition: str) -> set[Name]:
    """Of which objects `kubectl wait` says that the condition is met, when it is asked once."""
    group = GROUP.partition("/")[0]
    kinds = ",".join(f"{plural}.{group}" for plural in PLURALS.values())
    words = ["wait", f"--for=condition={condition}", kinds, "--all", f"--namespace={NAMESPACE}", "--timeout=0"]
    said = here.plane.kubectl(*words, check=False).stdout
    kind_of = {kind.lower(): kind for kind in PLURALS}
    found = re.findall(rf"^(\w+)\.{re.escape(group)}/(\S+) condition met$", said, re.MULTILINE)
    return {(kind_of[kind], name) for kind, name in found} & here.objects.keys()


def helm_wait(here: Placed, release: str, names: set[Name], *, seconds: int) -> subprocess.CompletedProcess[str]:
    """`helm upgrade --install --wait` of a chart that has these objects, as they are, and nothing else."""
    chart = here.charts / release
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": release, "version": "0.0.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    found = [here.objects[name] for name in sorted(names)]
    texts = yaml.safe_dump_all(_wanted(one) for one in found)
    (chart / "templates" / "objects.yaml").write_text(texts, encoding="utf-8")
    words = ["upgrade", "--install", release, str(chart), "--wait", f"--timeout={seconds}s", "--take-ownership"]
    return stage.helm_tried(here.machine, *words, namespace=NAMESPACE)


def _wanted(obj: Json) -> Json:
    """What somebody would write of it."""
    meta = {key: obj["metadata"][key] for key in ("name", "namespace") if key in obj["metadata"]}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": meta, "spec": obj["spec"]}


def not_ready(said: str) -> dict[Name, str]:
    """The status that helm names for each object that it does not take for done."""
    found = re.findall(r"resource (\w+)/\S*/(\S+) not ready\. status: (\w+)", said)
    return {(kind, name): status for kind, name, status in found}
