"""The gateway's third route: OpenAI's own API, unchanged, with the gateway's key."""

import httpx

from tests.support.simulator import Simulator

PATH = "/openai_passthrough/v1/containers"
POLICY = {"type": "allowlist", "allowed_domains": ["example.com"]}


def test_nothing_is_dropped_and_nothing_added(simulator: Simulator, gateway: httpx.Client) -> None:
    made = gateway.post(PATH, json={"name": "box", "network_policy": POLICY}).raise_for_status().json()
    assert made["network_policy"] == POLICY
    assert "extra_fields" not in made
    assert gateway.get(PATH, params={"name": "box"}).json()["data"] == [made]
    assert gateway.get(PATH, params={"name": "other"}).json()["data"] == []
    assert [entry.operation for entry in simulator.journal("*.create")] == ["gateway.passthrough.containers.create"]


def test_it_reaches_what_the_other_surfaces_reach(gateway: httpx.Client) -> None:
    made = gateway.post(PATH, json={"name": "box"}).json()
    assert gateway.get(f"/openai/v1/containers/{made['id']}").json()["name"] == "box"
    assert gateway.delete(f"{PATH}/{made['id']}").json()["deleted"] is True


def test_refusals_of_the_provider_come_in_its_own_envelope(simulator: Simulator, gateway: httpx.Client) -> None:
    answer = gateway.get(f"{PATH}/cntr_0")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    nobody = httpx.get(simulator.urls.gateway + PATH)
    assert (nobody.status_code, nobody.json()["type"]) == (401, "virtual_key_required")


def test_a_key_that_is_bound_to_models_may_not_use_it(simulator: Simulator, gateway: httpx.Client) -> None:
    simulator.switch("passthrough", "model_blocked")
    answer = gateway.post(PATH, json={"name": "box"})
    assert (answer.status_code, answer.json()["type"]) == (403, "model_blocked")
    assert simulator.counters().created == {}
