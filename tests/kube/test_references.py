"""Secrets and ConfigMaps, read from a real API server."""

import base64
import json
import logging

import pytest

from caas_operator.kube.errors import ClusterRefused
from caas_operator.kube.references import References
from caas_operator.kube.session import Session, connect
from tests.cluster.control_plane import ControlPlane


def create(plane: ControlPlane, kind: str, namespace: str, **fields: object) -> None:
    body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "it", "namespace": namespace}, **fields}
    plane.kubectl("create", "-f", "-", input=json.dumps(body))


async def test_a_secret_comes_decoded_and_sealed(session: Session, widgets: ControlPlane, namespace: str) -> None:
    binary = base64.b64encode(b"\xff\x00\xfe").decode()
    text = base64.b64encode("pässword".encode()).decode()
    create(widgets, "Secret", namespace, data={"text": text, "zip": binary, "empty": ""})
    content = await References(session).read("Secret", namespace, "it")
    assert content is not None
    assert {key: value.reveal() for key, value in content.values.items()} == {"text": "pässword", "empty": ""}
    assert {key: value.reveal() for key, value in content.binary.items()} == {"zip": binary}
    for shown in (repr(content), str(content)):
        assert "pässword" not in shown
        assert text not in shown


async def test_a_config_map_gives_text_and_binary(session: Session, widgets: ControlPlane, namespace: str) -> None:
    create(widgets, "ConfigMap", namespace, data={"text": "hello"}, binaryData={"zip": "/wA="})
    content = await References(session).read("ConfigMap", namespace, "it")
    assert content is not None
    assert content.values["text"].reveal() == "hello"
    found = [content.base64(key) for key in ("text", "zip", "other")]
    assert [value and value.reveal() for value in found] == ["aGVsbG8=", "/wA=", None]


async def test_an_empty_object_has_no_values(session: Session, widgets: ControlPlane, namespace: str) -> None:
    create(widgets, "Secret", namespace)
    content = await References(session).read("Secret", namespace, "it")
    assert content is not None
    assert (dict(content.values), dict(content.binary)) == ({}, {})


async def test_a_change_shows_in_the_version(session: Session, widgets: ControlPlane, namespace: str) -> None:
    create(widgets, "ConfigMap", namespace, data={"a": "1"})
    before = await References(session).read("ConfigMap", namespace, "it")
    widgets.kubectl("patch", "configmap", "it", "-n", namespace, "--type=merge", "-p", '{"data": {"a": "2"}}')
    after = await References(session).read("ConfigMap", namespace, "it")
    assert before is not None
    assert after is not None
    assert before.uid == after.uid
    assert before.resource_version != after.resource_version


async def test_what_does_not_exist_is_none(session: Session, namespace: str) -> None:
    assert await References(session).read("Secret", namespace, "nothing") is None
    assert await References(session).read("ConfigMap", "no-such-namespace", "nothing") is None


@pytest.mark.parametrize("name", ["..", "../../kube-system/secrets/it", "a/b", "a?watch=1", "%2e%2e", "UPPER", ""])
async def test_a_name_that_cannot_exist_reads_nothing(
    session: Session, widgets: ControlPlane, namespace: str, name: str
) -> None:
    create(widgets, "Secret", namespace, stringData={"k": "v"})
    assert await References(session).read("Secret", namespace, name) is None
    assert await References(session).read("Secret", name, "it") is None


async def test_a_forbidden_secret_is_refused_without_a_value(
    widgets: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    create(widgets, "Secret", namespace, stringData={"k": "hidden-value"})
    session = await connect(widgets.kubeconfig_for("nobody"))
    try:
        with caplog.at_level(logging.DEBUG), pytest.raises(ClusterRefused, match="forbidden") as caught:
            await References(session).read("Secret", namespace, "it")
    finally:
        await session.close()
    assert caught.value.status == 403
    assert "hidden-value" not in caplog.text
