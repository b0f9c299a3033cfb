"""Kubeconfig files that hold everything inline, so that they can be copied about."""

import base64
from pathlib import Path

import yaml

from tests.cluster.certificates import Credential, write_private


def write_kubeconfig(path: Path, url: str, ca_file: Path, credential: Credential) -> None:
    def inline(content: bytes) -> str:
        return base64.b64encode(content).decode()

    name = "control-plane"
    user = {
        "client-certificate-data": inline(credential.certificate),
        "client-key-data": inline(credential.key),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": url, "certificate-authority-data": inline(ca_file.read_bytes())}}
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    write_private(path, yaml.safe_dump(config, sort_keys=False).encode())
