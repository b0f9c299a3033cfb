"""The gateway: two surfaces, providers, keys, cursors, its envelope, and what it drops."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.simulator import Simulator, running_simulator

JSON = dict[str, Any]
A = "/openai/v1/containers"
B = "/v1/containers"


def create(gateway: httpx.Client, path: str = A, **body: object) -> JSON:
    sent = {"provider": "openai", "name": "box", **body}
    made: JSON = gateway.post(path, json=sent).raise_for_status().json()
    return made


def pages(gateway: httpx.Client, path: str = A, **query: str | int) -> list[str]:
    """All ids, paged by the opaque cursor as a client must."""
    found: list[str] = []
    after: str | None = None
    while True:
        asked = {"provider": "openai", **query} | ({"after": after} if after else {})
        page = gateway.get(path, params=asked).raise_for_status().json()
        found += [item["id"] for item in page["data"]]
        if not page.get("has_more"):
            return found
        after = page["after"]


def test_surface_a_drops_network_policy_and_skills_without_a_word(simulator: Simulator, gateway: httpx.Client) -> None:
    made = create(gateway, network_policy={"type": "allowlist", "allowed_domains": ["a.b"]}, skills=[])
    assert "network_policy" not in made
    assert made["extra_fields"]["raw_request"] == {"name": "box"}
    assert made["extra_fields"]["raw_response"]["network_policy"] == {"type": "disabled"}
    assert simulator.counters().created == {"gateway": 1}


def test_surface_b_passes_them_on_and_returns_secrets_in_clear(gateway: httpx.Client) -> None:
    secret = {"domain": "a.b", "name": "t", "value": "s3cret"}
    policy = {"type": "allowlist", "allowed_domains": ["a.b"], "domain_secrets": [secret]}
    made = create(gateway, B, network_policy=policy)
    assert made["extra_fields"]["raw_request"]["network_policy"] == policy
    assert "network_policy" not in made


def test_provider_is_required_on_b_and_openai_by_default_on_a(gateway: httpx.Client) -> None:
    assert gateway.post(A, json={"name": "box"}).json()["extra_fields"]["provider"] == "openai"
    assert gateway.get(A).status_code == 200
    for answer in (gateway.post(B, json={"name": "box"}), gateway.get(B)):
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "provider is required"
    assert gateway.post(A, json={"provider": "openai"}).status_code == 400


def test_azure_has_no_list_and_others_have_nothing(simulator: Simulator, gateway: httpx.Client) -> None:
    made = create(gateway, provider="azure")
    assert gateway.get(f"{A}/{made['id']}").status_code == 404
    assert gateway.get(f"{A}/{made['id']}", params={"provider": "azure"}).status_code == 200
    for answer in (
        gateway.get(A, params={"provider": "azure"}),
        gateway.post(A, json={"name": "box", "provider": "gemini"}),
    ):
        error = answer.json()
        assert (answer.status_code, error["error"]["code"]) == (400, "unsupported_operation")
        assert error["is_bifrost_error"] is False
    simulator.switch("azure_list", "allowed")
    assert len(gateway.get(A, params={"provider": "azure"}).json()["data"]) == 1


def test_a_list_leaves_out_what_is_empty_and_ignores_the_name(gateway: httpx.Client) -> None:
    empty = gateway.get(A).json()
    assert set(empty) == {"object", "data", "extra_fields"}
    made = create(gateway)
    one = gateway.get(A, params={"name": "other"}).json()
    assert [item["id"] for item in one["data"]] == [made["id"]]
    assert "has_more" not in one


def test_pages_follow_the_opaque_cursor_and_refuse_the_last_id(simulator: Simulator, gateway: httpx.Client) -> None:
    made = [create(gateway)["id"] for _ in range(5)]
    assert pages(gateway, limit=2) == made[::-1]
    page = gateway.get(A, params={"limit": 2}).json()
    cursor = json.loads(base64.urlsafe_b64decode(page["after"] + "=="))
    assert cursor == {"v": 1, "i": 0, "c": page["last_id"]}
    refused = gateway.get(A, params={"after": page["last_id"]})
    assert (refused.status_code, refused.json()["error"]["message"]) == (500, "invalid pagination cursor")
    simulator.switch("gateway_last_id_cursor", "accepted")
    assert gateway.get(A, params={"after": page["last_id"]}).status_code == 200


def test_several_provider_keys_are_separate_projects_unless_pinned(simulator: Simulator, gateway: httpx.Client) -> None:
    simulator.change("mutate", "keys", set={"gateway_provider": ["one", "two"]})
    made = [create(gateway)["id"] for _ in range(12)]
    accounts = {item["account"] for item in simulator.listed("sandboxes")}
    assert accounts == {"openai/one", "openai/two"}
    assert sorted(pages(gateway)) == sorted(made)
    assert gateway.get(A, params={"limit": 100}).json()["has_more"] is True
    for one in made:
        assert gateway.get(f"{A}/{one}").status_code == 200
    pinned = {"x-bf-api-key": "two"}
    only = gateway.get(A, params={"limit": 100}, headers=pinned).json()
    assert "has_more" not in only
    assert 0 < len(only["data"]) < 12
    assert gateway.get(A, headers={"x-bf-api-key-id": "three"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "virtual_key_required"),
        ({"Authorization": "Bearer sk-openai"}, 401, "virtual_key_required"),
        ({"x-bf-vk": "sk-bf-wrong"}, 403, "access_blocked"),
        ({"x-bf-vk": "sk-bf-gateway"}, 200, None),
        ({"Authorization": "Bearer sk-bf-gateway"}, 200, None),
        ({"x-api-key": "sk-bf-gateway"}, 200, None),
    ],
)
def test_a_virtual_key_comes_in_one_of_four_headers(
    simulator: Simulator, headers: dict[str, str], status: int, kind: str | None
) -> None:
    answer = httpx.get(simulator.urls.gateway + A, headers=headers)
    assert answer.status_code == status
    assert answer.json().get("type") == kind


def test_an_open_gateway_asks_for_no_key(simulator: Simulator) -> None:
    simulator.switch("gateway_auth", "open")
    assert httpx.get(simulator.urls.gateway + A).status_code == 200


def test_upstream_refusals_are_copied_into_the_gateways_envelope(gateway: httpx.Client) -> None:
    answer = gateway.get(f"{A}/cntr_none")
    assert (answer.status_code, answer.json()["status_code"]) == (404, 404)
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["extra_fields"] == {"provider": "openai", "request_type": "container_retrieve"}
    bad = gateway.post(A, json={"name": "a", "memory_limit": "2g"}).json()
    assert bad["error"]["param"] == "memory_limit"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(402, "budget_exceeded"), (403, "access_blocked"), (429, "rate_limited"), (504, "gateway_timeout")],
)
def test_governance_errors_have_their_types(
    simulator: Simulator, gateway: httpx.Client, status: int, kind: str
) -> None:
    simulator.fault("gateway.containers.create", "do_then_respond", status=status)
    answer = gateway.post(A, json={"name": "box"})
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert "retry-after" not in answer.headers
    assert simulator.counters().created == {"gateway": 1}


def test_uploads_are_multipart_only_and_lose_their_name(gateway: httpx.Client) -> None:
    box = create(gateway)["id"]
    sent = gateway.post(f"{A}/{box}/files", files={"file": ("in.txt", b"hello")}).json()
    assert sent["path"] == "/mnt/data/file"
    assert gateway.post(f"{A}/{box}/files", json={"file_id": "file-1"}).status_code == 400
    assert gateway.get(f"{A}/{box}/files/{sent['id']}/content").content == b"hello"
    assert [item["id"] for item in gateway.get(f"{A}/{box}/files").json()["data"]] == [sent["id"]]
    form = gateway.post(f"{B}/{box}/files", files={"file": ("x", b"y")}, data={"provider": "openai"})
    assert form.status_code == 200


@pytest.mark.parametrize("mode", ["ignored", "rejected", "echoed"])
def test_metadata_has_three_fates(simulator: Simulator, gateway: httpx.Client, mode: str) -> None:
    simulator.switch("gateway_metadata", mode)
    answer = gateway.post(A, json={"name": "box", "metadata": {"a": "b"}})
    assert answer.status_code == (400 if mode == "rejected" else 200)
    assert answer.json().get("metadata") == ({"a": "b"} if mode == "echoed" else None)


def test_deletes_and_expiry_work_as_upstream(simulator: Simulator, gateway: httpx.Client) -> None:
    old, new = create(gateway)["id"], create(gateway)["id"]
    assert gateway.delete(f"{A}/{new}").json()["deleted"] is True
    simulator.advance(21 * 60)
    assert [(item["id"], item["status"]) for item in gateway.get(A).json()["data"]] == [(old, "expired")]


def test_the_direct_api_sees_nothing_of_the_gateways(gateway: httpx.Client, openai: httpx.Client) -> None:
    create(gateway)
    assert openai.get("/containers").json()["data"] == []


def test_provider_keys_can_be_given_at_the_start() -> None:
    with running_simulator(gateway_provider_key=["one", "two"], gateway_virtual_key="sk-bf-mine") as simulator:
        assert simulator.keys.gateway == "sk-bf-mine"
        assert simulator.state("keys")["keys"]["gateway_provider"] == ["one", "two"]
