"""Reading stored specs: the models refuse what the API server refuses, for objects from before a rule was made."""

from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from pydantic import ValidationError

from caas_operator.app.settings import Settings
from caas_operator.core.errors import InvalidSpec
from caas_operator.kinds.account.selector import AllowedNamespaces
from caas_operator.kinds.account.spec import CloudAccountSpec, RateLimit
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.fields.references import AccountRef
from caas_operator.kinds.sandbox.spec import SandboxContainerSpec
from caas_operator.kinds.status import CaasContainerStatus
from caas_operator.kinds.wire.parsing import parse_spec
from tests.cluster.admission.accounts import ACCOUNTS
from tests.cluster.admission.case import CAAS, GOOD, Spec, Wrong, changed
from tests.cluster.admission.containers import CONTAINERS
from tests.cluster.admission.deployments import DEPLOYMENTS
from tests.cluster.admission.sandboxes import SANDBOXES

S = TypeVar("S", bound=SpecModel)


def read(model: type[S], raw: Spec) -> S:
    return parse_spec(model, raw)


SAMPLES = sorted((Path(__file__).parents[2] / "deploy" / "samples").rglob("*.yaml"))

MODELS: dict[str, type[SpecModel]] = {definition.kind: definition.spec for definition in DEFINITIONS}

NOT_IN_SPEC = {"metadata.name too long", "metadata.name with a dot", "watching nothing"}
"""Rules at the root; the operator judges a name when it resolves it."""

LAX = {"port as text"}
"""The API server has seen to the type, and Python may convert."""

WRONG_SPECS = [
    case for case in (*CONTAINERS, *DEPLOYMENTS, *SANDBOXES, *ACCOUNTS) if case.title not in NOT_IN_SPEC | LAX
]


@pytest.mark.parametrize("case", WRONG_SPECS, ids=lambda case: f"{case.kind}: {case.title}")
def test_what_the_api_server_refuses_the_model_refuses_and_names_the_field(case: Wrong) -> None:
    with pytest.raises(InvalidSpec) as refused:
        read(MODELS[case.kind], changed(case.kind, case.changes))
    said = str(refused.value)
    assert case.field.rsplit("[", 1)[0] in said
    if case.unsaid is not None:
        assert case.unsaid not in said


@pytest.mark.parametrize("kind", GOOD)
def test_the_least_of_each_kind_is_read(kind: str) -> None:
    read(MODELS[kind], GOOD[kind])


def documents() -> list[dict[str, Any]]:
    found = [document for path in SAMPLES for document in yaml.safe_load_all(path.read_text())]
    return [document for document in found if document["apiVersion"] == "caas-operator.dev/v1alpha1"]


@pytest.mark.parametrize(
    "document", documents(), ids=lambda document: f"{document['kind']} {document['metadata']['name']}"
)
def test_every_sample_is_read_and_says_no_null(document: dict[str, Any]) -> None:
    spec = read(MODELS[document["kind"]], document["spec"])
    assert spec.model_dump(mode="json", by_alias=True, exclude_unset=True) == document["spec"]
    assert None not in flat(document)


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in flat(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in flat(child)]
    return [value]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.kind)
def test_there_is_a_sample_of_each_kind(definition: Any) -> None:
    assert definition.kind in {document["kind"] for document in documents()}


def test_an_error_tells_every_field_and_repeats_no_value() -> None:
    with pytest.raises(InvalidSpec) as refused:
        read(CaasContainerSpec, {**GOOD[CAAS], "listeningPort": 98765, "env": [{"name": "A", "value": "s" * 300}]})
    assert str(refused.value) == (
        "spec.listeningPort: Input should be less than or equal to 65535; "
        "spec.env[0].value: String should have at most 255 characters"
    )


def test_a_broken_rule_is_told_at_its_field() -> None:
    with pytest.raises(InvalidSpec) as refused:
        read(CaasContainerSpec, changed(CAAS, {"scale": {"min": 3, "max": 2}}))
    assert str(refused.value) == "spec.scale.min: min must not be greater than max"


def test_pydantics_own_error_does_not_repeat_the_input_either() -> None:
    secrets = [{"domain": "a", "name": "b", "value": "pw-1"}]
    policy = {"type": "allowlist", "allowedDomains": ["a"], "domainSecrets": secrets}
    with pytest.raises(ValidationError) as refused:
        SandboxContainerSpec.model_validate({"networkPolicy": policy})
    assert "pw-1" not in str(refused.value)


def test_specs_are_read_by_either_name_and_cannot_be_changed() -> None:
    spec = SandboxContainerSpec(memory_limit="4g")
    assert spec == SandboxContainerSpec.model_validate({"memoryLimit": "4g"})
    with pytest.raises(ValidationError):
        spec.memory_limit = "1g"  # type: ignore[misc]


def test_what_is_unset_stays_unset() -> None:
    spec = read(CaasContainerSpec, GOOD[CAAS])
    assert spec.model_fields_set == {"image", "listening_port", "flavor", "scale"}
    assert spec.suspend is None


def test_an_account_of_no_kind_is_the_namespaces_own() -> None:
    assert AccountRef(name="a").effective_kind == "CloudAccount"
    assert AccountRef(kind="ClusterCloudAccount", name="a").effective_kind == "ClusterCloudAccount"


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ({}, False),
        ({"names": ["*"]}, True),
        ({"names": ["team-a"]}, True),
        ({"names": ["team-b"]}, False),
        ({"selector": {}}, True),
        ({"selector": {"matchLabels": {"env": "prod"}}}, True),
        ({"selector": {"matchLabels": {"env": "test"}}}, False),
        ({"selector": {"matchLabels": {"env": "test"}}, "names": ["team-a"]}, True),
        ({"selector": {"matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}]}}, True),
        ({"selector": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}}, False),
        ({"selector": {"matchExpressions": [{"key": "no", "operator": "NotIn", "values": ["prod"]}]}}, True),
        ({"selector": {"matchExpressions": [{"key": "no", "operator": "Exists"}]}}, False),
        ({"selector": {"matchExpressions": [{"key": "no", "operator": "DoesNotExist"}]}}, True),
    ],
    ids=str,
)
def test_namespaces_are_allowed_by_name_or_by_label(allowed: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert AllowedNamespaces.model_validate(allowed).allows("team-a", {"env": "prod"}) is expected


@pytest.mark.parametrize(
    ("model", "field"),
    [(CloudAccountSpec, "resync_seconds"), (RateLimit, "requests_per_second"), (RateLimit, "burst")],
    ids=["resync_seconds", "requests_per_second", "burst"],
)
def test_what_an_account_leaves_to_the_operator_is_described_with_its_flag(model: type[SpecModel], field: str) -> None:
    said = model.model_fields[field].description
    assert said is not None
    assert f"Unset: the operator's --{field.replace('_', '-')}, {Settings.model_fields[field].default} unless" in said


def test_a_status_of_a_newer_operator_is_read() -> None:
    status = CaasContainerStatus.model_validate({"observedGeneration": -1, "externalId": "1/76/a", "novelty": {"x": 1}})
    assert status.external_id == "1/76/a"
    assert status.observed_generation == -1
