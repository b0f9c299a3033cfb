"""The admin API: journal, counters, clock, changes behind the operator's back."""

import httpx
import pytest

from tests.simulator.bodies import CAAS, INFERENCE, a_container, a_deployment, a_region
from tests.support.simulator import Simulator


def test_the_journal_keeps_what_was_sent_in_order(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.get(CAAS, params={"limit": 5})
    body = a_container(envs={"PASSWORD": "s3cret"})
    gcore.post(CAAS, json=body)
    gcore.get(f"{CAAS}/none")
    first, second, third = simulator.journal()
    assert (first.operation, first.query, first.body) == ("gcore.caas.list", "limit=5", None)
    assert (second.name, second.body, second.status, second.done) == ("web", body, 200, True)
    assert second.headers["authorization"] == f"APIKey {simulator.keys.gcore}"
    assert (third.status, third.done) == (404, False)
    assert [entry.seq for entry in simulator.journal(since=second.seq)] == [third.seq]
    assert simulator.journal("gcore.caas.create", name="w*") == [second]


def test_counts_go_on_while_nothing_is_recorded(simulator: Simulator, gcore: httpx.Client) -> None:
    before = simulator.counters()
    simulator.record(on=False)
    gcore.get(CAAS)
    gcore.get(CAAS)
    assert simulator.journal() == []
    assert simulator.counters().minus(before) == {"gcore.caas.list": 2}
    assert simulator.counters().calls("gcore.caas.list", "gcore.caas.get") == 2
    assert simulator.counters().statuses == {"gcore.caas.list 200": 2}
    simulator.clear_journal()
    assert simulator.counters().calls() == 0


def test_drift_changes_a_container_without_a_task(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.change("create", "caas", region=76, body=a_container(), source="iate")
    made = gcore.get(f"{CAAS}/web").json()
    assert (made["status"], made["source"]) == ("Ready", "iate")
    simulator.change("mutate", "caas", region=76, name="web", set={"image": "other", "status": "RUNNING"})
    shown = gcore.get(f"{CAAS}/web").json()
    assert (shown["image"], shown["status"]) == ("other", "RUNNING")
    assert simulator.state("tasks")["tasks"] == []
    simulator.change("delete", "caas", region=76, name="web")
    assert gcore.get(f"{CAAS}/web").status_code == 404


def test_drift_changes_a_deployment_too(simulator: Simulator, gcore: httpx.Client) -> None:
    owner = [{"kind": "AppDeployment", "name": "catalog"}]
    simulator.change("create", "inference", body=a_deployment(), object_references=owner)
    assert gcore.get(f"{INFERENCE}/model").json()["object_references"] == owner
    changes = {"stopped": True, "envs": {"A": "1"}, "containers": [a_region(6, triggers={})]}
    simulator.change("mutate", "inference", name="model", set=changes)
    shown = gcore.get(f"{INFERENCE}/model").json()
    assert (shown["status"], shown["envs"]) == ("DISABLED", {"A": "1"})
    assert [part["region_id"] for part in shown["containers"]] == [6]
    simulator.change("delete", "inference", name="model")
    assert gcore.get(INFERENCE).json()["count"] == 0


def test_foreign_sandboxes_can_be_made_old_expired_and_deleted(simulator: Simulator, openai: httpx.Client) -> None:
    old = simulator.change("create", "sandbox", body={"name": "auto"}, age_seconds=3600)["id"]
    new = simulator.change("create", "sandbox", body={"name": "auto"})["id"]
    listed = {item["id"]: item["status"] for item in openai.get("/containers").json()["data"]}
    assert listed == {new: "running", old: "expired"}
    simulator.change("mutate", "sandbox", id=new, set={"expired": True})
    assert openai.get(f"/containers/{new}").json()["status"] == "expired"
    simulator.change("delete", "sandbox", id=new)
    assert [item["id"] for item in openai.get("/containers").json()["data"]] == [old]


def test_projects_regions_and_keys_can_change(simulator: Simulator, gcore: httpx.Client) -> None:
    simulator.change("create", "project", id=7, set={"name": "third", "is_default": False})
    assert gcore.get("/cloud/v1/projects/7").json()["name"] == "third"
    simulator.change("delete", "project", id=1)
    assert gcore.get(CAAS).status_code == 404
    simulator.change("mutate", "region", id=76, set={"state": "MAINTENANCE"})
    assert gcore.get("/cloud/v1/caas/2/76/containers").status_code == 404
    simulator.change("mutate", "keys", set={"gcore": ["rotated"]})
    assert gcore.get(CAAS).status_code == 401
    headers = {"Authorization": "APIKey rotated"}
    assert gcore.get("/cloud/v1/projects", headers=headers).status_code == 200


def test_a_wrong_change_or_switch_says_what_is_known(simulator: Simulator) -> None:
    with pytest.raises(AssertionError, match=r"known: .*mutate caas"):
        simulator.change("paint", "caas")
    with pytest.raises(AssertionError, match="unknown name 'colour'"):
        simulator.switch("colour", "red")
    with pytest.raises(AssertionError, match="takes one of"):
        simulator.switch("busy", "red")
    with pytest.raises(AssertionError, match="unknown name 'none'"):
        simulator.change("mutate", "caas", region=76, name="none", set={})


def test_the_clock_tells_where_it_stands(simulator: Simulator) -> None:
    before = simulator.call("GET", "/clock")
    assert simulator.advance(3600) == before["epoch_seconds"] + 3600
    after = simulator.call("GET", "/clock")
    assert after["offset_seconds"] == before["offset_seconds"] + 3600
    assert after["kind"] == "manual"
    assert after["now"].endswith("Z")


def test_a_reset_keeps_only_the_clock(simulator: Simulator, gcore: httpx.Client) -> None:
    gcore.post(CAAS, json=a_container())
    simulator.fault("*", "drop")
    simulator.switch("busy", "queue")
    time = simulator.advance(60)
    simulator.reset()
    assert (simulator.listed("caas"), simulator.faults(), simulator.counters().calls()) == ([], [], 0)
    assert simulator.call("GET", "/switches")["values"]["busy"] == "conflict"
    assert simulator.now() == time
