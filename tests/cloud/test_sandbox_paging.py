import base64
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from caas_operator.core.errors import CloudError, Rejected, Unavailable
from tests.support.wire import a_gateway, an_openai, answer, cloud, openai_error

START = 1_700_000_000


def row(number: int, key: int = 0) -> dict[str, Any]:
    """The `number`th newest: one an hour."""
    return {"id": f"cntr_{key}_{number}", "created_at": START - 3600 * number}


def openai_pages(request: httpx.Request) -> httpx.Response:
    rows = [row(number) for number in range(350)]
    after = request.url.params.get("after")
    start = next(i for i, one in enumerate(rows) if one["id"] == after) + 1 if after else 0
    page = rows[start : start + int(request.url.params["limit"])]
    more = start + len(page) < len(rows)
    return answer(200, {"object": "list", "data": page, "last_id": page[-1]["id"], "has_more": more})


class GatewayPages:
    """A gateway with several provider keys: one after the other, each newest first, with an opaque cursor."""

    def __init__(self, *counts: int) -> None:
        self.keys = [[row(number, key) for number in range(count)] for key, count in enumerate(counts)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("after")
        at = json.loads(base64.urlsafe_b64decode(after)) if after else {"i": 0, "c": 0}
        rows = self.keys[at["i"]]
        page = rows[at["c"] : at["c"] + 100]
        ahead = {"v": 1, "i": at["i"], "c": at["c"] + 100}
        if ahead["c"] >= len(rows):
            ahead = {"v": 1, "i": at["i"] + 1, "c": 0}
        body: dict[str, Any] = {"object": "list", "data": page}
        if ahead["i"] < len(self.keys):
            body |= {"has_more": True, "after": base64.urlsafe_b64encode(json.dumps(ahead).encode()).decode()}
        return answer(200, body)


def ids(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in rows]


async def test_openais_list_is_read_to_its_end() -> None:
    served = cloud(openai_pages)
    assert ids(await an_openai(served).sandboxes.list(None)) == [f"cntr_0_{number}" for number in range(350)]
    assert len(served.requests) == 4


@pytest.mark.parametrize(("oldest", "pages"), [(0, 1), (98, 1), (99, 2), (100, 2), (150, 2), (250, 3), (349, 4)])
async def test_openais_list_is_left_once_it_is_past_the_oldest_of_ours(oldest: int, pages: int) -> None:
    served = cloud(openai_pages)
    found = await an_openai(served).sandboxes.list(row(oldest)["created_at"])
    assert f"cntr_0_{oldest}" in ids(found)
    assert len(served.requests) == pages


async def test_a_row_without_a_time_ends_nothing() -> None:
    served = cloud(
        answer(200, {"data": [{"id": "a"}], "has_more": True}),
        answer(200, {"data": [{"id": "b", "created_at": None}], "has_more": False}),
    )
    assert ids(await an_openai(served).sandboxes.list(START)) == ["a", "b"]


async def test_a_clock_of_ours_that_runs_ahead_does_not_end_the_list_too_early() -> None:
    first = answer(200, {"data": [row(0)], "has_more": True}, date="Fri, 15 Jan 2027 06:00:00 GMT")  # two hours behind
    served = cloud(first, answer(200, {"data": [row(1)], "has_more": False}))
    assert len(await an_openai(served).sandboxes.list(START + 3600)) == 2


async def test_a_gateways_pages_follow_its_cursor_until_has_more_is_absent() -> None:
    served = cloud(GatewayPages(250))
    assert ids(await a_gateway(served).sandboxes.list(None)) == [f"cntr_0_{number}" for number in range(250)]
    assert len(served.requests) == 3
    assert {request.url.params["provider"] for request in served.requests} == {"openai"}


async def test_with_several_keys_the_list_is_not_left_before_all_keys_were_read() -> None:
    served = cloud(GatewayPages(250, 0, 120))
    found = ids(await a_gateway(served).sandboxes.list(row(5)["created_at"]))
    assert len(found) == 370
    assert "cntr_2_0" in found


async def test_with_one_pinned_key_the_list_is_left_once_it_is_past_the_oldest() -> None:
    served = cloud(GatewayPages(250))
    await a_gateway(served, {"x-bf-api-key-id": "one"}).sandboxes.list(row(5)["created_at"])
    assert len(served.requests) == 1


async def test_a_gateway_without_a_cursor_is_given_the_last_id() -> None:
    served = cloud(
        answer(200, {"data": [row(0)], "has_more": True, "last_id": "cntr_0_0"}),
        answer(200, {"data": [row(1)]}),
    )
    assert len(await a_gateway(served).sandboxes.list(None)) == 2
    assert served.last.url.params["after"] == "cntr_0_0"


@pytest.mark.parametrize(
    "body", [{"data": [row(0)], "has_more": True, "after": "again"}, {"data": [], "has_more": True}]
)
async def test_pages_that_go_in_circles_are_no_list(body: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        await a_gateway(cloud(answer(200, body))).sandboxes.list(None)


async def test_a_list_whose_cursor_was_deleted_is_read_again() -> None:
    served = cloud(
        answer(200, {"data": [row(0)], "has_more": True}),
        openai_error(400, "Invalid 'after'"),
        answer(200, {"data": [row(1)], "has_more": False}),
    )
    assert ids(await an_openai(served).sandboxes.list(None)) == ["cntr_0_1"]


async def test_a_list_that_ends_although_more_was_promised_is_read_again() -> None:
    promised = answer(200, {"data": [row(0)], "has_more": True})
    empty = answer(200, {"data": [], "has_more": False})
    whole = answer(200, {"data": [row(0), row(1)], "has_more": False})
    served = cloud(promised, empty, whole)
    assert ids(await an_openai(served).sandboxes.list(None)) == ["cntr_0_0", "cntr_0_1"]
    with pytest.raises(Unavailable):
        await an_openai(cloud(promised, empty, promised, empty)).sandboxes.list(None)


async def test_a_gateways_last_key_may_have_no_sandboxes() -> None:
    served = cloud(GatewayPages(120, 0))
    assert len(await a_gateway(served).sandboxes.list(None)) == 120


@pytest.mark.parametrize("calls", [1, 4])
async def test_a_list_that_is_refused_is_refused(calls: int) -> None:
    served = cloud(openai_error(400, "no")) if calls == 1 else cloud(
        answer(200, {"data": [row(0)], "has_more": True}), openai_error(400, "no"),
        answer(200, {"data": [row(0)], "has_more": True}), openai_error(400, "no"),
    )  # fmt: skip
    with pytest.raises(Rejected):
        await an_openai(served).sandboxes.list(None)
    assert len(served.requests) == calls


@pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": [1]}, {"data": [{"name": "x"}]}])
async def test_what_is_no_list_is_not_an_empty_one(body: Any) -> None:
    for client in (an_openai(cloud(answer(200, body))), a_gateway(cloud(answer(200, body)))):
        with pytest.raises(CloudError):
            await client.sandboxes.list(None)
