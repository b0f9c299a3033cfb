"""What HTTP itself asks for, whatever the cloud."""

from email.utils import parsedate_to_datetime

import httpx

from tests.simulator.bodies import CAAS, INFERENCE, a_container
from tests.support.simulator import Simulator


def test_a_method_that_is_not_served_is_told_which_are(gcore: httpx.Client, openai: httpx.Client) -> None:
    answer = gcore.put(CAAS)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "POST"})
    assert openai.patch("/containers").status_code == 405


def test_a_literal_path_goes_before_a_name(gcore: httpx.Client) -> None:
    assert gcore.get(f"{INFERENCE}/check_limits").headers["allow"] == "POST"
    assert gcore.get("/cloud/v1/tasks/acknowledge_all").headers["allow"] == "POST"


def test_a_body_that_is_missing_or_broken_is_refused(gcore: httpx.Client, openai: httpx.Client) -> None:
    for content in (b"", b"{", b"[" * 100_000, b'{"name": NaN'):
        assert gcore.patch(f"{CAAS}/web", content=content).status_code in (400, 404)
        assert gcore.post(CAAS, content=content).status_code == 400
        assert openai.post("/containers", content=content).status_code == 400


def test_a_whole_number_may_be_written_with_a_point(gcore: httpx.Client) -> None:
    answer = gcore.post(CAAS, json=a_container(listening_port=80.0))
    assert answer.status_code == 200
    assert gcore.post(CAAS, json=a_container("other", listening_port=80.5)).status_code == 400


def test_no_field_of_a_sandbox_is_nullable(openai: httpx.Client) -> None:
    for field in ("expires_after", "file_ids", "memory_limit", "network_policy", "skills"):
        answer = openai.post("/containers", json={"name": "box", field: None})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)


def test_the_date_is_the_clouds_may_be_wrong_and_may_be_missing(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.switch("gcore_date_header_offset_seconds", 90)
    shown = parsedate_to_datetime(gcore.get(CAAS).headers["date"]).timestamp()
    assert shown == int(simulator.now()) + 90
    simulator.switch("gcore_date_header", "absent")
    assert "date" not in gcore.get(CAAS).headers
