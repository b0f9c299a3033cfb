"""The verbs of the three kinds over their clients: which calls they make, with what."""

from typing import Any

import httpx
import pytest

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import CloudError, ImmutableField, InvalidSpec, NotFound, Unavailable
from caas_operator.core.model import Health, Place
from caas_operator.core.ports import Defaults, Verbs
from caas_operator.kinds.container import mapping as container
from caas_operator.kinds.inference import mapping as inference
from tests.support import echo
from tests.support.wanted import CONTAINER, DEPLOYMENT, MARKER, PLACES, SANDBOX, a_wanted, an_external
from tests.support.wire import Cloud, a_gateway, a_gcore, an_openai, answer, body_of, cloud, gcore_error

LEAST = {"image": "nginx", "listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 1}}
LEAST_MODEL = {
    "image": "nginx",
    "listeningPort": 80,
    "flavor": "small",
    "regions": [{"regionId": 76, "scale": {"min": 1, "max": 1}}],
}
TASKS = answer(200, {"tasks": ["t-1"]})
NO_CONTENT = httpx.Response(204)
REGIONS = answer(
    200, {"count": 2, "results": [{"id": 76, "display_name": "Luxembourg-2"}, {"id": 8, "display_name": "Baku"}]}
)


def sent(served: Cloud) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in served.requests]


def verbs(client: GcoreClient, kind: Any = CONTAINER) -> Verbs:
    made: Verbs = kind.verbs(client)
    return made


def a_list(*rows: dict[str, Any]) -> httpx.Response:
    return answer(200, {"count": len(rows), "results": list(rows)})


async def test_containers_are_listed_in_project_and_region() -> None:
    row = echo.container(container.create_body(a_wanted(CONTAINER, LEAST)))
    served = cloud(a_list(row))
    [found] = await verbs(a_gcore(served)).list("1/76", oldest=None)
    assert sent(served) == ["GET /cloud/v1/caas/1/76/containers"]
    assert (found.id, found.marker, found.health) == ("1/76/web", MARKER, Health.SERVING)


async def test_a_row_that_is_not_understood_fails_the_list_without_quoting_it() -> None:
    served = cloud(a_list({"name": "web", "deploy_status": "hunter2"}))
    with pytest.raises(Unavailable) as failed:
        await verbs(a_gcore(served)).list("1/76", oldest=None)
    assert "hunter2" not in str(failed.value)
    assert not failed.value.ambiguous


async def test_a_container_is_created_changed_and_deleted_by_its_name() -> None:
    served = cloud(TASKS)
    calls = verbs(a_gcore(served))
    wanted = a_wanted(CONTAINER, LEAST)
    found = an_external(CONTAINER, echo.container(container.create_body(wanted)) | {"image": "other"})

    assert (await calls.create(wanted)).task_ids == ("t-1",)
    assert body_of(served.last) == container.create_body(wanted)
    assert (await calls.update(wanted, found, ("image",))).task_ids == ("t-1",)
    assert body_of(served.last) == {"image": "nginx"}
    assert (await calls.delete(PLACES[CONTAINER.name], found.id)).task_ids == ("t-1",)
    collection = "/cloud/v1/caas/1/76/containers"
    assert sent(served) == [f"POST {collection}", f"PATCH {collection}/web", f"DELETE {collection}/web"]


