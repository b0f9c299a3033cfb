"""Samples are in sync for ever: what the API server stores is what the file says."""

from collections.abc import Iterator
from typing import Any

import pytest

from caas_operator.core.model import GROUP
from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import ROOT, Json, documents
from tests.support.world import PLURALS, api_client

FILES = sorted([*(ROOT / "deploy" / "samples").rglob("*.yaml"), ROOT / "deploy" / "argocd" / "example.yaml"])
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def ours(text: str) -> list[Json]:
    return [each for each in documents(text) if each["apiVersion"].startswith(GROUP)]


def nulls(value: Any, at: str = "") -> Iterator[str]:
    """The paths of what is null: the API server drops it, and a comparison finds it missing."""
    if value is None:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from nulls(each, f"{at}.{key}")


@each_file
def test_no_sample_says_null(path: Any) -> None:
    assert [found for each in documents(path.read_text(encoding="utf-8")) for found in nulls(each)] == []


@each_file
def test_what_is_stored_is_what_the_sample_says(control_plane: ControlPlane, path: Any) -> None:
    asked = {"fieldManager": "argocd-controller", "dryRun": "All", "fieldValidation": "Strict"}
    headers = {"Content-Type": "application/apply-patch+yaml"}
    with api_client(control_plane) as http:
        for each in ours(path.read_text(encoding="utf-8")):
            kind, name = each["kind"], each["metadata"]["name"]
            where = "" if kind.startswith("Cluster") else "/namespaces/default"
            given = {**each, "metadata": {key: value for key, value in each["metadata"].items() if key != "namespace"}}
            address = f"/apis/{each['apiVersion']}{where}/{PLURALS[kind]}/{name}"
            answer = http.patch(address, params=asked, headers=headers, json=given)
            assert answer.is_success, answer.text
            assert answer.json()["spec"] == each["spec"]
