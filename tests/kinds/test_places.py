"""Where a spec puts its resource: names, projects, regions, and what the account adds."""

import asyncio
from typing import Any

import httpx
import pytest

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import Place
from caas_operator.core.ports import Defaults, Kind
from caas_operator.kinds.directory import NamedIds
from caas_operator.kinds.lists import MISS_SECONDS
from tests.support.clock import settle
from tests.support.wanted import CONTAINER, DEPLOYMENT, SANDBOX
from tests.support.wire import Cloud, a_gcore, an_openai, answer, cloud

HERE = Defaults(project_id=1, region_id=76)
OBSERVED = {"managementPolicy": "ObserveOnly"}


def the_cloud() -> Cloud:
    return cloud(directory)


def directory(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/cloud/v1/projects":
        return a_list({"id": 1, "name": "shop"}, {"id": 2, "name": "twin"}, {"id": 3, "name": "twin"})
    assert request.url.path == "/cloud/v1/regions"
    return a_list({"id": 76, "display_name": "Luxembourg-2"}, {"id": 8, "display_name": "Luxembourg-3"})


def a_list(*rows: dict[str, Any]) -> httpx.Response:
    return answer(200, {"count": len(rows), "results": list(rows)})


async def locate(raw: dict[str, Any], defaults: Defaults = HERE, name: str = "front", kind: Kind = CONTAINER) -> Place:
    client = an_openai(cloud()) if kind is SANDBOX else a_gcore(the_cloud())
    return await kind.verbs(client).locate(kind.parse(OBSERVED | raw), defaults, "shop", name)


async def refusal(*args: Any, **kwargs: Any) -> InvalidSpec:
    with pytest.raises(InvalidSpec) as refused:
        await locate(*args, **kwargs)
    return refused.value


@pytest.mark.parametrize(
    ("raw", "defaults", "scope"),
    [
        ({}, HERE, "1/76"),
        ({"projectId": 5, "regionId": 6}, HERE, "5/6"),
        ({"projectName": "shop", "regionName": "Luxembourg-2"}, Defaults(project_id=9, region_id=9), "1/76"),
        ({"projectName": "SHOP", "regionName": "luxembourg-3"}, Defaults(), "1/8"),
        ({}, Defaults(project_name="shop", region_name="Luxembourg-3"), "1/8"),
        ({"regionId": 6}, Defaults(project_name="shop", region_name="no such"), "1/6"),
    ],
)
async def test_the_spec_goes_before_the_account(raw: dict[str, Any], defaults: Defaults, scope: str) -> None:
    assert await locate(raw, defaults) == Place(scope, "front")


async def test_a_deployment_lives_in_a_project_alone() -> None:
    assert await locate({}, kind=DEPLOYMENT) == Place("1", "front")


@pytest.mark.parametrize(
    ("raw", "defaults", "field", "said"),
    [
        ({}, Defaults(region_id=76), "spec.projectId", "neither the spec nor its account says a project"),
        ({}, Defaults(project_id=1), "spec.regionId", "neither the spec nor its account says a region"),
        ({"regionName": "Luxemburg-2"}, HERE, "spec.regionName", "did you mean 'Luxembourg-2' or 'Luxembourg-3'?"),
        ({"regionName": "Mars"}, HERE, "spec.regionName", "the cloud has none of this name"),
        ({"projectName": "twin"}, HERE, "spec.projectName", "give the id, one of 2, 3"),
        ({}, Defaults(project_name="gone", region_id=1), "spec.projectId (the account's projectName)", "none of this"),
    ],
)
async def test_what_cannot_be_found_is_told_with_what_is_near(
    raw: dict[str, Any], defaults: Defaults, field: str, said: str
) -> None:
    refused = await refusal(raw, defaults)
    assert refused.field == field
    assert said in refused.rule


@pytest.mark.parametrize(
    ("raw", "template", "name"),
    [
        ({}, None, "front"),
        ({}, "{namespace}-{name}", "shop-front"),
        ({}, "prod-{name}", "prod-front"),
        ({"name": "mine"}, "prod-{name}", "mine"),
        ({}, "{name}-{0}-{name.__class__}", None),
    ],
)
async def test_a_name_comes_from_the_spec_or_the_accounts_template(
    raw: dict[str, Any], template: str | None, name: str | None
) -> None:
    defaults = Defaults(project_id=1, region_id=76, name_template=template)
    if name is None:
        assert (await refusal(raw, defaults)).field == "spec.name"
    else:
        assert (await locate(raw, defaults)).name == name


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (CONTAINER, ["abc", "a" * 43, "0-0"], ["ab", "a" * 44, "a.b", "-ab", "ab-", "abc\n"]),
        (DEPLOYMENT, ["abcd", "a" * 30], ["abc", "a" * 31, "a.bc", "-abc", "abc-"]),
        (SANDBOX, ["a", "a.b", "a" * 200], ["a" * 201]),
    ],
    ids=["container", "deployment", "sandbox"],
)
async def test_a_name_made_of_metadata_is_judged_here(kind: Kind, good: list[str], bad: list[str]) -> None:
    for name in good:
        assert (await locate({}, name=name, kind=kind)).name == name
    for name in bad:
        refused = await refusal({}, name=name, kind=kind)
        assert refused.field == "spec.name"
        assert "set spec.name" in refused.rule


