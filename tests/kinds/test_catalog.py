"""What the clouds offer: told before a create, and asked for once; their limits and their room, after a refusal."""

import asyncio
from typing import Any

import pytest

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import InvalidSpec, Unavailable
from caas_operator.core.model import External
from caas_operator.core.ports import Kind, Verbs
from caas_operator.kinds.lists import FAILURE_SECONDS, MISS_SECONDS, SharedList
from caas_operator.simulator.config import Config
from caas_operator.simulator.faults import Rule
from tests.kinds.test_on_the_simulator import MODEL, WEB, Raw, connected
from tests.support.in_process import InProcess, in_process
from tests.support.wanted import CONTAINER, DEPLOYMENT, a_wanted, an_external

KINDS = {"container": (CONTAINER, WEB, "1/76"), "deployment": (DEPLOYMENT, MODEL, "1")}
BOTH = pytest.mark.parametrize("which", KINDS)
BIG = "inference-4vcpu-16gib"


@pytest.fixture
def cloud() -> InProcess:
    return in_process(Config(clock="manual", task_seconds=1))


def verbs_of(kind: Kind, cloud: InProcess) -> Verbs:
    client = connected(cloud, Vendor.GCORE, cloud.gcore, "gcore-key")
    assert isinstance(client, GcoreClient)
    verbs: Verbs = kind.verbs(client)
    return verbs


def asked(cloud: InProcess) -> dict[str, int]:
    return {name.removeprefix("gcore."): n for name, n in cloud.apps.world.journal.counters.operations.items()}


def fail(cloud: InProcess, operation: str, status: int) -> None:
    rule: dict[str, Any] = {"effect": "respond", "operation": f"gcore.{operation}", "status": status}
    added: Rule = cloud.apps.world.faults.add(rule)
    assert added.operation.endswith(operation)


async def refusal(which: str, cloud: InProcess, scope: str | None = None, **more: Any) -> InvalidSpec:
    kind, raw, here = KINDS[which]
    with pytest.raises(InvalidSpec) as refused:
        await verbs_of(kind, cloud).check(a_wanted(kind, raw | more, scope=scope or here))
    return refused.value


@BOTH
async def test_a_fleet_asks_for_each_list_once(cloud: InProcess, which: str) -> None:
    kind, raw, _ = KINDS[which]
    verbs = verbs_of(kind, cloud)
    await asyncio.gather(*(verbs.check(a_wanted(kind, raw)) for _ in range(200)))
    product = "caas" if kind is CONTAINER else "inference"
    assert asked(cloud) == {"projects.list": 1, "regions.list": 1, f"{product}.flavors": 1}


@BOTH
async def test_an_unknown_flavor_is_told_with_what_is_near(cloud: InProcess, which: str) -> None:
    near = {"container": ("80mCPU-128MB", "'80mCPU-128MiB'"), "deployment": ("inference-4vcpu-16gb", f"'{BIG}'")}
    wrong, right = near[which]
    refused = await refusal(which, cloud, flavor=wrong)
    assert refused.field == "spec.flavor"
    assert "did you mean" in refused.rule
    assert right in refused.rule


async def test_a_region_is_told_with_those_that_there_are(cloud: InProcess) -> None:
    refused = await refusal("container", cloud, "1/99", regionId=99)
    assert refused.field == "spec.regionId"
    assert refused.rule.startswith("no region 99 has containers; there are 6 (Luxembourg), 42 (Manassas), 76 (")
    refused = await refusal("container", cloud, "1/8")
    assert refused.field == "spec.regionId (the account's)"
    regions = [*MODEL["regions"], {"regionId": 8, "scale": {"min": 1, "max": 1}}]
    refused = await refusal("deployment", cloud, regions=regions)
    assert refused.field == "spec.regions[1].regionId"
    assert "no region 8 has inference" in refused.rule


@BOTH
async def test_a_project_that_is_not_seen_is_told_without_the_names_of_others(cloud: InProcess, which: str) -> None:
    refused = await refusal(which, cloud, "99/76" if which == "container" else "99", projectId=99)
    assert refused.field == "spec.projectId"
    assert refused.rule == "the account's credential sees no project 99"


@BOTH
@pytest.mark.parametrize("status", [403, 404, 500])
async def test_what_cannot_be_read_is_in_nobodys_way(cloud: InProcess, which: str, status: int) -> None:
    for operation in ("projects.list", "regions.list", "*.flavors"):
        fail(cloud, operation, status)
    kind, raw, scope = KINDS[which]
    verbs = verbs_of(kind, cloud)
    wanted = a_wanted(kind, raw | {"flavor": "1mCPU-1MiB"}, scope=scope)
    await asyncio.gather(*(verbs.check(wanted) for _ in range(50)))
    assert max(asked(cloud).values()) == 1, "nor is it asked for again and again"


@pytest.mark.parametrize("rows", [[], [{"name": None}, {}]], ids=["empty", "odd"])
async def test_a_list_that_says_nothing_refuses_nothing_it_cannot_judge(rows: list[Raw]) -> None:
    async def read() -> list[Raw]:
        return rows

    assert list(await SharedList(read).without("name", "small")) == rows


async def test_what_is_missed_is_looked_for_again_after_a_while() -> None:
    now, reads = [1000.0], 0

    async def read() -> list[Raw]:
        nonlocal reads
        reads += 1
        if reads == 2:
            raise Unavailable("bad gateway", status=502)
        return [{"name": "old"}] if reads == 1 else [{"name": "new"}]

    names = SharedList(read, lambda: now[0])
    assert await names.without("name", "new") == [{"name": "old"}]
    assert await names.without("name", "new") == [{"name": "old"}]
    assert reads == 1
    now[0] += MISS_SECONDS + 1
    assert await names.without("name", "new") == (), "what could not be read proves nothing"
    assert await names.without("name", "new") == ()
    assert reads == 2
    now[0] += FAILURE_SECONDS + 1
    assert await names.without("name", "new") == ()
    assert reads == 3
    assert await names.without("name", "new") == ()
    assert reads == 3, "what is in the list is not asked for again"


