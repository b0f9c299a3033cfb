"""Writes to single keys of ConfigMaps, in the face of others who write to them too."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from caas_operator.core.errors import NotLeading
from caas_operator.core.model import ExportTarget
from caas_operator.kube.config_maps import ConfigMaps, Found, NotOurs
from caas_operator.kube.errors import ClusterRefused, ClusterUnavailable
from tests.core.build import resource
from tests.kube.stub import status, stubbed

Json = dict[str, Any]
OWNER, TARGET = resource(uid="uid-1"), ExportTarget("where", "url")
PATH = "/api/v1/namespaces/team/configmaps"
MINE = {"kind": "Box", "name": "one", "uid": "uid-1", "controller": True}


def nobody() -> None:
    """Nobody else does anything."""


@dataclass
class Shelf:
    """One ConfigMap at most. `others`: what somebody else does before each write of ours."""

    held: Json | None = None
    others: Callable[[], None] = nobody
    asked: list[str] = field(default_factory=list)
    version: int = 1

    def put(self, data: Json, *owners: Json, **more: Any) -> None:
        self.version += 1
        meta = {"name": "where", "resourceVersion": str(self.version), "ownerReferences": list(owners)}
        self.held = {"metadata": meta, "data": data, **more}

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.method)
        if request.method == "GET":
            return web.json_response(self.held) if self.held else status(404, "NotFound", "no such ConfigMap")
        body = json.loads(await request.text())
        self.others()
        if request.method == "POST":
            assert request.path == PATH
            if self.held:
                return status(409, "AlreadyExists", "it exists")
        elif self.held is None:
            return status(404, "NotFound", "no such ConfigMap")
        elif body["metadata"]["resourceVersion"] != self.held["metadata"]["resourceVersion"]:
            return status(409, "Conflict", "it has been modified")
        self.version += 1
        self.held = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        return web.json_response(self.held)


async def test_it_is_made_with_its_owner_and_never_written_twice(tmp_path: Path) -> None:
    shelf = Shelf()
    async with stubbed(tmp_path, shelf.handle) as session:
        maps = ConfigMaps(session)
        await maps.put(OWNER, TARGET, "https://a.example")
        await maps.put(OWNER, TARGET, "https://a.example")
        assert await maps.read(OWNER, TARGET) == Found(ours=True, value="https://a.example")
    assert shelf.asked == ["GET", "POST", "GET", "GET"]
    assert shelf.held is not None
    (owner,) = shelf.held["metadata"]["ownerReferences"]
    assert owner == MINE | {"apiVersion": "caas-operator.dev/v1alpha1"}
    assert shelf.held["data"] == {"url": "https://a.example"}


async def test_only_the_key_is_changed_and_taken_out(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put({"url": "old", "theirs": "x"}, MINE, binaryData={"b": "AA=="}, immutable=False)
    async with stubbed(tmp_path, shelf.handle) as session:
        await ConfigMaps(session).put(OWNER, TARGET, "new")
        assert shelf.held is not None
        assert (shelf.held["data"], shelf.held["binaryData"]) == ({"url": "new", "theirs": "x"}, {"b": "AA=="})
        await ConfigMaps(session).put(OWNER, TARGET, None)
        assert shelf.held["data"] == {"theirs": "x"}
        asked = len(shelf.asked)
        await ConfigMaps(session).put(OWNER, TARGET, None)
    assert shelf.asked[asked:] == ["GET"]


@pytest.mark.parametrize(
    ("owners", "told"),
    [
        ([], ""),
        ([MINE | {"controller": False}], ""),
        ([MINE | {"uid": "uid-0"}], "Box one"),
        (
            [MINE | {"controller": False}, MINE | {"kind": "Deployment", "name": "web", "uid": "uid-2"}],
            "Deployment web",
        ),
    ],
)
async def test_what_is_not_controlled_by_the_object_is_never_written(
    tmp_path: Path, owners: list[Json], told: str
) -> None:
    shelf = Shelf()
    shelf.put({"url": "theirs"}, *owners)
    async with stubbed(tmp_path, shelf.handle) as session:
        for value in ("mine", "theirs", None):
            with pytest.raises(NotOurs) as refused:
                await ConfigMaps(session).put(OWNER, TARGET, value)
            assert refused.value.owner == told
        assert not (await ConfigMaps(session).read(OWNER, TARGET)).ours
    assert set(shelf.asked) == {"GET"}


async def test_who_is_faster_is_looked_at_again(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put({"url": "old"}, MINE)

    def changed_once() -> None:
        shelf.others = nobody
        shelf.put({"url": "old", "theirs": "x"}, MINE)

    shelf.others = changed_once
    async with stubbed(tmp_path, shelf.handle) as session:
        await ConfigMaps(session).put(OWNER, TARGET, "new")
    assert shelf.held is not None
    assert shelf.held["data"] == {"url": "new", "theirs": "x"}
    assert shelf.asked == ["GET", "PUT", "GET", "PUT"]


async def test_what_somebody_else_makes_meanwhile_is_theirs(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.others = lambda: shelf.put({"url": "theirs"})
    async with stubbed(tmp_path, shelf.handle) as session:
        with pytest.raises(NotOurs):
            await ConfigMaps(session).put(OWNER, TARGET, "mine")
    assert shelf.held is not None
    assert shelf.held["data"] == {"url": "theirs"}


async def test_what_goes_meanwhile_is_made_again(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put({}, MINE)

    def dropped_once() -> None:
        shelf.others, shelf.held = nobody, None

    shelf.others = dropped_once
    async with stubbed(tmp_path, shelf.handle) as session:
        await ConfigMaps(session).put(OWNER, TARGET, "new")
    assert shelf.asked == ["GET", "PUT", "GET", "POST"]


async def test_a_race_without_end_is_given_up(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put({}, MINE)
    shelf.others = lambda: shelf.put({}, MINE)
    async with stubbed(tmp_path, shelf.handle) as session:
        with pytest.raises(ClusterUnavailable, match="all the time"):
            await ConfigMaps(session).put(OWNER, TARGET, "new")


async def test_a_refusal_is_raised_and_nothing_is_written_by_who_does_not_lead(tmp_path: Path) -> None:
    async def forbid(request: web.Request) -> web.Response:
        code, reason = (404, "NotFound") if request.method == "GET" else (403, "Forbidden")
        return status(code, reason, f"{request.method} is forbidden")

    def fence() -> None:
        raise NotLeading("not leading")

    async with stubbed(tmp_path, forbid) as session:
        with pytest.raises(ClusterRefused, match="POST is forbidden"):
            await ConfigMaps(session).put(OWNER, TARGET, "new")
        with pytest.raises(NotLeading):
            await ConfigMaps(session, before_write=fence).put(OWNER, TARGET, "new")
