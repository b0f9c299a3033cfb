"""A login of a resource's own, over the clients: which calls are made, with what."""

from typing import Any, cast

import httpx
import pytest

from caas_operator.core.errors import CloudError
from caas_operator.core.ports import AttachingVerbs, Kind
from tests.support.wanted import CONTAINER, DEPLOYMENT, MARKER, PLACES, a_wanted
from tests.support.wire import a_gcore, answer, body_of, cloud, gcore_error

LEAST = {"listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 1}}
LEAST_MODEL = {"listeningPort": 80, "flavor": "small", "regions": [{"regionId": 76, "scale": {"min": 1, "max": 1}}]}
PRIVATE = {"image": "registry.example.com/team/app:1", "imagePullSecretRef": {"name": "registry"}}
DOCUMENT = {
    ".dockerconfigjson": '{"auths": {"registry.example.com": {"username": "robot", "password": "hunter2-two"}}}'
}
PULL_SECRET = {"name": f"caas-operator-{MARKER}", "registry": "registry.example.com", "login": "robot"}
CREDENTIAL = {"name": f"caas-operator-{MARKER}", "registry_url": "registry.example.com", "username": "robot"}
LOGINS = [
    (CONTAINER, LEAST, PULL_SECRET, "/cloud/v1/caas/secrets/1/76", "PATCH"),
    (DEPLOYMENT, LEAST_MODEL, CREDENTIAL, "/cloud/v3/inference/1/registry_credentials", "PUT"),
]


@pytest.mark.parametrize(("kind", "least", "row", "path", "change"), LOGINS, ids=["CaasContainer", "Inference"])
async def test_a_login_of_its_own_is_listed_made_changed_and_deleted(
    kind: Kind, least: dict[str, Any], row: dict[str, str], path: str, change: str
) -> None:
    served = cloud(answer(200, {"count": 1, "results": [row]}), answer(200, row), answer(200, row), httpx.Response(204))
    calls = cast("AttachingVerbs", kind.verbs(a_gcore(served)))
    wanted = a_wanted(kind, least | PRIVATE, values={"Secret/registry": DOCUMENT})
    attachment = kind.attachment(wanted)
    assert attachment is not None
    scope = PLACES[kind.name].scope

    [found] = await calls.attachments(scope)
    assert found.wire == attachment.shown
    assert await calls.attach(scope, attachment, None) == attachment.shown
    assert body_of(served.last) == row | {"password": "hunter2-two"}
    await calls.attach(scope, attachment, found)
    assert body_of(served.last) == {key: row[key] for key in row if key != "name"} | {"password": "hunter2-two"}
    await calls.detach(scope, attachment.name)
    one = f"{path}/caas-operator-{MARKER}"
    sent = [f"{request.method} {request.url.path}" for request in served.requests]
    assert sent == [
        f"GET {path}",
        f"POST {path}",
        f"{change} {one}",
        f"DELETE {one}",
    ]


@pytest.mark.parametrize(("kind", "least", "row", "path", "change"), LOGINS, ids=["CaasContainer", "Inference"])
async def test_an_error_about_a_login_arrives_without_it_and_with_its_words(
    kind: Kind, least: dict[str, Any], row: dict[str, str], path: str, change: str
) -> None:
    text = "password hunter2-two of robot is not taken by registry.example.com"
    served = cloud(gcore_error(400, "ValidationError", text))
    calls = cast("AttachingVerbs", kind.verbs(a_gcore(served)))
    wanted = a_wanted(kind, least | PRIVATE, values={"Secret/registry": DOCUMENT})
    attachment = kind.attachment(wanted)
    assert attachment is not None
    for call in (calls.attach(PLACES[kind.name].scope, attachment, None), calls.create(wanted)):
        with pytest.raises(CloudError) as failed:
            await call
        assert str(failed.value).endswith("password *** of *** is not taken by registry.example.com"), (path, change)