def there(kind: Kind, raw: Raw) -> External:
    if kind is CONTAINER:
        return an_external(kind, {"name": "web", "flavor": raw["flavor"], "scale": raw["scale"]})
    rows = [{"region_id": row["regionId"], "scale": row["scale"]} for row in raw["regions"]]
    return an_external(kind, {"name": "llama", "flavor_name": raw["flavor"], "containers": rows})


@BOTH
async def test_an_edit_to_an_unknown_flavor_is_refused_before_it_is_sent(cloud: InProcess, which: str) -> None:
    kind, raw, _ = KINDS[which]
    verbs = verbs_of(kind, cloud)
    with pytest.raises(InvalidSpec, match=r"spec\.flavor"):
        await verbs.update(a_wanted(kind, raw | {"flavor": "1mCPU-1MiB"}), there(kind, raw), ("flavor",))
    assert "caas.update" not in asked(cloud)
    assert "inference.update" not in asked(cloud)


async def test_an_edit_of_regions_is_held_against_the_list_but_for_those_that_are_there(cloud: InProcess) -> None:
    verbs, eight = verbs_of(DEPLOYMENT, cloud), {"regionId": 8, "scale": {"min": 1, "max": 1}}
    both = MODEL | {"regions": [*MODEL["regions"], eight]}
    with pytest.raises(InvalidSpec, match=r"spec\.regions\[1\]\.regionId"):
        await verbs.update(a_wanted(DEPLOYMENT, both), there(DEPLOYMENT, MODEL), ("regions",))
    catalog = verbs.catalog  # type: ignore[attr-defined]
    await catalog.check_regions(a_wanted(DEPLOYMENT, both).spec, there(DEPLOYMENT, both))


async def test_a_container_over_a_limit_is_told_which(cloud: InProcess) -> None:
    cloud.apps.world.gcore.quotas["caas_cpu_count@76"] = 100
    cloud.apps.world.gcore.quotas["caas_container_count@76"] = 0
    verbs, wanted = verbs_of(CONTAINER, cloud), a_wanted(CONTAINER, WEB)
    told = await asyncio.gather(*(verbs.advise(wanted, None) for _ in range(20)))
    assert set(told) == {"over the limit of caas_container_count (0), caas_cpu_count (100)"}
    assert asked(cloud) == {"caas.check_limits": 1}


async def test_what_a_container_has_already_does_not_count_again(cloud: InProcess) -> None:
    verbs, found = verbs_of(CONTAINER, cloud), there(CONTAINER, WEB)
    cloud.apps.world.gcore.quotas["caas_cpu_count@76"] = 200
    more = a_wanted(CONTAINER, WEB | {"scale": {"min": 1, "max": 4}})
    assert await verbs.advise(more, None) == "over the limit of caas_cpu_count (200)"
    assert await verbs.advise(more, found) == "", "two more of 80 fit"
    assert await verbs.advise(a_wanted(CONTAINER, WEB), found) == ""


async def test_a_limit_that_its_own_numbers_keep_is_not_named(cloud: InProcess) -> None:
    """Whether a reply names only what is exceeded is not sure."""
    verbs = verbs_of(CONTAINER, cloud)
    body = {"caas_cpu_count_limit": 9, "caas_cpu_count_usage": 1, "caas_cpu_count_requested": 2}
    body |= {"caas_ram_size_limit": 5}
    cloud.apps.world.faults.add(
        {"effect": "respond", "operation": "gcore.caas.check_limits", "status": 200, "body": body}
    )
    assert await verbs.advise(a_wanted(CONTAINER, WEB), None) == "over the limit of caas_ram_size (5)"


@pytest.mark.parametrize(
    ("free", "told"),
    [
        ({76: 0, 6: 0, 42: 3, 80: 1}, f"no {BIG} is free in 76; free in 42, 80"),
        ({76: 0, 6: 0, 42: 0, 80: 0}, f"no {BIG} is free in 76; nor in any other region"),
        ({76: 1}, ""),
    ],
)
async def test_a_deployment_without_room_is_told_where_there_is_some(
    cloud: InProcess, free: dict[int, int], told: str
) -> None:
    for region, left in {8: 0, **free}.items():
        cloud.apps.world.gcore.capacity[region, BIG] = left
    verbs, wanted = verbs_of(DEPLOYMENT, cloud), a_wanted(DEPLOYMENT, MODEL)
    assert set(await asyncio.gather(*(verbs.advise(wanted, None) for _ in range(20)))) == {told}
    assert asked(cloud) == {"inference.capacity": 1}


async def test_room_is_counted_in_what_a_region_asks_for(cloud: InProcess) -> None:
    for region in (6, 8, 42, 76, 80):
        cloud.apps.world.gcore.capacity[region, BIG] = {42: 9, 76: 2, 80: 3}.get(region, 0)
    regions = [{"regionId": 76, "scale": {"min": 3, "max": 5}}, {"regionId": 80, "scale": {"min": 0, "max": 5}}]
    wanted = a_wanted(DEPLOYMENT, MODEL | {"regions": regions})
    assert await verbs_of(DEPLOYMENT, cloud).advise(wanted, None) == f"no {BIG} is free in 76; free in 42"
