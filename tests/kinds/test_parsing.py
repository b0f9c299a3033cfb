"""From stored specs to the kinds' models, and what is told of those that do not fit."""

from typing import Any

import pytest

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import Reference
from caas_operator.core.ports import Kind
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.registry import KINDS
from tests.support.wanted import CONTAINER, DEPLOYMENT, SANDBOX

LEAST: dict[str, dict[str, Any]] = {
    CONTAINER.name: {
        "image": "nginx",
        "listeningPort": 80,
        "flavor": "80mCPU-128MiB",
        "scale": {"min": 1, "max": 1},
    },
    DEPLOYMENT.name: {
        "image": "nginx",
        "listeningPort": 80,
        "flavor": "small",
        "regions": [{"regionId": 76, "scale": {"min": 1, "max": 1}}],
    },
    SANDBOX.name: {},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_least_spec_is_read(kind: Kind) -> None:
    assert kind.parse(LEAST[kind.name]) is not None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_observe_only_requires_nothing(kind: Kind) -> None:
    assert kind.parse({"managementPolicy": "ObserveOnly"}).observe_only


def test_the_registry_and_the_definitions_agree() -> None:
    defined = {definition.kind: definition.plural for definition in DEFINITIONS}
    assert {kind.name: kind.plural for kind in KINDS}.items() <= defined.items()


def test_a_policy_may_be_written_as_what_it_is_anyway() -> None:
    SANDBOX.parse({"keepAlive": False, "expiryPolicy": "Complete", "replacePolicy": "Never"})
    DEPLOYMENT.parse(LEAST[DEPLOYMENT.name] | {"readiness": "All"})


def test_a_violation_names_the_field_as_the_user_wrote_it() -> None:
    with pytest.raises(InvalidSpec) as refused:
        CONTAINER.parse(LEAST[CONTAINER.name] | {"listeningPort": 0, "scale": {"min": 1, "max": 99}})
    assert refused.value.field == "spec.listeningPort"
    assert "spec.scale.max: " in refused.value.rule


def test_a_rule_over_several_fields_names_its_field() -> None:
    with pytest.raises(InvalidSpec) as refused:
        CONTAINER.parse(LEAST[CONTAINER.name] | {"scale": {"min": 2, "max": 1}})
    assert refused.value.field == "spec.scale.min"


SECRET = "hunter2-the-secret"
WITH_SECRETS: list[tuple[Kind, dict[str, Any]]] = [
    (CONTAINER, {"env": [{"name": "A", "value": SECRET, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}),
    (CONTAINER, {"env": [{"name": "A", "value": SECRET * 100}]}),
    (CONTAINER, {"env": {"A": SECRET}}),
    (CONTAINER, {"env": SECRET}),
    (CONTAINER, {"listeningPort": SECRET}),
    (CONTAINER, {"deletionPolicy": SECRET}),
    (CONTAINER, {"commands": [SECRET]}),
    (DEPLOYMENT, {"livenessProbe": {"httpGet": {"port": 1, "httpHeaders": [{"name": "no spaces", "value": SECRET}]}}}),
    (DEPLOYMENT, {"command": SECRET}),
    (
        SANDBOX,
        {
            "networkPolicy": {
                "type": "allowlist",
                "allowedDomains": ["a"],
                "domainSecrets": [{"domain": "a", "name": "n", "value": SECRET}],
            }
        },
    ),
    (SANDBOX, {"metadata": {"a": {"b": SECRET}}}),
]


@pytest.mark.parametrize(("kind", "changes"), WITH_SECRETS)
def test_no_value_of_the_input_is_repeated(kind: Kind, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as refused:
        kind.parse(LEAST[kind.name] | changes)
    assert "hunter2" not in f"{refused.value}{refused.value!r}{refused.value.args}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_references_name_every_object_and_where_the_spec_reads_it() -> None:
    spec = {
        "env": [
            {"name": "PLAIN", "value": "x"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
        ],
        "envFrom": [
            {"secretRef": {"name": "all", "optional": True}},
            {"prefix": "P_", "configMapRef": {"name": "settings"}},
        ],
    }
    shared = [
        Reference("Secret", "s", "k", "spec.env[TOKEN].valueFrom.secretKeyRef"),
        Reference("ConfigMap", "c", "k", "spec.env[COLOUR].valueFrom.configMapKeyRef", optional=True),
        Reference("Secret", "all", None, "spec.envFrom[0].secretRef", optional=True),
        Reference("ConfigMap", "settings", None, "spec.envFrom[1].configMapRef"),
    ]
    assert list(CONTAINER.references(CONTAINER.parse(LEAST[CONTAINER.name] | spec))) == shared
    header = {"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": "p", "key": "k"}}}
    probe = {"livenessProbe": {"httpGet": {"port": 1, "httpHeaders": [header, {"name": "X", "value": "y"}]}}}
    field = "spec.livenessProbe.httpGet.httpHeaders[Authorization].valueFrom.secretKeyRef"
    deployment = DEPLOYMENT.parse(LEAST[DEPLOYMENT.name] | spec | probe)
    assert list(DEPLOYMENT.references(deployment)) == [*shared, Reference("Secret", "p", "k", field)]


@pytest.mark.parametrize("kind", [CONTAINER, DEPLOYMENT], ids=lambda kind: kind.name)
def test_a_secret_with_registry_logins_is_read_whole(kind: Kind) -> None:
    spec = kind.parse(LEAST[kind.name] | {"imagePullSecretRef": {"name": "s"}})
    assert list(kind.references(spec)) == [
        Reference("Secret", "s", None, "spec.imagePullSecretRef", document=".dockerconfigjson")
    ]
    assert list(kind.applied(spec)) == ["imagePullSecretRef"]


def test_a_sandboxs_references_are_its_domain_secrets() -> None:
    secret = {"domain": "a.example", "name": "T", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    policy = {"type": "allowlist", "allowedDomains": ["a.example"], "domainSecrets": [secret]}
    field = "spec.networkPolicy.domainSecrets[a.example,T].valueFrom.secretKeyRef"
    assert list(SANDBOX.references(SANDBOX.parse({"networkPolicy": policy}))) == [Reference("Secret", "s", "k", field)]
    assert list(SANDBOX.references(SANDBOX.parse({}))) == []


def test_applied_names_the_optional_cloud_fields_that_are_set_and_no_policy() -> None:
    raw = LEAST[CONTAINER.name] | {
        "deletionPolicy": "Retain",
        "projectId": 1,
        "description": "x",
        "suspend": True,
        "envFrom": [],
        "scale": {"min": 1, "max": 1, "triggers": {"cpu": {"threshold": 1}}},
        "logging": {"enabled": True, "retentionPolicy": {"period": 1}},
    }
    assert list(CONTAINER.applied(CONTAINER.parse(raw))) == [
        "description",
        "envFrom",
        "logging",
        "logging.enabled",
        "logging.retentionPolicy",
        "scale.triggers",
        "scale.triggers.cpu",
    ]
    scale = {"min": 1, "max": 1, "pollingInterval": 5}
    regions = [{"regionId": 76, "scale": scale}, {"regionName": "Baku", "scale": scale}]
    assert list(DEPLOYMENT.applied(DEPLOYMENT.parse(LEAST[DEPLOYMENT.name] | {"regions": regions}))) == [
        "regions[76].scale.pollingInterval",
        "regions[Baku].scale.pollingInterval",
    ]
    assert list(SANDBOX.applied(SANDBOX.parse({"memoryLimit": "1g", "name": "x", "expiresAfter": {"minutes": 1}}))) == [
        "expiresAfter",
        "memoryLimit",
    ]
