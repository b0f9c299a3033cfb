"""What responses mean: health, endpoint, marker, facts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from caas_operator.core.model import Health
from caas_operator.kinds.container.observe import external as container_external
from caas_operator.kinds.inference.observe import external as deployment_external
from caas_operator.kinds.inference.observe import health_for
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec
from caas_operator.kinds.sandbox.mapping import external as sandbox_external
from caas_operator.kinds.status import ObservedContainer, ObservedDeployment, ObservedSandbox
from tests.support.wanted import MARKER

GOLDENS = Path(__file__).parent / "goldens"


def response(folder: str, **changes: Any) -> dict[str, Any]:
    wire: dict[str, Any] = yaml.safe_load((GOLDENS / folder / "_response.yaml").read_text())
    return wire | changes


def a_container(**changes: Any) -> dict[str, Any]:
    return response("caascontainer", **changes)


def a_deployment(**changes: Any) -> dict[str, Any]:
    return response("inferencedeployment", **changes)


def a_sandbox(**changes: Any) -> dict[str, Any]:
    return response("sandboxcontainer", **changes)


def a_region(region: int, ready: int, total: int, error: str | None = None, low: int = 1) -> dict[str, Any]:
    return {
        "region_id": region,
        "address": None,
        "deploy_status": {"ready": ready, "total": total},
        "error_message": error,
        "scale": {"min": low, "max": 3},
    }


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Ready", Health.SERVING),
        ("READY", Health.SERVING),
        ("RUNNING", Health.SERVING),
        ("Deploying", Health.CHANGING),
        ("Pending", Health.CHANGING),
        ("Disabled", Health.STOPPED),
        ("Error", Health.BROKEN),
        ("A word nobody has written down", Health.CHANGING),
        ("", Health.CHANGING),
        (None, Health.CHANGING),
    ],
)
def test_a_containers_status_is_a_free_string(status: str | None, health: Health) -> None:
    assert container_external(a_container(status=status), "1/76").health is health


def test_a_container_is_described_as_its_status_will_show_it() -> None:
    found = container_external(a_container(status="Error", status_message="cannot pull\n the image"), "1/76")
    assert (found.id, found.name, found.marker) == ("1/76/web", "web", MARKER)
    assert found.message == "cannot pull the image"
    assert found.created_at == 1779512851.0
    assert found.observed == {
        "cloudStatus": "Error",
        "readyReplicas": 1,
        "totalReplicas": 2,
        "message": "cannot pull the image",
    }
    ObservedContainer.model_validate(found.observed, extra="forbid")


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("https://web.example.test/", "https://web.example.test/"),
        ("web.example.test", "https://web.example.test"),
        ("http://web.example.test:8080", "http://web.example.test:8080"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_without_a_scheme_gets_https(address: str | None, endpoint: str) -> None:
    assert container_external(a_container(address=address), "1/76").endpoint == endpoint
    assert deployment_external(a_deployment(address=address), "1").endpoint == endpoint


@pytest.mark.parametrize(
    ("description", "marker"),
    [
        ("[caas-operator 0123456789]", MARKER),
        ("text [caas-operator 0123456789]", MARKER),
        ("two\nlines [caas-operator 0123456789]", MARKER),
        ("a [caas-operator aaaaaaaaaa] [caas-operator 0123456789]", MARKER),
        ("[caas-operator 0123456789] text", None),
        ("text[caas-operator 0123456789]", None),
        ("[caas-operator 0123456789] ", None),
        ("[caas-operator ]", None),
        ("", None),
        (None, None),
    ],
)
def test_a_marker_stands_at_the_end_of_the_description(description: str | None, marker: str | None) -> None:
    assert container_external(a_container(description=description), "1/76").marker == marker
    assert deployment_external(a_deployment(description=description), "1").marker == marker


def test_what_belongs_to_another_product_is_foreign() -> None:
    assert container_external(a_container(source="cloud"), "1/76").foreign == ""
    assert "inference" in container_external(a_container(source="iate"), "1/76").foreign.lower()
    assert deployment_external(a_deployment(object_references=None), "1").foreign == ""
    catalog = [{"kind": "AppDeployment", "name": "chat"}]
    assert "catalog" in deployment_external(a_deployment(object_references=catalog), "1").foreign


@pytest.mark.parametrize(
    ("created_at", "seconds"),
    [
        ("2026-05-23T05:07:31", 1779512851.0),
        ("2026-05-23T05:07:31Z", 1779512851.0),
        ("2026-05-23T05:07:31.500000", 1779512851.5),
        ("yesterday", 0.0),
        (None, 0.0),
    ],
)
def test_times_without_an_offset_are_utc(created_at: str | None, seconds: float) -> None:
    assert deployment_external(a_deployment(created_at=created_at), "1").created_at == seconds


FINE, BUSY, EMPTY, FAILED = (
    a_region(1, 1, 1),
    a_region(2, 0, 1),
    a_region(3, 0, 0, low=0),
    a_region(4, 0, 1, "no image"),
)


@pytest.mark.parametrize(
    ("status", "regions", "readiness", "health"),
    [
        ("ACTIVE", [FINE], None, Health.SERVING),
        ("PENDING", [EMPTY], None, Health.SERVING),
        ("DISABLED", [EMPTY], None, Health.STOPPED),
        ("DELETING", [FINE], None, Health.CHANGING),
        ("DEPLOYING", [], None, Health.CHANGING),
        ("DEPLOYING", [BUSY], None, Health.CHANGING),
        ("DEPLOYING", [FINE], None, Health.CHANGING),
        ("DEPLOYING", [FAILED], None, Health.BROKEN),
        ("PARTIALLYDEPLOYED", [FINE, BUSY], None, Health.CHANGING),
        ("PARTIALLYDEPLOYED", [FINE, FAILED], None, Health.BROKEN),
        ("PARTIALLYDEPLOYED", [FINE, FAILED], "Any", Health.SERVING),
        ("PARTIALLYDEPLOYED", [BUSY, FAILED], "Any", Health.CHANGING),
        ("PARTIALLYDEPLOYED", [FAILED, FAILED], "Any", Health.BROKEN),
        ("PARTIALLYDEPLOYED", [EMPTY, FAILED], "Any", Health.SERVING),
        ("PARTIALLYDEPLOYED", [FINE, FINE, FAILED], "Quorum", Health.SERVING),
        ("PARTIALLYDEPLOYED", [FINE, FAILED], "Quorum", Health.BROKEN),
        ("PARTIALLYDEPLOYED", [FINE, BUSY, FAILED], "Quorum", Health.CHANGING),
        ("PARTIALLYDEPLOYED", [FINE, FAILED, FAILED], "Quorum", Health.BROKEN),
        ("something new", [FAILED], None, Health.CHANGING),
    ],
)
def test_a_deployment_is_as_well_as_readiness_asks(
    status: str, regions: list[dict[str, Any]], readiness: str | None, health: Health
) -> None:
    found = deployment_external(a_deployment(status=status, containers=regions), "1")
    spec = InferenceDeploymentSpec.model_validate({"managementPolicy": "ObserveOnly", "readiness": readiness})
    assert health_for(spec, found) is health
    if readiness is None:
        assert found.health is health


def test_a_deployment_is_described_region_by_region() -> None:
    regions = [a_region(76, 2, 3), a_region(8, 0, 1, "no capacity") | {"address": "eight.example.test"}]
    found = deployment_external(a_deployment(containers=regions), "1", {76: "Luxembourg-2"})
    assert (found.id, found.name) == ("1/llama", "llama")
    assert found.message == "region 8: no capacity"
    assert found.observed == {
        "cloudStatus": "ACTIVE",
        "readyReplicas": 2,
        "totalReplicas": 4,
        "regions": [
            {"regionId": 76, "regionName": "Luxembourg-2", "ready": 2, "total": 3},
            {
                "regionId": 8,
                "ready": 0,
                "total": 1,
                "address": "https://eight.example.test",
                "errorMessage": "no capacity",
            },
        ],
    }
    ObservedDeployment.model_validate(found.observed, extra="forbid")


def test_a_deployment_of_which_everything_is_null_can_be_read() -> None:
    wire = dict.fromkeys(a_deployment()) | {"name": "llama", "status": None}
    found = deployment_external(wire, "1")
    assert found.health is Health.CHANGING


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("running", Health.SERVING),
        ("active", Health.SERVING),
        ("expired", Health.EXPIRED),
        ("deleted", Health.EXPIRED),
        ("starting", Health.CHANGING),
        (None, Health.CHANGING),
    ],
)
def test_only_the_clouds_own_word_ends_a_sandbox(status: str | None, health: Health) -> None:
    assert sandbox_external(a_sandbox(status=status, last_active_at=0)).health is health


@pytest.mark.parametrize(
    ("changes", "expires_at"),
    [
        ({}, 1800000060.0 + 20 * 60),
        ({"expires_after": {"anchor": "last_active_at", "minutes": 5}}, 1800000060.0 + 5 * 60),
        ({"expires_after": None}, 1800000060.0 + 20 * 60),
        ({"expires_after": {}, "last_active_at": None}, 1800000000.0 + 20 * 60),
    ],
)
def test_a_sandbox_expires_idle_minutes_after_its_last_use(changes: dict[str, Any], expires_at: float) -> None:
    assert sandbox_external(a_sandbox(**changes)).expires_at == expires_at


@pytest.mark.parametrize(
    ("name", "marker", "number"),
    [
        ("notebook-0123456789-1", MARKER, 1),
        ("with-dashes-1-0123456789-12", MARKER, 12),
        ("any text\nat all-0123456789-3", MARKER, 3),
        ("notebook-0123456789-0", None, 0),
        ("notebook-0123456789", None, 0),
        ("notebook-0123456789-1x", None, 0),
        ("notebook-NOTAHASH-1", None, 0),
        ("notebook", None, 0),
        ("", None, 0),
        (None, None, 0),
    ],
)
def test_a_sandboxs_name_says_whose_it_is(name: str | None, marker: str | None, number: int) -> None:
    found = sandbox_external(a_sandbox(name=name))
    assert (found.marker, found.number) == (marker, number)


def test_a_sandbox_is_described_as_its_status_will_show_it() -> None:
    found = sandbox_external(a_sandbox())
    assert (found.id, found.endpoint, found.created_at) == ("cntr_0123456789abcdef0123456789abcdef", "", 1800000000.0)
    assert found.observed == {
        "cloudStatus": "running",
        "memoryLimit": "1g",
        "lastActiveAt": "2027-01-15T08:01:00Z",
        "expiresAt": "2027-01-15T08:21:00Z",
    }
    ObservedSandbox.model_validate(found.observed, extra="forbid")
