"""How the API server is reached: read once from a kubeconfig or the pod, and kept free of files on disk."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from caas_operator.core.secret import Sealed
from caas_operator.kube.errors import KubeconfigInvalid

_FILES = ("certificate-authority", "client-certificate", "client-key")


@dataclass(frozen=True, slots=True)
class Identity:
    """The TLS side of a connection, all in PEM: whom to trust, and who we are."""

    ca: str | None = None
    certificate: str | None = None
    private_key: Sealed | None = None

    def ssl_context(self, *, insecure: bool = False) -> ssl.SSLContext:
        """Raises KubeconfigInvalid where the certificates are none."""
        try:
            return self._ssl_context(insecure=insecure)
        except ssl.SSLError as error:
            raise KubeconfigInvalid(f"a certificate or key of the kubeconfig cannot be used: {error.reason}") from None

    def _ssl_context(self, *, insecure: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.ca)
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate is not None and self.private_key is not None:
            # The ssl module takes a client's key from a file only: it exists for this call, readable by us alone.
            with tempfile.NamedTemporaryFile("w") as chain:
                chain.write(f"{self.certificate}\n{self.private_key.reveal()}\n")
                chain.flush()
                context.load_cert_chain(chain.name)
        return context


@dataclass(frozen=True, slots=True)
class Credentials:
    """What any client of the API server needs. `authorization` is the whole header as of now; tokens change."""

    server: str
    identity: Identity
    authorization: Sealed | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy: str | None = None

    def ssl_context(self) -> ssl.SSLContext:
        return self.identity.ssl_context(insecure=self.insecure)


def kubeconfig_paths(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where kubectl would look: the files of $KUBECONFIG, else ~/.kube/config."""
    named = environ.get("KUBECONFIG", "")
    return tuple(Path(part).expanduser() for part in named.split(os.pathsep) if part) or (
        Path("~/.kube/config").expanduser(),
    )


def load_kubeconfig(paths: tuple[Path, ...]) -> dict[str, Any]:
    """One kubeconfig out of several: as in kubectl, the first to name a thing wins and missing files do not matter.

    Paths inside a file are relative to that file and come out absolute. Raises KubeconfigInvalid.
    """
    merged: dict[str, Any] = {"clusters": [], "contexts": [], "users": []}
    for path in paths:
        if len(paths) > 1 and not path.exists():
            continue
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise KubeconfigInvalid(f"the kubeconfig {path} cannot be read: {error.strerror}") from None
        except yaml.YAMLError:
            # The parser's own text quotes the lines around the mistake, and those may hold a key.
            raise KubeconfigInvalid(f"the kubeconfig {path} is not YAML") from None
        if not isinstance(document, dict):
            raise KubeconfigInvalid(f"the kubeconfig {path} is empty or no mapping")
        if document.get("current-context"):
            merged.setdefault("current-context", document["current-context"])
        for section in ("clusters", "contexts", "users"):
            known = {entry.get("name") for entry in merged[section]}
            entries = document.get(section) or []
            merged[section] += [_anchored(e, path.parent) for e in entries if e.get("name") not in known]
    return merged


def _anchored(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = dict(entry)
    for part in ("cluster", "user"):
        if isinstance(entry.get(part), dict):
            inner = dict(entry[part])
            for name in (*_FILES, "tokenFile"):
                if inner.get(name):
                    inner[name] = str(folder.absolute() / inner[name])
            anchored[part] = inner
    return anchored


def take_identity(config: dict[str, Any], context: str | None) -> Identity:
    """The TLS material of a context, removed from `config` so that nobody after us writes it to disk.

    Raises KubeconfigInvalid where the context, its cluster or a file is missing.
    """
    name = context or config.get("current-context")
    chosen = _named(config, "contexts", name).get("context") or {}
    cluster = _named(config, "clusters", chosen.get("cluster")).get("cluster") or {}
    user = _named(config, "users", chosen.get("user")).get("user") or {} if chosen.get("user") else {}
    key = _taken(user, "client-key")
    return Identity(
        ca=_taken(cluster, "certificate-authority"),
        certificate=_taken(user, "client-certificate"),
        private_key=None if key is None else Sealed(key),
    )


def _named(config: Mapping[str, Any], section: str, name: str | None) -> dict[str, Any]:
    entry: dict[str, Any] | None = next((e for e in config[section] if e.get("name") == name), None)
    if entry is None:
        what = f"has no {section[:-1]} {name!r}" if name else f"names no {section[:-1]}"
        raise KubeconfigInvalid(f"the kubeconfig {what}")
    return entry


def _taken(section: dict[str, Any], name: str) -> str | None:
    data, path = section.pop(f"{name}-data", None), section.pop(name, None)
    try:
        if data:
            return base64.b64decode(data, validate=True).decode("ascii")
        return Path(path).read_text(encoding="ascii") if path else None
    except OSError as error:
        raise KubeconfigInvalid(f"{name} {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise KubeconfigInvalid(f"{name} of the kubeconfig is not PEM") from None