async def test_an_error_that_repeats_a_secret_arrives_without_it() -> None:
    secret = "hunter2-is-a-secret"
    served = cloud(gcore_error(400, "ValidationError", f"envs: {secret} is too weak"))
    spec = LEAST | {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
    with pytest.raises(CloudError) as failed:
        await verbs(a_gcore(served)).create(a_wanted(CONTAINER, spec, values={"Secret/s": {"k": secret}}))
    assert body_of(served.last)["envs"] == {"A": secret}
    assert "too weak" in str(failed.value)
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    ("suspend", "status", "call"),
    [(True, "ACTIVE", "stop"), (False, "DISABLED", "start"), (None, "DISABLED", "start")],
)
async def test_a_deployment_is_stopped_and_started_without_a_task(
    suspend: bool | None,  # noqa: FBT001 - a column of the table
    status: str,
    call: str,
) -> None:
    served = cloud(NO_CONTENT)
    wanted = a_wanted(DEPLOYMENT, LEAST_MODEL if suspend is None else LEAST_MODEL | {"suspend": suspend})
    found = an_external(DEPLOYMENT, echo.deployment(inference.create_body(wanted)) | {"status": status})
    drift = DEPLOYMENT.drift(wanted, found)
    receipt = await verbs(a_gcore(served), DEPLOYMENT).update(wanted, found, drift)
    assert receipt.task_ids == ()
    assert sent(served) == [f"POST /cloud/v3/inference/1/deployments/llama/{call}"]


async def test_other_drift_goes_first_and_stopping_waits() -> None:
    served = cloud(TASKS)
    wanted = a_wanted(DEPLOYMENT, LEAST_MODEL | {"suspend": True, "timeout": 5})
    body = inference.create_body(wanted) | {"timeout": 6}
    found = an_external(DEPLOYMENT, echo.deployment(body))
    await verbs(a_gcore(served), DEPLOYMENT).update(wanted, found, DEPLOYMENT.drift(wanted, found))
    assert sent(served) == ["PATCH /cloud/v3/inference/1/deployments/llama"]
    assert body_of(served.last) == {"timeout": 5}


async def test_regions_by_name_are_sent_by_id_and_compared_by_name() -> None:
    served = cloud(REGIONS, TASKS, TASKS)
    calls = verbs(a_gcore(served), DEPLOYMENT)
    scale = {"min": 1, "max": 1}
    regions = [{"regionName": "luxembourg-2", "scale": scale}, {"regionName": "Baku", "scale": scale}]
    wanted = a_wanted(DEPLOYMENT, LEAST_MODEL | {"regions": regions})

    place = await calls.locate(wanted.spec, Defaults(project_id=1), "shop", "llama")
    assert place == Place("1", "llama")
    await calls.create(wanted)
    created = body_of(served.last)
    assert [region["region_id"] for region in created["containers"]] == [76, 8]

    served.answers[2:] = [a_list(echo.deployment(created))]
    [found] = await calls.list("1", oldest=None)
    assert [row["regionName"] for row in found.observed["regions"]] == ["Luxembourg-2", "Baku"]
    assert DEPLOYMENT.drift(wanted, found) == ()
    moved = a_wanted(DEPLOYMENT, LEAST_MODEL | {"regions": [regions[0], {"regionName": "Paris", "scale": scale}]})
    assert DEPLOYMENT.drift(moved, found) == ("regions",)


async def test_regions_whose_names_are_not_known_are_compared_in_order() -> None:
    scale = {"min": 1, "max": 1}
    found = an_external(DEPLOYMENT, echo.deployment(inference.create_body(a_wanted(DEPLOYMENT, LEAST_MODEL))))
    by_name = a_wanted(DEPLOYMENT, LEAST_MODEL | {"regions": [{"regionName": "Luxembourg-2", "scale": scale}]})
    assert DEPLOYMENT.drift(by_name, found) == ()
    larger = {"regionName": "Luxembourg-2", "scale": {"min": 1, "max": 2}}
    assert DEPLOYMENT.drift(a_wanted(DEPLOYMENT, LEAST_MODEL | {"regions": [larger]}), found) == ("regions",)


async def test_one_region_by_name_and_by_id_is_refused() -> None:
    regions = [
        {"regionId": 76, "scale": {"min": 1, "max": 1}},
        {"regionName": "Luxembourg-2", "scale": {"min": 1, "max": 1}},
    ]
    spec = DEPLOYMENT.parse(LEAST_MODEL | {"regions": regions})
    with pytest.raises(InvalidSpec, match=r"^spec\.regions\[1\]: each region once$"):
        await verbs(a_gcore(cloud(REGIONS)), DEPLOYMENT).locate(spec, Defaults(project_id=1), "shop", "llama")


