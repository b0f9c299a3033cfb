"""Projects and regions by name, names from a template, and what the cloud's lists say before and after a refusal."""

from typing import Any

import pytest

from tests.support.world import CREATE, MINIMAL, UPDATE, World, condition

BOX, MODEL = "CaasContainer", "InferenceDeployment"
FLAVORS = {BOX: "gcore.caas.flavors", MODEL: "gcore.inference.flavors"}
BIG = "inference-4vcpu-16gib"


def region(kind: str, **place: Any) -> dict[str, Any]:
    return place if kind == BOX else {"regions": [{**place, "scale": {"min": 1, "max": 2}}]}


def told(world: World, kind: str, name: str, type_: str = "Ready") -> str:
    found = condition(world.get(kind, name) or {}, type_)
    return str(found["message"]) if found else ""


@pytest.mark.parametrize("kind", UPDATE)
def test_a_project_and_a_region_are_found_by_their_names(world: World, kind: str) -> None:
    world.create(kind, "named", projectName="second", **region(kind, regionName="manassas"))
    obj = world.wait_ready(kind, "named")
    assert obj["status"]["externalId"] == ("2/42/named" if kind == BOX else "2/named")
    if kind == MODEL:
        [row] = obj["status"]["observed"]["regions"]
        assert (row["regionId"], row["regionName"]) == (42, "Manassas")


@pytest.mark.parametrize("kind", UPDATE)
def test_a_wrong_name_of_a_place_is_told_with_near_ones(world: World, kind: str) -> None:
    world.create(kind, "nearby", projectName="secnd", **region(kind, regionName="Luxemburg-2"))
    world.wait_condition(kind, "nearby", "Stalled", "True", "InvalidSpec")
    assert told(world, kind, "nearby").endswith("projectName: the cloud has none of this name; did you mean 'second'?")
    world.delete(kind, "nearby")
    world.wait_gone(kind, "nearby")
    world.create(kind, "nearer", **region(kind, regionName="Luxemburg-2"))
    world.wait_condition(kind, "nearer", "Stalled", "True", "InvalidSpec")
    assert "did you mean 'Luxembourg-2' or 'Luxembourg'?" in told(world, kind, "nearer")
    assert not world.simulator.journal(CREATE[kind], name="near*")


def test_the_accounts_template_makes_the_names_of_those_that_give_none(world: World) -> None:
    spec = (world.get("ClusterCloudAccount", "gcore") or {})["spec"]
    more = {"nameTemplate": "t-{name}", "default": False}
    world.create("ClusterCloudAccount", "templated", **{**spec, **more})
    ref = {"kind": "ClusterCloudAccount", "name": "templated"}
    world.create(BOX, "plain", accountRef=ref)
    assert world.wait_ready(BOX, "plain")["status"]["externalName"] == "t-plain"
    world.create(BOX, "own", accountRef=ref, name="mine")
    assert world.wait_ready(BOX, "own")["status"]["externalName"] == "mine"
    world.edit("ClusterCloudAccount", "templated", nameTemplate="u-{name}")
    world.wait_ready("ClusterCloudAccount", "templated")
    world.edit(BOX, "plain", image="nginx:1.28")
    assert world.wait_ready(BOX, "plain")["status"]["externalName"] == "t-plain", "what is bound keeps its name"
    world.create(BOX, "later", accountRef=ref)
    assert world.wait_ready(BOX, "later")["status"]["externalName"] == "u-later"


@pytest.mark.parametrize("kind", UPDATE)
def test_an_unknown_flavor_or_region_is_told_before_anything_is_sent(world: World, kind: str) -> None:
    typo = {BOX: "80mCPU-128MB", MODEL: "inference-4vcpu-16gb"}[kind]
    world.create(kind, "typo", flavor=typo)
    obj = world.wait_condition(kind, "typo", "Stalled", "True", "InvalidSpec")
    assert told(world, kind, "typo").startswith("spec.flavor: ")
    assert f"did you mean '{MINIMAL[kind]['flavor']}'" in told(world, kind, "typo")
    assert not obj["metadata"].get("finalizers")
    world.edit(kind, "typo", flavor=MINIMAL[kind]["flavor"])
    world.wait_ready(kind, "typo")
    assert len(world.simulator.journal(CREATE[kind], name="typo")) == 1
    world.edit(kind, "typo", flavor=typo)
    world.wait_condition(kind, "typo", "Stalled", "True", "InvalidSpec")
    assert (condition(world.get(kind, "typo") or {}, "Ready") or {})["status"] == "True", "the old one serves"
    assert not world.simulator.journal(UPDATE[kind], name="typo")
    world.create(kind, "nowhere", **region(kind, regionId=99))
    world.wait_condition(kind, "nowhere", "Stalled", "True", "InvalidSpec")
    assert "no region 99 has" in told(world, kind, "nowhere")
    assert "76 (Luxembourg-2)" in told(world, kind, "nowhere")
    assert not world.simulator.journal(CREATE[kind], name="nowhere")


