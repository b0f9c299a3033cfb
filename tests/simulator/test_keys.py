"""Keys for callers of a container, and the one of a deployment: documented, though of little use."""

import httpx

from tests.simulator.bodies import INFERENCE, a_deployment, task_of
from tests.support.simulator import Simulator

KEYS = "/cloud/v1/caas/keys/1/76"
KEY = {"name": "callers", "containers": [{"name": "web", "namespace": "caas-1"}], "expire": "2999-01-01T00:00:00Z"}


def test_a_key_shows_its_secret_once(gcore: httpx.Client) -> None:
    made = gcore.post(KEYS, json=KEY).json()
    assert made.pop("secret")
    assert (made["status"], made["source"], made["description"]) == ("Active", "cloud", "")
    assert gcore.get(f"{KEYS}/callers").json() == made
    assert gcore.get(KEYS).json() == {"count": 1, "results": [made]}
    assert gcore.get("/cloud/v1/caas/keys/1/6").json()["count"] == 0


def test_a_key_is_changed_in_part_expires_and_goes(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(KEYS, json=KEY)
    assert gcore.post(KEYS, json=KEY).status_code == 409
    off = gcore.patch(f"{KEYS}/callers", json={"is_disabled": True, "description": None}).json()
    assert (off["status"], off["containers"]) == ("Disabled", KEY["containers"])
    gone = gcore.patch(f"{KEYS}/callers", json={"expire": "2001-01-01T00:00:00Z"}).json()
    assert gone["status"] == "Expired"
    assert simulator.listed("caas_keys")[0]["name"] == "callers"
    assert gcore.delete(f"{KEYS}/callers").status_code == 204
    assert gcore.get(f"{KEYS}/callers").status_code == 404


def test_a_key_has_a_lower_case_name_and_a_time_that_can_be_read(gcore: httpx.Client) -> None:
    for field, wrong in (("name", "Callers"), ("expire", "tomorrow")):
        answer = gcore.post(KEYS, json=KEY | {field: wrong})
        assert answer.status_code == 400
        assert set(answer.json()["invalid_fields"]) == {field}


def test_a_deployment_has_one_old_key_once_it_serves(simulator: Simulator, gcore: httpx.Client) -> None:
    task_of(gcore.post(INFERENCE, json=a_deployment()))
    assert gcore.get(f"{INFERENCE}/model/apikey").json() == {"secret": "", "status": "PENDING"}
    simulator.advance(10)
    ready = gcore.get(f"{INFERENCE}/model/apikey").json()
    assert ready["status"] == "READY"
    assert ready["secret"]
    assert gcore.get(f"{INFERENCE}/none/apikey").status_code == 404
