"""Nothing secret is in an error or a log, whatever a cloud answers."""

import logging
from collections.abc import Iterator

import httpx
import pytest

from caas_operator.core.errors import CloudError
from caas_operator.core.secret import Sealed
from tests.support.wire import TOKEN, a_gcore, answer, cloud, gcore_error


def all_of(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            todo += [one.__cause__, one.__context__]


SECRET = "hunter2-and-some-more"
LEAKY: dict[str, httpx.Response | Exception] = {
    "an echoed value": gcore_error(400, "ValidationError", f"envs.PASS: '{SECRET}' is too long"),
    "an echoed value in a field": gcore_error(
        400, "ValidationError", "Invalid", invalid_fields={"envs": [f"{SECRET[:15]}... is bad"]}
    ),
    "an echoed token": gcore_error(401, "token_not_valid", f"Bad permanent token: {TOKEN}"),
    "an echoed token in a code": gcore_error(400, SECRET, f"{TOKEN[:20]}"),
    "a body that is all secret": httpx.Response(200, content=f'"{SECRET}"'.encode()),
    "a body that is no JSON": httpx.Response(502, content=f"<html>{SECRET} {TOKEN}".encode()),
    "a broken connection": httpx.ReadError(f"sent {SECRET} with {TOKEN}"),
    "a refused connection": httpx.ConnectError(f"to {TOKEN}"),
    "a broken protocol": httpx.LocalProtocolError(f"Illegal header value b'APIKey {TOKEN}'"),
    "a request id": answer(500, {"exception_class": "X", "message": "m", "request_id": SECRET}),
}


@pytest.mark.parametrize("leak", LEAKY.values(), ids=LEAKY.keys())
async def test_no_secret_is_in_any_error_or_log(
    leak: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served = cloud(leak)
    with pytest.raises(CloudError) as caught:
        await a_gcore(served).caas.create(1, 2, {"envs": {"PASS": SECRET}}, [Sealed(SECRET)])
    texts = [text for one in all_of(caught.value) for text in (str(one), repr(one), repr(one.args), repr(vars(one)))]
    texts += [record.getMessage() + str(record.exc_text) for record in caplog.records]
    for text in texts:
        for secret in (SECRET, TOKEN):
            assert not any(secret[at : at + 8] in text for at in range(len(secret) - 8)), text
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("field", ["status_message", "error_message", "containers"])
async def test_a_credential_in_the_words_of_a_resource_is_masked(field: str) -> None:
    words = f"cannot pull with {TOKEN}"
    value = [{"region_id": 1, "error_message": words}, {"region_id": 2}] if field == "containers" else words
    listed = answer(200, {"count": 1, "results": [{"name": "web", field: value}]})
    (container,) = await a_gcore(cloud(listed)).caas.list(1, 2)
    (deployment,) = await a_gcore(cloud(listed)).inference.list(1)
    assert container == deployment
    assert "cannot pull with ***" in str(container)
    assert TOKEN not in str(container)
