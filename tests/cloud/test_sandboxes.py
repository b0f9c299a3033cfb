from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from caas_operator.cloud.call import Upload
from caas_operator.cloud.openai.client import SandboxClient
from caas_operator.core.errors import Forbidden, Held, NotFound, Rejected, Unauthenticated, Unavailable
from caas_operator.core.secret import Sealed
from tests.support.wire import TOKEN, a_gateway, an_openai, answer, body_of, cloud, openai_error

Act = Callable[[SandboxClient], Awaitable[Any]]
SANDBOX = {"id": "cntr_1", "object": "container", "status": "running"}
BODY = {"name": "box", "memory_limit": "1g"}
EMPTY = {"object": "list", "data": [], "has_more": False}
DELETED = {"id": "cntr_1", "deleted": True}

CALLS: dict[str, tuple[Act, str, str, str, Any, Any, Any]] = {
    # call, method, path and query direct, the same through a gateway, body, answer, result
    "create": (lambda c: c.sandboxes.create(BODY), "POST", "", "", BODY, SANDBOX, SANDBOX),
    "list": (lambda c: c.sandboxes.list(None), "GET", "?limit=100&order=desc",
             "?limit=100&order=desc&provider=openai", None, EMPTY, ()),
    "keep_alive": (lambda c: c.sandboxes.keep_alive("cntr_1"), "GET", "/cntr_1", "/cntr_1?provider=openai",
                   None, SANDBOX, SANDBOX),
    "delete": (lambda c: c.sandboxes.delete("cntr_1"), "DELETE", "/cntr_1", "/cntr_1?provider=openai",
               None, DELETED, None),
    "check": (lambda c: c.check(), "GET", "?limit=1", "?limit=1&provider=openai", None, EMPTY, None),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
async def test_a_call_to_openai(case: tuple[Act, str, str, str, Any, Any, Any]) -> None:
    act, method, path, _, body, answered, result = case
    served = cloud(answer(200, answered))
    assert await act(an_openai(served)) == result
    sent = served.last
    assert f"{sent.method} {sent.url}" == f"{method} https://openai.test/v1/containers{path}"
    assert (body_of(sent) if sent.content else None) == body
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["openai-organization"] == "org-1"
    assert sent.headers["openai-project"] == "proj_1"


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
async def test_a_call_through_a_gateway(case: tuple[Act, str, str, str, Any, Any, Any]) -> None:
    act, method, _, path, body, answered, result = case
    served = cloud(answer(200, answered))
    assert await act(a_gateway(served, {"X-BF-API-Key": "key-one"})) == result
    sent = served.last
    assert f"{sent.method} {sent.url}" == f"{method} https://gateway.test/openai/v1/containers{path}"
    assert (body_of(sent) if sent.content else None) == (body and body | {"provider": "openai"})
    assert sent.headers["x-bf-vk"] == TOKEN
    assert sent.headers["x-bf-api-key"] == "key-one"
    assert "authorization" not in sent.headers


async def test_another_provider_is_named_in_the_body_or_in_the_query() -> None:
    served = cloud(answer(200, SANDBOX))
    sandboxes = a_gateway(served).sandboxes
    await sandboxes.create(BODY, provider="azure")
    assert body_of(served.last)["provider"] == "azure"
    await sandboxes.keep_alive("cntr_1", provider="azure")
    await sandboxes.delete("cntr_1", provider="azure")
    assert [request.url.params.get("provider") for request in served.requests] == [None, "azure", "azure"]


async def test_openai_itself_is_told_of_no_provider() -> None:
    served = cloud(answer(200, SANDBOX))
    await an_openai(served).sandboxes.create(BODY, provider="azure")
    assert body_of(served.last) == BODY


async def test_an_open_gateway_gets_no_key_and_a_login_goes_in_its_header() -> None:
    served = cloud(answer(200, EMPTY))
    await a_gateway(served, {"Authorization": "Basic abc"}, credential=None).check()
    assert "x-bf-vk" not in served.last.headers
    assert served.last.headers["authorization"] == "Basic abc"


@pytest.mark.parametrize("name", ["Host", "Content-Length", "bad name", "", "a\nb"])
async def test_a_header_that_is_not_the_users_to_set_is_not_sent(name: str) -> None:
    served = cloud(answer(200, EMPTY))
    with pytest.raises(Unauthenticated):
        await a_gateway(served, {name: "value"}).sandboxes.list(None)
    assert served.requests == []


@pytest.mark.parametrize("field", ["network_policy", "skills"])
async def test_what_a_gateway_drops_is_never_sent_to_one(field: str) -> None:
    served = cloud(answer(200, SANDBOX))
    with pytest.raises(Rejected) as caught:
        await a_gateway(served).sandboxes.create(BODY | {field: {"type": "disabled"}}, [Sealed("secret")])
    assert (caught.value.ambiguous, field in str(caught.value)) == (False, True)
    assert served.requests == []
    await an_openai(served).sandboxes.create(BODY | {field: {"type": "disabled"}})
    assert field in body_of(served.last)


async def test_files_are_never_sent_through_a_gateway() -> None:
    served = cloud(answer(200, SANDBOX))
    with pytest.raises(Rejected):
        await a_gateway(served).sandboxes.upload("cntr_1", Upload("a.txt", b"x"))
    with pytest.raises(Rejected):
        await a_gateway(served).sandboxes.attach("cntr_1", "file-1")
    assert served.requests == []


async def test_a_file_is_uploaded_under_its_name() -> None:
    served = cloud(answer(200, {"id": "cfile_1", "path": "/mnt/data/a b.txt"}))
    file = await an_openai(served).sandboxes.upload("cntr_1", Upload("a b.txt", b"\x00content"))
    sent = served.last
    assert file["id"] == "cfile_1"
    assert sent.url.path == "/v1/containers/cntr_1/files"
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="a b.txt"' in sent.content
    assert b"\r\n\r\n\x00content\r\n" in sent.content


async def test_a_file_that_is_there_is_attached_by_its_id() -> None:
    served = cloud(answer(200, {"id": "cfile_1"}))
    await an_openai(served).sandboxes.attach("cntr_1", "file-1")
    assert body_of(served.last) == {"file_id": "file-1"}


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": 7}, [], "x"])
async def test_a_create_that_does_not_say_an_id_may_have_made_one(body: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        await an_openai(cloud(answer(200, body))).sandboxes.create(BODY)
    assert caught.value.ambiguous


async def test_a_missing_sandbox_is_said_to_be_missing() -> None:
    served = cloud(openai_error(404, "Container with id 'x' not found."))
    with pytest.raises(NotFound):
        await an_openai(served).sandboxes.delete("cntr_1")


async def test_a_provider_that_is_refused_a_list_does_not_hold_the_others() -> None:
    served = cloud(answer(403, {"type": "provider_blocked", "error": {"message": "no"}}), answer(200, EMPTY))
    client = a_gateway(served)
    with pytest.raises(Forbidden):
        await client.sandboxes.list(None, provider="azure")
    with pytest.raises(Held):
        await client.sandboxes.create(BODY, provider="azure")
    assert await client.sandboxes.list(None, provider="openai") == ()


async def test_a_provider_that_cannot_list_says_so() -> None:
    body = {"is_bifrost_error": False, "error": {"message": "no list", "code": "unsupported_operation"}}
    client = a_gateway(cloud(answer(400, body)))
    with pytest.raises(Rejected) as caught:
        await client.sandboxes.list(None, provider="azure")
    assert caught.value.code == "unsupported_operation"
    assert client.gate.health().error is None


@pytest.mark.parametrize(
    ("status", "kind", "good"),
    [
        (400, None, True),
        (403, "provider_blocked", True),
        (403, "access_blocked", False),
        (401, "virtual_key_required", False),
        (500, None, False),
    ],
)
async def test_a_gateways_credential_is_good_if_only_the_provider_is_refused(
    status: int, kind: str | None, *, good: bool
) -> None:
    served = cloud(answer(401), answer(status, {"type": kind, "error": {"message": "x"}}))
    client = a_gateway(served)
    with pytest.raises(Unauthenticated):
        await client.check()
    if good:
        await client.check()
        assert client.gate.blocked() is None
    else:
        with pytest.raises((Unauthenticated, Forbidden, Unavailable)):
            await client.check()
        assert client.gate.blocked() is not None
