"""Who we are, asked of a real API server."""

import asyncio
import json

import pytest

from caas_operator.kube.errors import ClusterRefused
from caas_operator.kube.identity import HMAC_SECRET, cluster_id, hmac_key
from caas_operator.kube.session import Session, connect
from tests.cluster.control_plane import ControlPlane


async def test_the_cluster_is_the_uid_of_kube_system(session: Session, widgets: ControlPlane) -> None:
    uid = widgets.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout
    assert await cluster_id(session) == uid != ""


async def test_the_key_is_made_once_and_found_again(session: Session, namespace: str) -> None:
    first = await hmac_key(session, namespace)
    again = await hmac_key(session, namespace)
    assert first is not None
    assert again == first
    assert len(bytes.fromhex(first.key.reveal())) == 32
    assert first.key.reveal() not in repr(first)


async def test_two_that_make_the_key_at_once_get_the_same_one(session: Session, namespace: str) -> None:
    keys = await asyncio.gather(*(hmac_key(session, namespace) for _ in range(5)))
    assert keys[0] is not None
    assert set(keys) == {keys[0]}


async def test_another_key_has_another_id(session: Session, widgets: ControlPlane, namespace: str) -> None:
    first = await hmac_key(session, namespace)
    widgets.kubectl("delete", "secret", HMAC_SECRET, "-n", namespace)
    second = await hmac_key(session, namespace)
    assert first is not None
    assert second is not None
    assert first.id != second.id


async def test_a_secret_without_a_key_of_ours_is_none(
    session: Session, widgets: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": HMAC_SECRET}, "stringData": {"key": "short-key"}}
    widgets.kubectl("create", "-n", namespace, "-f", "-", input=json.dumps(body))
    assert await hmac_key(session, namespace) is None
    assert "holds no key" in caplog.text
    assert "short-key" not in caplog.text


async def test_without_permission_there_is_no_key_and_no_cluster_id(widgets: ControlPlane, namespace: str) -> None:
    session = await connect(widgets.kubeconfig_for("nobody"))
    try:
        assert await hmac_key(session, namespace) is None
        with pytest.raises(ClusterRefused, match="forbidden"):
            await cluster_id(session)
    finally:
        await session.close()