async def test_a_sandbox_is_created_with_its_id_and_deleted_by_it() -> None:
    made = echo.sandbox({"name": PLACES[SANDBOX.name].name})
    served = cloud(answer(200, made), answer(200, {"id": "cntr_0123", "deleted": True}))
    calls = SANDBOX.verbs(an_openai(served))
    receipt = await calls.create(a_wanted(SANDBOX, {"memoryLimit": "1g"}))
    assert receipt.external_id == "cntr_0123"
    assert receipt.found is not None
    assert (receipt.found.marker, receipt.found.number) == (MARKER, 1)
    assert (await calls.delete(PLACES[SANDBOX.name], "cntr_0123")).task_ids == ()
    assert sent(served) == ["POST /v1/containers", "DELETE /v1/containers/cntr_0123"]


@pytest.mark.parametrize("garbled", [{"created_at": "soon"}, {"expires_after": "later"}, {"name": None}])
async def test_a_sandbox_that_was_made_is_never_lost_over_its_answer(garbled: dict[str, Any]) -> None:
    served = cloud(answer(200, echo.sandbox({"name": "x"}) | garbled))
    receipt = await SANDBOX.verbs(an_openai(served)).create(a_wanted(SANDBOX, {}))
    assert receipt.external_id == "cntr_0123"


async def test_through_a_gateway_the_provider_is_the_scope() -> None:
    served = cloud(answer(200, echo.sandbox({"name": "x"})), answer(200, {"object": "list", "data": []}))
    calls = SANDBOX.verbs(a_gateway(served))
    spec = SANDBOX.parse({"provider": "azure"})
    assert await calls.locate(spec, Defaults(), "shop", "notebook") == Place("azure", "notebook")
    account = Defaults(provider="gateway")
    assert await calls.locate(SANDBOX.parse({}), account, "shop", "notebook") == Place("openai", "notebook")
    assert await calls.locate(SANDBOX.parse({}), SANDBOX.pinned(Place("azure", "x")), "shop", "n") == Place(
        "azure", "n"
    )
    await calls.create(a_wanted(SANDBOX, {"provider": "azure"}, scope="azure"))
    assert body_of(served.last)["provider"] == "azure"
    assert await calls.list("azure", oldest=None) == []
    assert served.last.url.params["provider"] == "azure"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"networkPolicy": {"type": "disabled"}}, "spec.networkPolicy"),
        ({"skills": []}, "spec.skills"),
    ],
)
async def test_what_a_gateway_drops_is_refused(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await SANDBOX.verbs(a_gateway(cloud())).locate(SANDBOX.parse(raw), Defaults(), "shop", "notebook")
    assert refused.value.field == field


@pytest.mark.parametrize("raw", [{"provider": "openai"}, {"metadata": {"a": "b"}}])
async def test_what_only_a_gateway_takes_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="needs the account of a gateway"):
        await SANDBOX.verbs(an_openai(cloud())).locate(SANDBOX.parse(raw), Defaults(), "shop", "notebook")


async def test_a_sandbox_is_never_updated() -> None:
    wanted = a_wanted(SANDBOX, {"memoryLimit": "4g"})
    found = an_external(SANDBOX, echo.sandbox({"name": PLACES[SANDBOX.name].name}))
    with pytest.raises(ImmutableField) as refused:
        await SANDBOX.verbs(an_openai(cloud())).update(wanted, found, SANDBOX.drift(wanted, found))
    assert refused.value.field == "spec.memoryLimit"


async def test_a_delete_of_what_is_gone_is_not_found() -> None:
    served = cloud(gcore_error(404, "NotFoundError", "container not found"))
    with pytest.raises(NotFound):
        await verbs(a_gcore(served)).delete(PLACES[CONTAINER.name], "1/76/web")
