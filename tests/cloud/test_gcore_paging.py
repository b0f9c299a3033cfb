from collections.abc import Callable

import httpx
import pytest

from caas_operator.core.errors import Unavailable
from tests.support.wire import a_gcore, answer, cloud


class Shelf:
    """A list in the cloud that `meddle` may change after each page."""

    def __init__(self, count: int, meddle: Callable[["Shelf"], None] = lambda _: None, *, cap: int = 1000) -> None:
        self.names = [f"c-{number:05d}" for number in range(count)]
        self.meddle = meddle
        self.cap = cap
        self.pages = 0

    def page(self, request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        limit = min(int(request.url.params["limit"]), self.cap)
        rows = [{"name": name} for name in self.names[offset : offset + limit]]
        response = answer(200, {"count": len(self.names), "results": rows})
        self.pages += 1
        self.meddle(self)
        return response


async def names(shelf: Shelf) -> list[str]:
    return [row["name"] for row in await a_gcore(cloud(shelf.page)).caas.list(1, 2)]


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (1900, 2), (2500, 3)])
async def test_a_list_is_read_to_its_end_in_as_few_pages_as_that_takes(count: int, pages: int) -> None:
    shelf = Shelf(count)
    assert await names(shelf) == shelf.names
    assert shelf.pages == pages


async def test_a_cloud_that_gives_smaller_pages_than_asked_is_read_to_its_end() -> None:
    shelf = Shelf(250, cap=100)
    assert await names(shelf) == shelf.names


async def test_nothing_is_missed_when_things_vanish_between_two_pages() -> None:
    def delete_some(shelf: Shelf) -> None:
        if shelf.pages == 1:
            del shelf.names[10:60]

    shelf = Shelf(1500, delete_some)
    found = await names(shelf)
    assert len(shelf.names) == 1450
    assert set(shelf.names) <= set(found)


async def test_what_lives_throughout_is_seen_although_the_list_shrinks_on_each_page() -> None:
    def delete_first(shelf: Shelf) -> None:
        del shelf.names[:40]

    shelf = Shelf(3000, delete_first)
    found = await names(shelf)
    assert set(shelf.names) <= set(found)
    assert len(found) == len(set(found))


async def test_a_list_that_shifts_by_more_than_the_overlap_is_read_again() -> None:
    def delete_many_once(shelf: Shelf) -> None:
        if shelf.pages == 1:
            del shelf.names[:400]

    shelf = Shelf(2000, delete_many_once)
    found = await names(shelf)
    assert set(shelf.names) <= set(found)
    assert shelf.pages == 4


async def test_a_list_that_does_not_hold_still_is_no_list() -> None:
    def delete_many(shelf: Shelf) -> None:
        del shelf.names[:400]

    with pytest.raises(Unavailable) as caught:
        await names(Shelf(9000, delete_many))
    assert not caught.value.ambiguous


async def test_a_list_that_counts_more_than_it_shows_is_not_believed() -> None:
    page = answer(200, {"count": 3, "results": [{"name": "a"}, {"name": "b"}]})
    empty = answer(200, {"count": 3, "results": []})

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(page if request.url.params["offset"] == "0" else empty).content)

    with pytest.raises(Unavailable):
        await a_gcore(cloud(serve)).caas.list(1, 2)


async def test_a_list_without_a_count_ends_with_a_page_that_is_not_full() -> None:
    served = cloud(answer(200, {"results": [{"name": "a"}]}))
    assert await a_gcore(served).caas.list(1, 2) == ({"name": "a"},)
    assert len(served.requests) == 1
