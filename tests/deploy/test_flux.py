"""What Flux says of each captured object, by our expressions, evaluated by the API server's own CEL."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import ROOT, documents, of_kind
from tests.states import capture
from tests.states.verdicts import VERDICTS
from tests.support.world import PLURALS, api_client

Json = dict[str, Any]
Judge = Callable[[Json], str]
SAMPLE = ROOT / "deploy" / "flux" / "kustomization.yaml"
(KUSTOMIZATION,) = of_kind(documents(SAMPLE.read_text(encoding="utf-8")), "Kustomization")
CHECKS = {each["kind"]: each for each in KUSTOMIZATION["spec"]["healthCheckExprs"]}
STATES = capture.kept()
GROUP = "flux.example.com"
START_SECONDS = 60.0
"""until the API server has taken the policy up; seen: 1"""


@pytest.fixture(scope="module")
def judge(control_plane: ControlPlane) -> Iterator[Judge]:
    """Which of the three expressions hold for an object, in Flux's order; "none" where none does."""
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(CRD))
    control_plane.kubectl("wait", "--for=condition=Established", "crd/judged." + GROUP, "--timeout=60s")
    for kind, check in CHECKS.items():
        control_plane.kubectl("apply", "-f", "-", input=json.dumps(policy(kind, check)))
    with api_client(control_plane) as http:
        end = time.monotonic() + START_SECONDS
        for kind in CHECKS:
            while asked(http, STATES[kind]["unvisited"]) is None:
                assert time.monotonic() < end, "the policies are not in force"
                time.sleep(0.1)
        yield lambda obj: asked(http, obj) or "taken"


def asked(http: httpx.Client, obj: Json) -> str | None:
    body = {"apiVersion": f"{GROUP}/v1", "kind": "Judged", "metadata": {"name": "judged"}, "given": obj}
    answer = http.post(f"/apis/{GROUP}/v1/judged", params={"dryRun": "All"}, json=body)
    if answer.status_code == 201:
        return None
    said = re.search(r"denied request: holds:(.*)", answer.json()["message"])
    assert said, answer.text
    return said[1].strip() or "none"


def policy(kind: str, check: Json) -> Json:
    """A policy that refuses whatever it sees, and says which expressions hold; Flux's variables are in `given`."""
    names = ("inProgress", "failed", "current")
    parts = [f"(({moved(check[name])}) ? ' {name}' : '')" for name in names]
    spec = {
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [GROUP], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE"]}
            ]
        },
        "matchConditions": [{"name": "kind", "expression": f"object.given.kind == '{kind}'"}],
        "validations": [{"expression": "false", "messageExpression": " + ".join(["'holds:'", *parts])}],
    }
    meta = {"name": f"flux-{PLURALS[kind]}"}
    binding = {"policyName": meta["name"], "validationActions": ["Deny"]}
    version = "admissionregistration.k8s.io/v1"
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": meta, "spec": spec},
            {"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": meta, "spec": binding},
        ],
    }


def moved(expression: str) -> str:
    return re.sub(r"(?<![\w.])(?=(metadata|status)\.)", "object.given.", expression)


CRD: Json = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"judged.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Cluster",
        "names": {"kind": "Judged", "plural": "judged", "singular": "judged"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"given": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                },
            }
        ],
    },
}


def test_every_kind_is_checked_alike() -> None:
    assert set(CHECKS) == set(PLURALS)
    texts = {json.dumps({key: value for key, value in check.items() if key != "kind"}) for check in CHECKS.values()}
    assert len(texts) == 1


@pytest.mark.parametrize(("kind", "state"), [(kind, state) for kind, objects in STATES.items() for state in objects])
def test_each_state_gets_its_verdict(judge: Judge, kind: str, state: str) -> None:
    assert judge(STATES[kind][state]).split()[0] == VERDICTS[state].flux


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"observedGeneration": 1},
        {"observedGeneration": 1, "conditions": []},
        {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    ],
    ids=["empty", "without conditions", "no conditions", "without generations"],
)
def test_what_is_missing_is_never_current_and_never_an_error(judge: Judge, status: Json) -> None:
    obj = {**STATES["CaasContainer"]["serving"], "status": status}
    assert judge(obj) in {"inProgress", "none"}  # Flux goes on waiting in both cases


def test_what_serves_and_is_being_mended_is_in_progress(judge: Judge) -> None:
    obj = json.loads(json.dumps(STATES["CaasContainer"]["serving"]))
    obj["status"]["conditions"] += [{"type": "Reconciling", "status": "True", "observedGeneration": 1}]
    assert judge(obj) == "inProgress"


def test_an_object_that_is_being_deleted_is_neither_current_nor_failed(judge: Judge) -> None:
    for state in ("serving", "refused"):
        obj = json.loads(json.dumps(STATES["CaasContainer"][state]))
        obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        assert judge(obj) == "inProgress"
