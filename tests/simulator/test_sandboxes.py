"""OpenAI containers over HTTP: bodies, refusals, listing, expiry, activity, and their switches."""

from typing import Any

import httpx
import pytest

from tests.support.simulator import Simulator

JSON = dict[str, Any]
ALLOW = {"type": "allowlist", "allowed_domains": ["example.com"]}
SECRET = {"domain": "example.com", "name": "token", "value": "s3cret"}


def create(openai: httpx.Client, name: str = "box", **body: object) -> JSON:
    made: JSON = openai.post("/containers", json={"name": name, **body}).raise_for_status().json()
    return made


def listed(openai: httpx.Client, **query: str | int) -> list[str]:
    return [item["id"] for item in openai.get("/containers", params=query).raise_for_status().json()["data"]]


def test_a_minimal_container_is_running_with_its_defaults(simulator: Simulator, openai: httpx.Client) -> None:
    made = create(openai)
    assert made["id"].startswith("cntr_")
    assert len(made["id"]) >= len("cntr_") + 32
    assert made == {
        "id": made["id"],
        "object": "container",
        "created_at": int(simulator.now()),
        "last_active_at": int(simulator.now()),
        "name": "box",
        "status": "running",
        "expires_after": {"anchor": "last_active_at", "minutes": 20},
        "memory_limit": "1g",
        "network_policy": {"type": "disabled"},
    }


def test_secrets_files_and_skills_are_kept_but_never_echoed(simulator: Simulator, openai: httpx.Client) -> None:
    skill = {"type": "skill_reference", "skill_id": "skill_1", "version": "latest"}
    body: JSON = {"network_policy": ALLOW | {"domain_secrets": [SECRET]}, "file_ids": ["file-1"], "skills": [skill]}
    made = create(openai, memory_limit="4g", **body)
    assert made["network_policy"] == ALLOW
    assert made["memory_limit"] == "4g"
    assert not {"file_ids", "skills", "domain_secrets"} & set(made)
    (kept,) = simulator.listed("sandboxes")
    assert kept["body"]["network_policy"]["domain_secrets"] == [SECRET]
    assert kept["body"]["skills"] == [skill]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "name", "missing_required_parameter"),
        ({"name": 1}, "name", "invalid_type"),
        (
            {"name": "a", "expires_after": {"anchor": "last_active_at", "minutes": 21}},
            "expires_after.minutes",
            "integer_above_max_value",
        ),
        (
            {"name": "a", "expires_after": {"anchor": "last_active_at", "minutes": 0}},
            "expires_after.minutes",
            "integer_below_min_value",
        ),
        ({"name": "a", "expires_after": {"minutes": 5}}, "expires_after.anchor", "missing_required_parameter"),
        ({"name": "a", "expires_after": {"anchor": "born", "minutes": 5}}, "expires_after.anchor", "invalid_value"),
        ({"name": "a", "memory_limit": "2g"}, "memory_limit", "invalid_value"),
        (
            {"name": "a", "network_policy": {"type": "allowlist", "allowed_domains": []}},
            "network_policy.allowlist.allowed_domains",
            "empty_array",
        ),
        (
            {"name": "a", "network_policy": ALLOW | {"domain_secrets": []}},
            "network_policy.allowlist.domain_secrets",
            "empty_array",
        ),
        (
            {"name": "a", "skills": [{"type": "skill_reference", "skill_id": "s", "version": 2}]},
            "skills.0.skill_reference.version",
            "invalid_type",
        ),
        (
            {"name": "a", "skills": [{"type": "skill_reference", "skill_id": "s", "version": "0"}]},
            "skills.0.skill_reference.version",
            "invalid_type",
        ),
    ],
)
def test_a_bad_body_is_refused_by_parameter(openai: httpx.Client, body: JSON, param: str, code: str) -> None:
    answer = openai.post("/containers", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "APIKey sk-openai"])