@pytest.mark.parametrize("kind", UPDATE)
def test_where_the_list_cannot_be_read_the_cloud_judges(world: World, kind: str) -> None:
    fault = world.simulator.fault(FLAVORS[kind], "respond", status=503)
    world.simulator.advance(61)  # what was read lately is not read again
    try:
        world.create(kind, "judged", flavor={BOX: "1mCPU-1MiB", MODEL: "none-such"}[kind], projectId=2)
        world.wait_condition(kind, "judged", "Stalled", "True", "InvalidSpec")
        assert told(world, kind, "judged").startswith("create (HTTP 400): ")
        assert len(world.simulator.journal(CREATE[kind], name="judged")) == 1
        world.create(kind, "fine", projectId=2)
        world.wait_ready(kind, "fine")
    finally:
        world.simulator.clear_faults(fault)


def test_a_used_up_quota_is_told_with_its_limit_which_is_asked_for_only_then(world: World) -> None:
    world.simulator.switch("failed_create_leaves", "nothing")  # a broken one that is left behind takes an edit
    world.create(BOX, "first", regionId=42)
    world.wait_ready(BOX, "first")
    world.simulator.change("mutate", "quota", region=42, set={"caas_cpu_count": 300})
    assert not world.simulator.journal("gcore.caas.check_limits")
    world.create(BOX, "second", regionId=42)
    world.wait_condition(BOX, "second", "Ready", "False", "QuotaExceeded")
    assert told(world, BOX, "second").endswith("; over the limit of caas_cpu_count (300)")
    for _ in range(3):
        world.simulator.advance(61)
    assert len(world.simulator.journal("gcore.caas.check_limits")) == 1
    assert condition(world.get(BOX, "second") or {}, "Stalled") is None
    world.simulator.change("mutate", "quota", region=42, set={"caas_cpu_count": 3000})
    world.simulator.advance(301)
    world.wait_ready(BOX, "second")


@pytest.mark.parametrize("answer", ["http_403", "task_error", "error_message"])
def test_a_region_without_room_is_told_with_those_that_have_some(world: World, answer: str) -> None:
    name = f"full-{answer.partition('_')[0]}"
    world.simulator.switch("capacity", answer)
    for id_, left in {6: 0, 8: 0, 42: 5, 76: 0, 80: 0}.items():
        world.simulator.change("mutate", "capacity", region=id_, set={BIG: left})
    asked = len(world.simulator.journal("gcore.inference.capacity"))
    try:
        world.simulator.advance(61)
        world.create(MODEL, name)
        world.wait(
            lambda: told(world, MODEL, name).endswith(f"; no {BIG} is free in 76; free in 42"), told="the advice"
        )
        assert len(world.simulator.journal("gcore.inference.capacity")) == asked + 1
        assert condition(world.get(MODEL, name) or {}, "Stalled") is None
    finally:
        world.simulator.switch("capacity", "http_403")
        for id_ in (6, 42, 76, 80):
            world.simulator.change("mutate", "capacity", region=id_, set={BIG: 1000})


@pytest.mark.parametrize("kind", UPDATE)
def test_a_fleet_reads_each_list_once(world: World, kind: str) -> None:
    before = world.simulator.counters()
    for number in range(30):
        world.create(kind, f"many-{number}", projectName="default", **region(kind, regionName="Frankfurt"))
    for number in range(30):
        world.wait_ready(kind, f"many-{number}")
    grown = world.simulator.counters().minus(before)
    assert grown[CREATE[kind]] == 30
    assert sum(grown.get(name, 0) for name in ("gcore.regions.list", FLAVORS[kind])) <= 2
