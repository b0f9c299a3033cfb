"""The bodies that clouds are sent, case by case; see goldens/README.md."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.ports import Kind, Wanted
from caas_operator.kinds.container import mapping as container
from caas_operator.kinds.inference import mapping as inference
from caas_operator.kinds.registry import KINDS
from caas_operator.kinds.sandbox import mapping as sandbox
from tests.support.wanted import SANDBOX, a_wanted, an_external

GOLDENS = Path(__file__).parent / "goldens"
CASES = sorted(path for path in GOLDENS.glob("*/*.yaml") if not path.name.startswith("_"))

CREATE: dict[str, Callable[[Wanted], Any]] = {
    "CaasContainer": container.create_body,
    "InferenceDeployment": inference.create_body,
    "SandboxContainer": sandbox.create_body,
}
UPDATE: dict[str, Callable[..., Any]] = {
    "CaasContainer": container.update_body,
    "InferenceDeployment": inference.update_body,
}
KEYS = {"spec", "inputs", "applied", "scope", "found", "drift", "patch", "create", "error"}


def golden(path: Path) -> tuple[Kind, dict[str, Any]]:
    case: dict[str, Any] = yaml.safe_load(path.read_text())
    assert case.keys() <= KEYS
    return next(kind for kind in KINDS if kind.name.lower() == path.parent.name), case


def wanted_of(kind: Kind, case: dict[str, Any]) -> Wanted:
    return a_wanted(
        kind,
        case["spec"],
        values=case.get("inputs"),
        applied=case.get("applied", ()),
        scope=case.get("scope"),
    )


def produced(kind: Kind, case: dict[str, Any]) -> dict[str, Any]:
    """What comes out, under the keys of the golden."""
    wanted = wanted_of(kind, case)
    try:
        if "found" not in case:
            return {"create": CREATE[kind.name](wanted)}
        response = yaml.safe_load((GOLDENS / kind.name.lower() / "_response.yaml").read_text())
        found = an_external(kind, response | case["found"])
        drift = kind.drift(wanted, found)
        if kind is SANDBOX:
            return {"drift": list(drift)}
        return {"drift": list(drift), "patch": UPDATE[kind.name](wanted, found, drift)}
    except InvalidSpec as error:
        return {"error": {"kind": type(error).__name__, "field": error.field, "rule": error.rule}}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_comes_out_is_the_golden(path: Path) -> None:
    kind, case = golden(path)
    assert produced(kind, case) == {key: case[key] for key in ("create", "drift", "patch", "error") if key in case}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_body_has_a_deprecated_field_or_a_null_but_in_a_changed_probe(path: Path) -> None:
    """A changed probe says null for the handlers (and the host) that go: merged, they would stay beside the new one."""
    kind, case = golden(path)
    out = produced(kind, case)
    assert [at for at in nulls(out) if not HANDLER_THAT_GOES.fullmatch(at)] == []
    assert "auth_enabled" not in out.get("create", {}) | out.get("patch", {})


HANDLER_THAT_GOES = re.compile(r"\.patch\.probes\.\w+_probe\.probe\.(http_get|tcp_socket|exec|http_get\.host)")


def nulls(tree: Any, at: str = "") -> list[str]:
    if isinstance(tree, dict):
        return [path for key, value in tree.items() for path in nulls(value, f"{at}.{key}")]
    if isinstance(tree, list | tuple):
        return [path for index, value in enumerate(tree) for path in nulls(value, f"{at}[{index}]")]
    return [at] if tree is None else []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_a_least_and_a_full_golden(kind: Kind) -> None:
    names = {path.stem for path in CASES if path.parent.name == kind.name.lower()}
    assert {"create-minimal", "create-full"} <= names


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_full_golden_sets_every_field_that_is_sent(kind: Kind) -> None:
    _, case = golden(GOLDENS / kind.name.lower() / "create-full.yaml")
    spec = kind.parse(case["spec"])
    unset = {name for name in type(spec).model_fields if getattr(spec, name) is None}
    assert unset <= NOT_IN_FULL[kind.name]


NOT_IN_FULL = {
    "CaasContainer": {
        "region_name", "project_name", "management_policy", "export_to", "image_pull_secret_ref", "readiness_check",
        "env_from",
    },
    "InferenceDeployment": {
        "project_name", "deletion_policy", "management_policy", "adoption_policy", "deletion_protection", "export_to",
        "image_pull_secret_ref", "readiness_check",
    },
    "SandboxContainer": {
        "account_ref", "deletion_policy", "management_policy", "adoption_policy", "deletion_protection", "export_to",
        "provider", "name", "files", "metadata", "keep_alive", "expiry_policy", "replace_policy", "import_id",
        "active_deadline_seconds", "ttl_seconds_after_finished",
    },
}  # fmt: skip
"""Policies, what is not sent to the cloud, and what excludes another field; every other field is in the golden."""
