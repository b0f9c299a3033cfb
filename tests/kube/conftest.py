"""A small custom resource of the tests' own, so that nothing here depends on the operator's kinds."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from caas_operator.core.model import Resource
from caas_operator.kube.paths import ServedKind
from caas_operator.kube.session import Session, connect
from tests.cluster.control_plane import ControlPlane

WIDGET = ServedKind("Widget", "widgets", "test.caas-operator.dev", "v1")
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{WIDGET.plural}.{WIDGET.group}"},
    "spec": {
        "group": WIDGET.group,
        "names": {"kind": WIDGET.kind, "plural": WIDGET.plural},
        "scope": "Namespaced",
        "versions": [
            {
                "name": WIDGET.version,
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": ANYTHING,
                            "status": {**ANYTHING, "properties": {"size": {"type": "integer", "maximum": 10}}},
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="session")
def widgets(control_plane: ControlPlane) -> ControlPlane:
    """A control plane that serves widgets."""
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(CRD))
    control_plane.kubectl("wait", "--for=condition=Established", f"crd/{CRD['metadata']['name']}")
    return control_plane


@pytest.fixture
def namespace(widgets: ControlPlane) -> str:
    return widgets.create_namespace()


@pytest.fixture
async def session(widgets: ControlPlane) -> AsyncIterator[Session]:
    session = await connect(widgets.kubeconfig)
    yield session
    await session.close()


def widget(plane: ControlPlane, namespace: str, name: str = "one", **fields: Any) -> Resource:
    """Make a widget as a user would, and return it as the operator would see it."""
    body = {
        "apiVersion": WIDGET.api_version,
        "kind": WIDGET.kind,
        "metadata": {"name": name, "namespace": namespace, **fields.pop("metadata", {})},
        **fields,
    }
    made = plane.kubectl("create", "-f", "-", "-o", "json", input=json.dumps(body))
    return Resource.from_body(json.loads(made.stdout))