@pytest.mark.parametrize(
    ("kind", "place"),
    [(CONTAINER, Place("1/76", "front")), (DEPLOYMENT, Place("1", "front")), (SANDBOX, Place("", "front"))],
    ids=["container", "deployment", "sandbox"],
)
async def test_what_a_spec_leaves_out_leads_back_to_its_pin(kind: Kind, place: Place) -> None:
    assert await locate({}, kind.pinned(place), name="front", kind=kind) == place


def test_gcores_ids_follow_from_the_place_and_a_sandboxs_do_not() -> None:
    assert CONTAINER.external_id(Place("1/76", "web")) == "1/76/web"
    assert DEPLOYMENT.external_id(Place("1", "llama")) == "1/llama"
    assert SANDBOX.external_id(Place("", "notebook")) is None


async def test_a_list_is_read_once_for_all_who_ask_meanwhile() -> None:
    reads, go_on = 0, asyncio.Event()

    async def read() -> list[dict[str, Any]]:
        nonlocal reads
        reads += 1
        await go_on.wait()
        return [{"id": 1, "name": "shop"}]

    ids = NamedIds(read, "name")
    asking = [asyncio.create_task(ids.id_of("shop", "spec.projectName")) for _ in range(5)]
    await settle()
    go_on.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert reads == 1


async def test_names_cost_one_call_a_list() -> None:
    served = the_cloud()
    verbs = CONTAINER.verbs(a_gcore(served))
    spec = CONTAINER.parse(OBSERVED | {"projectName": "shop", "regionName": "Luxembourg-2"})
    await asyncio.gather(*(verbs.locate(spec, Defaults(), "shop", "front") for _ in range(20)))
    assert [request.url.path for request in served.requests] == ["/cloud/v1/projects", "/cloud/v1/regions"]
    assert served.last.url.params["product"] == "containers"


async def test_ids_ask_nothing() -> None:
    served = the_cloud()
    spec = CONTAINER.parse(OBSERVED | {"projectId": 1, "regionId": 76})
    await CONTAINER.verbs(a_gcore(served)).locate(spec, Defaults(), "shop", "front")
    assert served.requests == []


async def test_a_missing_name_is_looked_for_again_after_a_while() -> None:
    now, reads = [1000.0], 0

    async def read() -> list[dict[str, Any]]:
        nonlocal reads
        reads += 1
        return [{"id": 1, "name": "new"}] if reads > 1 else []

    ids = NamedIds(read, "name", lambda: now[0])
    for _ in range(3):
        with pytest.raises(InvalidSpec):
            await ids.id_of("new", "spec.projectName")
    assert reads == 1
    now[0] += MISS_SECONDS + 1
    assert await ids.id_of("new", "spec.projectName") == 1
    assert reads == 2
