"""Kubeconfigs, without any server."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from caas_operator.core.secret import Sealed
from caas_operator.kube.credentials import Identity, kubeconfig_paths, load_kubeconfig, take_identity
from caas_operator.kube.errors import KubeconfigInvalid

PEM = "-----BEGIN SOMETHING-----"


def write(path: Path, **sections: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")
    return path


def context(name: str, cluster: str = "c", user: str = "u") -> dict[str, Any]:
    return {"name": name, "context": {"cluster": cluster, "user": user}}


def test_kubectls_places_are_looked_at() -> None:
    assert kubeconfig_paths({"KUBECONFIG": f"/a{os.pathsep}{os.pathsep}/b"}) == (Path("/a"), Path("/b"))
    assert kubeconfig_paths({}) == (Path("~/.kube/config").expanduser(),)


def test_of_several_files_the_first_to_name_a_thing_wins(tmp_path: Path) -> None:
    first = write(
        tmp_path / "1",
        **{"current-context": "one"},
        contexts=[context("one")],
        clusters=[{"name": "c", "cluster": {"server": "https://first"}}],
    )
    second = write(
        tmp_path / "2",
        **{"current-context": "two"},
        contexts=[context("two")],
        clusters=[{"name": "c", "cluster": {"server": "https://second"}}],
        users=[{"name": "u", "user": {"token": "t"}}],
    )
    merged = load_kubeconfig((first, tmp_path / "missing", second))
    assert merged["current-context"] == "one"
    assert [entry["name"] for entry in merged["contexts"]] == ["one", "two"]
    assert merged["clusters"] == [{"name": "c", "cluster": {"server": "https://first"}}]
    assert merged["users"][0]["user"] == {"token": "t"}


def test_paths_in_a_file_are_relative_to_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path / "sub" / "config",
        **{"current-context": "x"},
        contexts=[context("x")],
        clusters=[{"name": "c", "cluster": {"certificate-authority": "ca.crt"}}],
        users=[{"name": "u", "user": {"tokenFile": "token", "client-certificate": "/abs.crt"}}],
    )
    merged = load_kubeconfig((file,))
    assert merged["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "sub" / "ca.crt")
    assert merged["users"][0]["user"] == {
        "tokenFile": str(tmp_path / "sub" / "token"),
        "client-certificate": "/abs.crt",
    }


def test_certificates_come_from_data_or_files_and_leave_the_config(tmp_path: Path) -> None:
    (tmp_path / "client.key").write_text("KEY", encoding="ascii")
    data = base64.b64encode(PEM.encode()).decode()
    config: dict[str, Any] = {
        "current-context": "x",
        "contexts": [context("x")],
        "clusters": [{"name": "c", "cluster": {"server": "s", "certificate-authority-data": data}}],
        "users": [{"name": "u", "user": {"client-certificate-data": data, "client-key": str(tmp_path / "client.key")}}],
    }
    identity = take_identity(config, None)
    assert (identity.ca, identity.certificate) == (PEM, PEM)
    assert identity.private_key is not None
    assert identity.private_key.reveal() == "KEY"
    assert config["clusters"][0]["cluster"] == {"server": "s"}
    assert config["users"][0]["user"] == {}
    assert "KEY" not in repr(identity)


@pytest.mark.parametrize(
    ("text", "chosen", "words"),
    [
        pytest.param("", None, "is empty or no mapping", id="empty"),
        pytest.param("a: [s3cret", None, "is not YAML", id="no YAML"),
        pytest.param("clusters: []", None, "names no context", id="no current context"),
        pytest.param("current-context: x", None, "has no context 'x'", id="unknown current context"),
        pytest.param("contexts: [{name: y, context: {cluster: c}}]", "x", "has no context 'x'", id="unknown context"),
        pytest.param("contexts: [{name: x, context: {cluster: c}}]", "x", "has no cluster 'c'", id="unknown cluster"),
        pytest.param(
            "{contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster:"
            " {certificate-authority-data: s3cret}}]}",
            "x",
            "certificate-authority of the kubeconfig is not PEM",
            id="broken certificate",
        ),
        pytest.param(
            "{contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster:"
            " {certificate-authority: gone}}]}",
            "x",
            "cannot be read: No such file",
            id="missing certificate file",
        ),
    ],
)
def test_a_broken_kubeconfig_is_named_and_not_quoted(tmp_path: Path, text: str, chosen: str | None, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KubeconfigInvalid) as caught:
        take_identity(load_kubeconfig((path,)), chosen)
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigInvalid, match=r"nothing cannot be read: No such file"):
        load_kubeconfig((tmp_path / "nothing",))


def test_without_a_certificate_the_systems_authorities_are_trusted() -> None:
    assert Identity().ssl_context().get_ca_certs() != []


@pytest.mark.parametrize("identity", [Identity(ca=PEM), Identity(certificate=PEM, private_key=Sealed("s3cret"))])
def test_certificates_that_are_none_are_refused_without_their_text(identity: Identity) -> None:
    with pytest.raises(KubeconfigInvalid, match="cannot be used") as caught:
        identity.ssl_context()
    assert "s3cret" not in str(caught.value)
