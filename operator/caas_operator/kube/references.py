"""Secrets and ConfigMaps, read one by one with GET. Values are sealed before they leave this module."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.paths import core, is_name
from caas_operator.kube.session import Session

_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps"}


@dataclass(frozen=True, slots=True)
class Content:
    """What a Secret or ConfigMap held when it was read: `values` is what is UTF-8 text, `binary` the rest as base64."""

    uid: str
    resource_version: str
    values: Mapping[str, Sealed]
    binary: Mapping[str, Sealed]

    def base64(self, key: str) -> Sealed | None:
        """The bytes of one key as base64, text or not; None if there is no such key."""
        text = self.values.get(key)
        if text is None:
            return self.binary.get(key)
        return Sealed(base64.b64encode(text.reveal().encode()).decode("ascii"))


class References:
    """Reads what specs refer to. It keeps nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def read(self, kind: Literal["Secret", "ConfigMap"], namespace: str, name: str) -> Content | None:
        """None when there is none. Raises ClusterError, for a `get` that is not allowed too."""
        if not is_name(name) or not is_name(namespace):
            return None
        try:
            body = await self._session.call("GET", core(_PLURALS[kind], namespace, name))
        except ClusterError as error:
            if error.status == 404:
                return None
            raise
        return _from_secret(body) if kind == "Secret" else _from_config_map(body)


def _from_secret(body: JsonObject) -> Content:
    values: dict[str, Sealed] = {}
    binary: dict[str, Sealed] = {}
    for key, encoded in (body.get("data") or {}).items():
        try:
            values[key] = Sealed(base64.b64decode(encoded).decode())
        except UnicodeDecodeError:
            binary[key] = Sealed(encoded)
    return _content(body, values, binary)


def _from_config_map(body: JsonObject) -> Content:
    values = {key: Sealed(text) for key, text in (body.get("data") or {}).items()}
    binary = {key: Sealed(encoded) for key, encoded in (body.get("binaryData") or {}).items()}
    return _content(body, values, binary)


def _content(body: JsonObject, values: dict[str, Sealed], binary: dict[str, Sealed]) -> Content:
    metadata = body["metadata"]
    return Content(metadata["uid"], metadata["resourceVersion"], values, binary)
