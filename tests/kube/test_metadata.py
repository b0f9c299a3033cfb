import json
from pathlib import Path

import pytest
from aiohttp import web

from caas_operator.kube.errors import ClusterRefused, ClusterUnavailable
from caas_operator.kube.metadata import Listed, list_metadata
from caas_operator.kube.paths import ServedKind
from caas_operator.kube.session import Session
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import WIDGET, widget
from tests.kube.stub import status, stubbed


def create_many(plane: ControlPlane, namespace: str, count: int) -> None:
    items = [
        {
            "apiVersion": WIDGET.api_version,
            "kind": WIDGET.kind,
            "metadata": {"name": f"w{number}", "namespace": namespace},
            "spec": {"weight": "x" * 1000},
        }
        for number in range(count)
    ]
    plane.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


async def test_all_pages_of_a_namespace_are_listed(session: Session, widgets: ControlPlane, namespace: str) -> None:
    create_many(widgets, namespace, 7)
    elsewhere = widget(widgets, widgets.create_namespace())
    for limit in (3, 7, 100):
        found = await list_metadata(session, WIDGET, namespace, limit=limit)
        assert sorted(item.name for item in found) == [f"w{number}" for number in range(7)]
    everywhere = await list_metadata(session, WIDGET, limit=3)
    assert len({item.uid for item in everywhere}) == len(everywhere) >= 8
    assert Listed(elsewhere.uid, elsewhere.namespace, elsewhere.name, elsewhere.resource_version) in everywhere


async def test_no_objects_are_an_empty_list(session: Session, namespace: str) -> None:
    assert await list_metadata(session, WIDGET, namespace) == []


async def test_a_kind_that_is_not_served_is_refused_with_404(session: Session) -> None:
    with pytest.raises(ClusterRefused) as caught:
        await list_metadata(session, ServedKind("Gadget", "gadgets", WIDGET.group, WIDGET.version))
    assert caught.value.status == 404


def page(names: list[str], token: str = "") -> web.Response:
    items = [{"metadata": {"uid": f"u-{n}", "namespace": "ns", "name": n, "resourceVersion": "5"}} for n in names]
    return web.json_response({"metadata": {"resourceVersion": "9", "continue": token}, "items": items})


async def test_an_expired_list_begins_again_and_forgets_its_first_pages(tmp_path: Path) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query.get("continue", ""))
        match asked:
            case [""]:
                return page(["deleted-meanwhile"], "expired")
            case ["", "expired"]:
                return status(410, "Expired", "The provided continue parameter is too old")
            case [*_, ""]:
                return page(["a"], "next")
            case _:
                return page(["b"])

    async with stubbed(tmp_path, handler) as session:
        found = await list_metadata(session, WIDGET, limit=1)
    assert [item.name for item in found] == ["a", "b"]
    assert asked == ["", "expired", "", "next"]


async def test_a_list_that_always_expires_ends_in_an_error(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        return status(410, "Expired", "too old") if "continue" in request.query else page(["a"], "next")

    async with stubbed(tmp_path, handler) as session:
        with pytest.raises(ClusterUnavailable, match="expired 3 times"):
            await list_metadata(session, WIDGET)


async def test_only_metadata_is_asked_for(tmp_path: Path) -> None:
    accepted: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        accepted.append(request.headers["Accept"])
        return page([])

    async with stubbed(tmp_path, handler) as session:
        await list_metadata(session, WIDGET)
    assert accepted == ["application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"]
