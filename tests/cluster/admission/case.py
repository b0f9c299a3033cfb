"""Input that the API server must refuse: what is wrong, the field that the error names, and the rule it states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Spec = Mapping[str, Any]

UNSET = object()
"""As the value of a field: the field is left out."""

CAAS = "CaasContainer"
INFD = "InferenceDeployment"
SBX = "SandboxContainer"
ACCOUNT = "CloudAccount"
CLUSTER_ACCOUNT = "ClusterCloudAccount"

SECRET = {"name": "secret", "key": "key"}
REGION = {"regionId": 76, "scale": {"min": 1, "max": 1}}

GOOD: dict[str, Spec] = {
    CAAS: {"image": "nginx:1.27", "listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 1}},
    INFD: {"image": "nginx:1.27", "listeningPort": 80, "flavor": "inference-4vcpu-16gib", "regions": [REGION]},
    SBX: {},
    ACCOUNT: {"gcore": {"apiKeySecretRef": SECRET}},
    CLUSTER_ACCOUNT: {"gcore": {"apiKeySecretRef": {**SECRET, "namespace": "default"}}},
}
"""The least that each kind accepts."""


def changed(kind: str, changes: Spec) -> dict[str, Any]:
    """The good spec of a kind with these fields put in or, if UNSET, left out."""
    return {name: value for name, value in {**GOOD[kind], **changes}.items() if value is not UNSET}


@dataclass(frozen=True)
class Wrong:
    """One wrong object. `field` and `rule` must stand in the error, `unsaid` must not."""

    title: str
    kind: str
    changes: Spec
    field: str
    rule: str
    name: str = "wrong"
    unsaid: str | None = None


@dataclass(frozen=True)
class WrongEdit:
    """One edit that is refused; `status` is what the operator wrote in between."""

    title: str
    kind: str
    before: Spec
    after: Spec
    field: str
    rule: str
    status: Spec | None = None


def scale(**values: Any) -> Spec:
    return {"scale": {"min": 1, "max": 1, **values}}


def regions(*items: Spec) -> Spec:
    return {"regions": list(items)}


def allowlist(**values: Any) -> Spec:
    return {"networkPolicy": {"type": "allowlist", "allowedDomains": ["example.com"], **values}}


def domain_secret(**values: Any) -> Spec:
    return allowlist(domainSecrets=[{"domain": "example.com", "name": "TOKEN", **values}])


def probe(**values: Any) -> Spec:
    return {"readinessProbe": values}


FROM_SECRET = {"secretKeyRef": SECRET}
FROM_CONFIG = {"configMapKeyRef": SECRET}
