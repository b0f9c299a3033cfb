"""Reaching an API server: a real one by every way of proving who we are, a stub for its bad days."""

import asyncio
import json
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from kubernetes.aio.config import incluster_config

from caas_operator.core.errors import NotLeading
from caas_operator.kube import session as module
from caas_operator.kube.errors import ClusterError, ClusterRefused, ClusterUnavailable, KubeconfigInvalid
from caas_operator.kube.paths import core
from caas_operator.kube.session import connect
from tests.cluster.control_plane import ControlPlane
from tests.kube.stub import kubeconfig, status, stubbed

SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def who_am_i(session: module.Session) -> str:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await session.call("POST", SELF, body=body)
    return str(answer["status"]["userInfo"]["username"])


async def test_a_client_certificate_serves_both_pools_and_stays_off_the_disk(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    session = await connect(control_plane.kubeconfig_for("alice"), "control-plane")
    try:
        assert await who_am_i(session) == "alice"
        async with await session.client_session(limit=2) as pool:
            server = (await session.credentials()).server
            async with pool.post(f"{server}{SELF}", json={"apiVersion": "authentication.k8s.io/v1"}) as answer:
                assert (await answer.json())["status"]["userInfo"]["username"] == "alice"
    finally:
        await session.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib in async code is another finding


async def test_a_pods_service_account_is_used_where_there_is_one(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control_plane.kubectl("create", "serviceaccount", "robot", "-n", namespace)
    token = control_plane.kubectl("create", "token", "robot", "-n", namespace).stdout.strip()
    (tmp_path / "token").write_text(token, encoding="ascii")
    host, port = control_plane.url.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(control_plane.ca_file))
    session = await connect()
    try:
        assert await who_am_i(session) == f"system:serviceaccount:{namespace}:robot"
    finally:
        await session.close()


async def test_outside_of_pods_kubectls_own_kubeconfig_is_used(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig_for("carol")))
    session = await connect()
    try:
        assert await who_am_i(session) == "carol"
    finally:
        await session.close()


async def echo(request: web.Request) -> web.Response:
    return web.json_response({"authorization": request.headers.get("Authorization")})


async def test_a_token_file_that_changes_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    token.write_text("first", encoding="ascii")
    async with (
        stubbed(tmp_path, echo, {"tokenFile": str(token)}) as session,
        await session.client_session(limit=1) as pool,
    ):
        server = (await session.credentials()).server

        async def said() -> list[Any]:
            async with pool.get(server) as answer:
                return [(await session.call("GET", "/"))["authorization"], (await answer.json())["authorization"]]

        assert await said() == ["Bearer first"] * 2
        token.write_text("second", encoding="ascii")
        assert await said() == ["Bearer first"] * 2
        monkeypatch.setattr(module, "_TOKEN_SECONDS", 0.0)
        assert await said() == ["Bearer second"] * 2
        assert "second" not in repr(await session.credentials())


async def test_a_token_file_that_vanishes_leaves_the_last_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = tmp_path / "token"
    token.write_text("first", encoding="ascii")
    monkeypatch.setattr(module, "_TOKEN_SECONDS", 0.0)
    async with stubbed(tmp_path, echo, {"tokenFile": str(token)}) as session:
        token.unlink()
        assert (await session.call("GET", "/"))["authorization"] == "Bearer first"
    assert "cannot be read again" in caplog.text


async def test_a_credential_plugin_is_asked_for_the_token(tmp_path: Path) -> None:
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t-1"}}
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!{sys.executable}\nprint({json.dumps(credential)!r})\n", encoding="utf-8")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": credential["apiVersion"], "command": str(plugin)}}
    async with stubbed(tmp_path, echo, user) as session:
        assert (await session.call("GET", "/"))["authorization"] == "Bearer t-1"


async def test_an_unusable_kubeconfig_says_so(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigInvalid, match="has no context 'other'"):
        await connect(kubeconfig(tmp_path / "config", "http://127.0.0.1:1"), "other")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, ClusterRefused),
        (401, ClusterUnavailable),
        (403, ClusterRefused),
        (404, ClusterRefused),
        (409, ClusterRefused),
        (422, ClusterRefused),
        (429, ClusterUnavailable),
        (500, ClusterUnavailable),
        (503, ClusterUnavailable),
        (504, ClusterUnavailable),
    ],
)
async def test_errors_are_sorted_by_what_helps(tmp_path: Path, code: int, error: type[ClusterError]) -> None:
    async def handler(_: web.Request) -> web.Response:
        return status(code, "Why", "the server's own words")

    async with stubbed(tmp_path, handler) as session:
        with pytest.raises(error, match=r"^the server's own words$") as caught:
            await session.call("GET", "/")
    assert (caught.value.status, caught.value.reason) == (code, "Why")


async def test_what_is_no_answer_of_an_api_server_is_not_repeated(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=int(request.path[1:]), text="<html>s3cret</html>")

    async with stubbed(tmp_path, handler) as session:
        for code in (200, 403, 502):
            with pytest.raises(ClusterError) as caught:
                await session.call("GET", f"/{code}")
            assert caught.value.status == code
            assert "s3cret" not in str(caught.value)


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        session = await connect(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{held.getsockname()[1]}"))
        try:
            with pytest.raises(ClusterUnavailable, match="no answer from the API server to GET /x"):
                await session.call("GET", "/x")
        finally:
            await session.close()


async def test_a_server_that_hangs_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALL_TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    released = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    async with stubbed(tmp_path, handler) as session:
        with pytest.raises(ClusterUnavailable, match="no answer"):
            await session.call("PATCH", "/x", body={})
        released.set()


@pytest.mark.parametrize(("no_proxy", "proxy"), [("", "http://proxy:3128"), ("cluster.example", None)])
async def test_the_environments_proxy_is_taken_unless_it_is_excepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_proxy: str, proxy: str | None
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    session = await connect(kubeconfig(tmp_path / "config", "https://cluster.example:6443"))
    try:
        assert (await session.credentials()).proxy == proxy
    finally:
        await session.close()


@pytest.mark.parametrize("name", ["..", "a/b", "a%2fb", ""])
def test_a_name_that_would_lead_astray_makes_no_path(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        core("secrets", "ns", name)


async def test_a_check_is_asked_when_there_is_a_connection_and_ends_the_call_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    arrived: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        arrived.append(request.method)
        return web.json_response({})

    def refuse() -> None:
        raise NotLeading("another one leads")

    async with stubbed(tmp_path, answer) as session:
        for connected in (False, True):
            with pytest.raises(NotLeading), module.asking(refuse):
                await session.call("PATCH", "/x")
            assert arrived == ["GET"] * connected
            with module.asking(lambda: None):
                await session.call("GET", "/x")
        await session.call("GET", "/x")
        assert arrived == ["GET"] * 3