def test_a_bad_key_is_401(simulator: Simulator, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(f"{simulator.urls.openai}/containers", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_names_are_never_compared(simulator: Simulator, openai: httpx.Client) -> None:
    assert create(openai)["id"] != create(openai)["id"]
    assert simulator.counters().created == {"openai": 2}
    assert len(listed(openai, name="box")) == 2


def test_pages_follow_the_last_id_in_both_orders(openai: httpx.Client) -> None:
    made = [create(openai, f"box-{n}")["id"] for n in range(6)]
    for order, expected in (("asc", made), ("desc", made[::-1])):
        found: list[str] = []
        page: JSON = {"has_more": True, "last_id": ""}
        while page["has_more"]:
            query: dict[str, Any] = {"limit": 2, "order": order} | ({"after": page["last_id"]} if found else {})
            page = openai.get("/containers", params=query).json()
            assert page["first_id"] == page["data"][0]["id"]
            found += [item["id"] for item in page["data"]]
        assert found == expected


def test_a_page_goes_on_after_an_id_that_was_deleted_meanwhile(openai: httpx.Client) -> None:
    old, middle, new = (create(openai)["id"] for _ in range(3))
    assert listed(openai, limit=2) == [new, middle]
    openai.delete(f"/containers/{middle}")
    assert listed(openai, limit=2, after=middle) == [old]


def test_an_empty_list_and_bad_list_queries(simulator: Simulator, openai: httpx.Client) -> None:
    empty = {"object": "list", "data": [], "has_more": False}
    assert openai.get("/containers").json() == empty | {"first_id": None, "last_id": None}
    simulator.switch("empty_page_ids", "absent")
    assert openai.get("/containers").json() == empty
    assert openai.get("/containers", params={"limit": 101}).json()["error"]["param"] == "limit"
    assert openai.get("/containers", params={"order": "up"}).json()["error"]["param"] == "order"
    assert openai.get("/containers", params={"after": "cntr_none"}).status_code == 404
    simulator.switch("unknown_after", "empty")
    assert openai.get("/containers", params={"after": "cntr_none"}).json()["data"] == []


def test_a_delete_is_confirmed_once_and_then_unknown(openai: httpx.Client) -> None:
    box = create(openai)["id"]
    assert openai.delete(f"/containers/{box}").json() == {
        "id": box,
        "object": "container.deleted",
        "deleted": True,
    }
    for method in ("GET", "DELETE"):
        answer = openai.request(method, f"/containers/{box}")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"Container with id '{box}' not found."


def test_reading_one_keeps_it_alive_and_listing_does_not(simulator: Simulator, openai: httpx.Client) -> None:
    read, left = create(openai, "read")["id"], create(openai, "left")["id"]
    for _ in range(3):
        simulator.advance(19 * 60)
        openai.get(f"/containers/{read}")
        listed(openai)
    page = {item["id"]: item for item in openai.get("/containers").json()["data"]}
    assert (page[read]["status"], page[left]["status"]) == ("running", "expired")
    assert page[read]["last_active_at"] == int(simulator.now())
    assert simulator.counters().activity == {read: 3}


def test_an_expired_one_stays_in_the_list_and_never_lives_again(simulator: Simulator, openai: httpx.Client) -> None:
    box = create(openai, expires_after={"anchor": "last_active_at", "minutes": 1})["id"]
    simulator.advance(60)
    assert openai.get("/containers").json()["data"][0]["status"] == "running"
    simulator.advance(1)
    assert openai.get(f"/containers/{box}").json()["status"] == "expired"
    simulator.advance(-60)
    assert openai.get("/containers").json()["data"][0]["status"] == "expired"
    answer = openai.post(f"/containers/{box}/files", json={"file_id": "file-1"})
    assert answer.json()["error"]["message"] == "Container is expired."
    assert simulator.counters().activity == {}


def test_the_second_answers_about_expired_and_deleted_ones(simulator: Simulator, openai: httpx.Client) -> None:
    for name in ("list_refreshes", "expired_get", "deleted_get", "expired_file_call", "deleted_delete"):
        values = simulator.call("GET", "/switches")["known"][name]
        simulator.switch(name, values["opposite"])
    kept, gone = create(openai)["id"], create(openai)["id"]
    openai.delete(f"/containers/{gone}")
    assert openai.get(f"/containers/{gone}").json()["status"] == "deleted"
    assert openai.delete(f"/containers/{gone}").status_code == 200
    simulator.advance(19 * 60)
    listed(openai)
    simulator.advance(19 * 60)
    assert openai.get("/containers").json()["data"][0]["status"] == "running"
    simulator.advance(21 * 60)
    assert openai.get(f"/containers/{kept}").status_code == 404
    assert openai.get(f"/containers/{kept}/files").status_code == 404
    simulator.switch("expired_delete", "not_found")
    assert openai.delete(f"/containers/{kept}").status_code == 404


def test_the_list_may_lag_behind_creates_and_deletes(simulator: Simulator, openai: httpx.Client) -> None:
    simulator.switch("create_appear_seconds", 5)
    simulator.switch("delete_list_lag_seconds", 120)
    box = create(openai)["id"]
    assert listed(openai) == []
    assert openai.get(f"/containers/{box}").status_code == 200
    simulator.advance(5)
    assert listed(openai) == [box]
    openai.delete(f"/containers/{box}")
    assert openai.get(f"/containers/{box}").status_code == 404
    simulator.advance(119)
    assert listed(openai) == [box]
    simulator.advance(1)
    assert listed(openai) == []


@pytest.mark.parametrize(("mode", "found"), [("exact", 1), ("substring", 2), ("ignored", 3)])
def test_the_name_filter_has_three_readings(simulator: Simulator, openai: httpx.Client, mode: str, found: int) -> None:
    simulator.switch("name_filter", mode)
    for name in ("box", "box-2", "other"):
        create(openai, name)
    assert len(listed(openai, name="box")) == found


def test_replies_may_leave_out_defaults_and_use_other_words(simulator: Simulator, openai: httpx.Client) -> None:
    simulator.switch("defaults_echoed", "no")
    simulator.switch("network_policy_unset_echo", "absent")
    simulator.switch("running_word", "active")
    made = create(openai)
    assert made["status"] == "active"
    assert not {"memory_limit", "expires_after", "network_policy"} & set(made)
    simulator.switch("network_policy_unset_echo", "null")
    assert create(openai)["network_policy"] is None


def test_unknown_fields_and_foreign_domains_may_be_refused(simulator: Simulator, openai: httpx.Client) -> None:
    create(openai, metadata={"a": "b"}, network_policy=ALLOW)
    simulator.switch("openai_unknown_fields", "rejected")
    refused = openai.post("/containers", json={"name": "a", "metadata": {}}).json()["error"]
    assert (refused["param"], refused["code"]) == ("metadata", "unknown_parameter")
    simulator.switch("allowed_domain_check", "rejected")
    answer = openai.post("/containers", json={"name": "a", "network_policy": ALLOW})
    assert answer.json()["error"]["param"] == "network_policy.allowed_domains"


def test_files_go_in_by_multipart_or_id_and_come_out_again(simulator: Simulator, openai: httpx.Client) -> None:
    box = create(openai)["id"]
    files = f"/containers/{box}/files"
    simulator.advance(600)
    sent = openai.post(files, files={"file": ("data/in.txt", b"hello")}).json()
    assert sent == {
        "id": sent["id"],
        "object": "container.file",
        "container_id": box,
        "created_at": int(simulator.now()),
        "bytes": 5,
        "path": "/mnt/data/data/in.txt",
        "source": "user",
    }
    copied = openai.post(files, json={"file_id": "file-abc"}).json()
    assert [item["id"] for item in openai.get(files, params={"limit": 1}).json()["data"]] == [copied["id"]]
    after = openai.get(files, params={"after": copied["id"]}).json()
    assert ([item["id"] for item in after["data"]], after["has_more"]) == ([sent["id"]], False)
    assert openai.get(f"{files}/{sent['id']}").json() == sent
    assert openai.get(f"{files}/{sent['id']}/content").content == b"hello"
    assert openai.delete(f"{files}/{sent['id']}").json()["object"] == "container.file.deleted"
    missing = openai.get(f"{files}/{sent['id']}")
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "File not found.")
    assert openai.post(files, json={}).status_code == 400
    assert simulator.listed("sandboxes")[0]["last_active_at"] == int(simulator.now())
    simulator.switch("file_path_prefix", "prefixed")
    path = openai.post(files, files={"file": ("in.txt", b"x")}).json()["path"]
    assert path.startswith("/mnt/data/")
    assert path.endswith("-in.txt")
