"""Fault rules over real connections: which requests they meet, and what the cloud did meanwhile."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.simulator.bodies import CAAS, INFERENCE, a_container, a_deployment
from tests.support.simulator import Simulator


@pytest.fixture
def background() -> Any:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_dropped_request_was_not_carried_out(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.create", "drop", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        gcore.post(CAAS, json=a_container())
    assert simulator.listed("caas") == []
    (entry,) = simulator.journal("gcore.caas.create")
    assert (entry.outcome, entry.done, entry.status) == ("dropped", False, None)


def test_a_request_may_be_carried_out_and_then_dropped(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.create", "do_then_drop", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        gcore.post(CAAS, json=a_container())
    assert len(simulator.listed("caas")) == 1
    (entry,) = simulator.journal("gcore.caas.create")
    assert (entry.outcome, entry.done) == ("dropped", True)


@pytest.mark.parametrize("status", [500, 504])
def test_a_request_may_be_carried_out_and_still_answer_an_error(
    simulator: Simulator, gcore: httpx.Client, status: int
) -> None:
    simulator.fault("gcore.caas.create", "do_then_respond", status=status, count=1)
    assert gcore.post(CAAS, json=a_container()).status_code == status
    assert len(simulator.listed("caas")) == 1


def test_a_response_has_the_clouds_own_envelope_or_the_given_body(
    simulator: Simulator, gcore: httpx.Client, openai: httpx.Client
) -> None:
    simulator.fault("*.list", "respond", status=429, retry_after=7, count=1)
    answer = gcore.get(CAAS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["exception_class"] == "TooManyRequests"
    quota = {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}}
    simulator.fault("openai.containers.create", "respond", status=429, body=quota, count=1)
    assert openai.post("/containers", json={"name": "a"}).json() == quota
    simulator.fault("gcore.caas.list", "respond", status=200, body="<html>", headers={"x-odd": "1"}, count=1)
    odd = gcore.get(CAAS)
    assert (odd.text, odd.headers["x-odd"]) == ("<html>", "1")
    assert gcore.get(CAAS).status_code == 200


def test_retry_after_may_be_a_date(simulator: Simulator, gcore: httpx.Client) -> None:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    simulator.fault("gcore.caas.list", "respond", status=503, retry_after=date)
    assert gcore.get(CAAS).headers["retry-after"] == date


def test_malformed_json_is_cut_in_half(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.list", "malformed")
    answer = gcore.get(CAAS)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


def test_a_rule_counts_skips_and_matches_names_by_globs(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.*", "respond", name="bad-*", skip=1, count=2, status=500)
    names = ["good", "bad-1", "bad-2", "bad-3", "bad-4"]
    statuses = [gcore.post(CAAS, json=a_container(name)).status_code for name in names]
    assert statuses == [200, 200, 500, 500, 200]
    assert gcore.get(CAAS).status_code == 200


def test_a_sandbox_is_met_by_name_and_by_id(simulator: Simulator, openai: httpx.Client) -> None:
    box = openai.post("/containers", json={"name": "box"}).json()["id"]
    simulator.fault("openai.containers.get", "respond", name="box", status=503, count=1)
    simulator.fault("openai.containers.get", "respond", name=box, status=500, count=1)
    assert [openai.get(f"/containers/{box}").status_code for _ in range(3)] == [503, 500, 200]


def test_a_held_request_is_seen_in_flight_and_goes_on_when_released(
    simulator: Simulator, gcore: httpx.Client, background: ThreadPoolExecutor
) -> None:
    rule = simulator.fault("gcore.caas.create", "hold", when="after")
    answer: Future[httpx.Response] = background.submit(gcore.post, CAAS, json=a_container())
    simulator.wait_until(lambda: any(entry.done for entry in simulator.journal("gcore.caas.create")))
    (entry,) = simulator.journal("gcore.caas.create")
    assert (entry.outcome, len(simulator.listed("caas"))) == ("in_flight", 1)
    assert simulator.counters().in_flight == 1
    assert not answer.done()
    simulator.release(rule)
    assert answer.result(10).status_code == 200


def test_a_request_held_before_is_not_carried_out_yet(
    simulator: Simulator, gcore: httpx.Client, background: ThreadPoolExecutor
) -> None:
    simulator.fault("gcore.caas.create", "hold", count=1)
    answer: Future[httpx.Response] = background.submit(gcore.post, CAAS, json=a_container())
    simulator.wait_until(lambda: simulator.journal("gcore.caas.create"))
    assert simulator.listed("caas") == []
    simulator.clear_faults()
    assert answer.result(10).status_code == 200


def test_a_delay_takes_real_time(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.fault("gcore.caas.list", "delay", seconds=0.2, count=1)
    assert gcore.get(CAAS).elapsed.total_seconds() >= 0.2


def test_a_resource_can_be_made_to_show_something_else(
    simulator: Simulator, gcore: httpx.Client, openai: httpx.Client
) -> None:
    broken = {"status": "Error", "status_message": "ErrImagePull"}
    simulator.fault("gcore.caas.create", "set", name="web", set=broken, count=1)
    gcore.post(CAAS, json=a_container())
    assert gcore.get(f"{CAAS}/web").json()["status"] == "Deploying"
    simulator.advance(10)
    shown = gcore.get(f"{CAAS}/web").json()
    assert {name: shown[name] for name in broken} == broken
    gcore.patch(f"{CAAS}/web", json={"image": "good"})
    simulator.advance(10)
    assert gcore.get(f"{CAAS}/web").json()["status"] == "Ready"
    simulator.fault("openai.containers.create", "set", set={"status": "hibernating"})
    assert openai.post("/containers", json={"name": "a"}).json()["status"] == "hibernating"


def test_a_rule_with_an_unknown_effect_or_field_is_refused(simulator: Simulator) -> None:
    with pytest.raises(AssertionError, match="effect must be one of"):
        simulator.fault("*", "explode")
    with pytest.raises(AssertionError, match="unknown fields"):
        simulator.fault("*", "drop", colour="red")


def test_rules_are_listed_with_their_use_and_removed(simulator: Simulator, gcore: httpx.Client) -> None:
    first = simulator.fault("gcore.caas.list", "respond", status=500, count=1)
    second = simulator.fault("gcore.inference.*", "drop")
    gcore.get(CAAS)
    assert [(rule["id"], rule["used"]) for rule in simulator.faults()] == [(first, 1), (second, 0)]
    simulator.clear_faults(second)
    assert gcore.post(INFERENCE, json=a_deployment()).status_code == 200


def test_a_rate_limit_refuses_until_the_clock_moves(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("gcore_rate_limit_rps", 1)
    simulator.switch("gcore_rate_limit_burst", 3)
    answers = [gcore.get(CAAS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    simulator.switch("gcore_rate_limit_retry_after", 0)
    assert "retry-after" not in gcore.get(CAAS).headers
    simulator.advance(1)
    assert gcore.get(CAAS).status_code == 200
