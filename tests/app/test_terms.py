"""What an account object says, in one shape for three clouds and two kinds."""

from collections.abc import Mapping
from typing import Any

import pytest

from caas_operator.app.accounts.terms import Terms, environment_terms, terms_of
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.ports import Defaults
from tests.core.build import resource

VENDORS = ("api.gcore.com", "api.openai.com")
LABELS = {"team": {"tier": "gold"}}


def terms(spec: Mapping[str, Any], kind: str = "CloudAccount", hosts: tuple[str, ...] = VENDORS) -> Terms:
    namespace = "team" if kind == "CloudAccount" else None
    return terms_of(
        resource(kind=kind, name="main", namespace=namespace, spec=spec), lambda name: LABELS.get(name, {}), hosts
    )


def gcore(**more: Any) -> dict[str, Any]:
    return {"gcore": {"apiKeySecretRef": {"name": "key", "key": "token"}, **more}}


CLUSTER_KEY = {"namespace": "platform", "name": "key", "key": "token"}


def test_a_gcore_account_with_everything() -> None:
    found = terms(
        gcore(projectId=7, regionName="Luxembourg")
        | {
            "default": True,
            "nameTemplate": "{namespace}-{name}",
            "resyncSeconds": 90,
            "rateLimit": {"requestsPerSecond": 5, "burst": 9},
        }
    )
    assert str(found.ref) == "CloudAccount/main"
    assert found.provider == "gcore"
    assert found.defaults == Defaults(project_id=7, region_name="Luxembourg", name_template="{namespace}-{name}")
    assert (found.default, found.resync_seconds, found.requests_per_second, found.burst) == (True, 90, 5, 9)
    assert found.key_ref is not None
    assert (found.key_ref.namespace, found.key_ref.name, found.key_ref.key) == ("team", "key", "token")
    assert found.key_ref.field == "spec.gcore.apiKeySecretRef"


def test_what_is_unset_is_the_vendors_own() -> None:
    found = terms(gcore())
    assert found.endpoint.base == "https://api.gcore.com"
    assert (found.default, found.resync_seconds, found.requests_per_second, found.burst) == (False, None, None, None)


def test_an_openai_account_brings_its_organization() -> None:
    spec = {"openai": {"apiKeySecretRef": {"name": "k", "key": "k"}, "organization": "org-1", "project": "p1"}}
    found = terms(spec)
    assert found.provider == "openai"
    assert (found.endpoint.organization, found.endpoint.project) == ("org-1", "p1")


def test_a_gateway_may_have_no_key_and_headers_instead() -> None:
    spec = {"gateway": {"endpoint": "https://gateway.example", "headersSecretRef": {"name": "headers"}}}
    found = terms(spec, hosts=("gateway.example",))
    assert found.provider == "gateway"
    assert found.key_ref is None
    assert found.headers_ref is not None
    assert (found.headers_ref.name, found.headers_ref.key) == ("headers", "")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://elsewhere.example",
        "http://api.gcore.com",
        "https://api.gcore.com.evil.example",
        "https://evil.example/api.gcore.com",
        "https://user@evil.example",
        "https://kubernetes.default.svc",
        "https://169.254.169.254",
    ],
)
def test_a_tenant_cannot_make_the_operator_call_anywhere_else(endpoint: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        terms(gcore(endpoint=endpoint))
    assert told.value.field == "spec.gcore.endpoint"


def test_the_platform_may_name_any_endpoint() -> None:
    spec = {"gcore": {"apiKeySecretRef": CLUSTER_KEY, "endpoint": "http://10.0.0.1:8080/"}}
    found = terms(spec, "ClusterCloudAccount")
    assert found.endpoint.base == "http://10.0.0.1:8080"
    assert found.key_ref is not None
    assert found.key_ref.namespace == "platform"


def test_a_trailing_slash_is_the_same_endpoint() -> None:
    assert terms(gcore(endpoint="https://api.gcore.com/")).endpoint.base == terms(gcore()).endpoint.base


def cluster(allowed: Mapping[str, Any] | None) -> Terms:
    spec: dict[str, Any] = {"gcore": {"apiKeySecretRef": CLUSTER_KEY}}
    return terms(spec | ({"allowedNamespaces": allowed} if allowed is not None else {}), "ClusterCloudAccount")


@pytest.mark.parametrize(
    ("allowed", "team", "others"),
    [
        (None, False, False),
        ({"names": ["team"]}, True, False),
        ({"names": ["*"]}, True, True),
        ({"selector": {"matchLabels": {"tier": "gold"}}}, True, False),
        ({"selector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["gold"]}]}}, False, True),
        ({"selector": {}}, True, True),
        ({"names": ["others"], "selector": {"matchLabels": {"tier": "gold"}}}, True, True),
    ],
)
def test_a_cluster_account_is_for_the_namespaces_that_it_names(
    allowed: Mapping[str, Any] | None,
    team: bool,  # noqa: FBT001 - a table
    others: bool,  # noqa: FBT001 - a table
) -> None:
    found = cluster(allowed)
    assert found.namespace is None
    assert (found.allows("team"), found.allows("others")) == (team, others)


def test_a_namespaced_account_is_for_its_own_namespace() -> None:
    found = terms(gcore())
    assert (found.allows("team"), found.allows("others")) == (True, False)


@pytest.mark.parametrize("spec", [{}, gcore() | {"openai": {"apiKeySecretRef": {"name": "k", "key": "k"}}}])
def test_exactly_one_cloud(spec: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        terms(spec)


def test_what_is_wrong_is_never_repeated() -> None:
    with pytest.raises(InvalidSpec) as told:
        terms({"gcore": {"apiKeySecretRef": {"name": "k", "key": "k"}, "apiKey": "hunter2"}})
    assert "hunter2" not in str(told.value)


# -- the environment -------------------------------------------------------------------------------------------------


def test_an_empty_environment_has_no_account() -> None:
    assert list(environment_terms({})) == []
    assert list(environment_terms({"GCORE_API_KEY": "", "GCORE_CLOUD_PROJECT_ID": "1"})) == []


def test_the_environment_is_read_by_the_names_of_the_vendors() -> None:
    environ = {
        "GCORE_API_KEY": "g",
        "GCORE_BASE_URL": "https://gcore.example",
        "GCORE_CLOUD_PROJECT_ID": "1",
        "GCORE_CLOUD_REGION_ID": "76",
        "OPENAI_API_KEY": "o",
        "OPENAI_ORG_ID": "org",
        "OPENAI_PROJECT_ID": "proj",
    }
    (gcore_terms, gcore_key), (openai_terms, openai_key) = environment_terms(environ)
    assert (str(gcore_terms.ref), gcore_terms.endpoint.base) == ("Environment/gcore", "https://gcore.example")
    assert (gcore_terms.defaults.project_id, gcore_terms.defaults.region_id) == (1, 76)
    assert (gcore_key.reveal(), openai_key.reveal()) == ("g", "o")
    assert (openai_terms.endpoint.organization, openai_terms.endpoint.project) == ("org", "proj")
    assert not gcore_terms.allows("team"), "which namespaces may use it is the operator's own rule"


@pytest.mark.parametrize("value", ["one", "-1", "1.5", " 1"])
def test_a_number_that_is_none_is_named(value: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        list(environment_terms({"GCORE_API_KEY": "g", "GCORE_CLOUD_PROJECT_ID": value}))
    assert told.value.field == "GCORE_CLOUD_PROJECT_ID"


def test_no_key_is_in_what_is_printed() -> None:
    ((found, key),) = environment_terms({"GCORE_API_KEY": "hunter2"})
    assert "hunter2" not in f"{found} {key}"
