"""What each call of the Gcore client puts on the wire, and what it makes of the answer."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import CloudError, Unavailable
from caas_operator.core.secret import Sealed
from tests.support.wire import TOKEN, a_gcore, answer, body_of, cloud

Act = Callable[[GcoreClient], Awaitable[Any]]
TASKS = {"tasks": ["t-1", "t-2"]}
LIST = {"count": 1, "results": [{"name": "web", "id": 7}]}
ROWS = ({"name": "web", "id": 7},)
PAGE = "limit=1000&offset=0"
IDS = ("t-1", "t-2")
PASSWORD = (Sealed("pw"),)
CAAS = "/cloud/v1/caas"
INFER = "/cloud/v3/inference"
NAMED = {"name": "s"}
LOGIN = {"password": "pw"}

CALLS: dict[str, tuple[Act, str, str, Any, Any, Any]] = {
    # call, method, path and query, body, answer, result
    "caas.list": (lambda c: c.caas.list(1, 2), "GET", f"{CAAS}/1/2/containers?{PAGE}", None, LIST, ROWS),
    "caas.create": (lambda c: c.caas.create(1, 2, {"name": "web", "description": "é"}), "POST",
                    f"{CAAS}/1/2/containers", {"name": "web", "description": "é"}, TASKS, IDS),
    "caas.patch": (lambda c: c.caas.patch(1, 2, "web", {"is_disabled": True}), "PATCH",
                   f"{CAAS}/1/2/containers/web", {"is_disabled": True}, TASKS, IDS),
    "caas.patch without a task": (lambda c: c.caas.patch(1, 2, "web", {}), "PATCH",
                                  f"{CAAS}/1/2/containers/web", {}, {"tasks": []}, ()),
    "caas.delete": (lambda c: c.caas.delete(1, 2, "web"), "DELETE", f"{CAAS}/1/2/containers/web", None, TASKS, IDS),
    "caas.flavors": (lambda c: c.caas.flavors(1, 2), "GET", f"{CAAS}/flavors/1/2?{PAGE}", None, LIST, ROWS),
    "caas.check_limits": (lambda c: c.caas.check_limits(1, 2, "f", 3), "POST", f"{CAAS}/1/2/check_limits",
                          {"flavor": "f", "max_replicas": 3}, {}, {}),
    "pull_secrets.list": (lambda c: c.pull_secrets.list(1, 2), "GET", f"{CAAS}/secrets/1/2?{PAGE}", None, LIST, ROWS),
    "pull_secrets.get": (lambda c: c.pull_secrets.get(1, 2, "s"), "GET", f"{CAAS}/secrets/1/2/s", None, NAMED, NAMED),
    "pull_secrets.create": (lambda c: c.pull_secrets.create(1, 2, LOGIN, PASSWORD), "POST",
                            f"{CAAS}/secrets/1/2", LOGIN, NAMED, NAMED),
    "pull_secrets.patch": (lambda c: c.pull_secrets.patch(1, 2, "s", LOGIN, PASSWORD), "PATCH",
                           f"{CAAS}/secrets/1/2/s", LOGIN, NAMED, NAMED),
    "pull_secrets.delete": (lambda c: c.pull_secrets.delete(1, 2, "s"), "DELETE",
                            f"{CAAS}/secrets/1/2/s", None, None, None),
    "inference.list": (lambda c: c.inference.list(1), "GET", f"{INFER}/1/deployments?{PAGE}", None, LIST, ROWS),
    "inference.create": (lambda c: c.inference.create(1, {"name": "m"}), "POST",
                         f"{INFER}/1/deployments", {"name": "m"}, TASKS, IDS),
    "inference.patch": (lambda c: c.inference.patch(1, "m", {"envs": {}}), "PATCH",
                        f"{INFER}/1/deployments/m", {"envs": {}}, TASKS, IDS),
    "inference.delete": (lambda c: c.inference.delete(1, "m"), "DELETE", f"{INFER}/1/deployments/m", None, TASKS, IDS),
    "inference.start": (lambda c: c.inference.start(1, "m"), "POST",
                        f"{INFER}/1/deployments/m/start", None, None, None),
    "inference.stop": (lambda c: c.inference.stop(1, "m"), "POST", f"{INFER}/1/deployments/m/stop", None, None, None),
    "inference.check_limits": (lambda c: c.inference.check_limits(1, {"name": "m"}), "POST",
                               f"{INFER}/1/deployments/check_limits", {"name": "m"}, {}, {}),
    "inference.flavors": (lambda c: c.inference.flavors(), "GET", f"{INFER}/flavors?{PAGE}", None, LIST, ROWS),
    "inference.capacity": (lambda c: c.inference.capacity(), "GET", f"{INFER}/capacity", None, LIST, list(ROWS)),
    "inference.api_keys": (lambda c: c.inference.api_keys(1), "GET",
                           f"{INFER}/1/api_keys?limit=100&offset=0", None, LIST, ROWS),
    "registry.list": (lambda c: c.registry.list(1), "GET",
                      f"{INFER}/1/registry_credentials?limit=100&offset=0", None, LIST, ROWS),
    "registry.get": (lambda c: c.registry.get(1, "r"), "GET", f"{INFER}/1/registry_credentials/r", None, NAMED, NAMED),
    "registry.create": (lambda c: c.registry.create(1, LOGIN, PASSWORD), "POST",
                        f"{INFER}/1/registry_credentials", LOGIN, NAMED, NAMED),
    "registry.replace": (lambda c: c.registry.replace(1, "r", LOGIN, PASSWORD), "PUT",
                         f"{INFER}/1/registry_credentials/r", LOGIN, NAMED, NAMED),
    "registry.delete": (lambda c: c.registry.delete(1, "r"), "DELETE",
                        f"{INFER}/1/registry_credentials/r", None, None, None),
    "projects.list": (lambda c: c.projects.list(), "GET",
                      f"/cloud/v1/projects?order_by=created_at.asc&{PAGE}", None, LIST, ROWS),
    "regions.list": (lambda c: c.regions.list("inference"), "GET",
                     f"/cloud/v1/regions?product=inference&order_by=created_at.asc&{PAGE}", None, LIST, ROWS),
    "check": (lambda c: c.check(), "GET", "/cloud/v1/projects?limit=1", None, LIST, None),
}  # fmt: skip
SAYING = {name: case for name, case in CALLS.items() if case[4] is not None}
"""Those whose answer says more than its status."""


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
async def test_a_call_goes_to_its_path_and_reads_its_answer(case: tuple[Act, str, str, Any, Any, Any]) -> None:
    act, method, path, body, answered, result = case
    served = cloud(answer(204 if answered is None else 200, answered))

    assert await act(a_gcore(served)) == result

    sent = served.last
    assert len(served.requests) == 1
    assert f"{sent.method} {sent.url}" == f"{method} https://gcore.test{path}"
    assert sent.headers["authorization"] == f"APIKey {TOKEN}"
    assert sent.headers["accept"] == "application/json"
    assert (body_of(sent) if sent.content else None) == body
    assert ("content-type" in sent.headers) == (body is not None)


@pytest.mark.parametrize("case", SAYING.values(), ids=SAYING.keys())
async def test_an_answer_of_another_shape_is_no_success(case: tuple[Act, str, str, Any, Any, Any]) -> None:
    act, method, _, _, answered, _ = case
    for wrong in (["x"], "x", {"tasks": "x", "results": "x"}, {"tasks": [1], "results": [1]}):
        if isinstance(wrong, dict) and answered in ({}, NAMED):
            continue  # an object is all that these need
        with pytest.raises(Unavailable) as caught:
            await act(a_gcore(cloud(answer(200, wrong))))
        assert caught.value.ambiguous == (method != "GET")


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
async def test_each_call_has_a_name_of_its_own_in_the_metrics(case: tuple[Act, str, str, Any, Any, Any]) -> None:
    served = cloud(answer(500))
    with pytest.raises(CloudError):
        await case[0](a_gcore(served))
    assert [status for _, status in served.observed] == ["500"]


def test_the_names_in_the_metrics_differ() -> None:
    assert len({key.split()[0] for key in CALLS}) == len(CALLS) - 1
