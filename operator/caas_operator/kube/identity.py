"""Who we are: the cluster's identity, and the operator's own key for fingerprints of secrets."""

import base64
import hashlib
import logging
import secrets
from dataclasses import dataclass

from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.paths import core
from caas_operator.kube.session import FIELD_MANAGER, Session

HMAC_SECRET = "caas-operator-hmac"  # noqa: S105 - a Secret's name
_FIELD = "key"
_KEY_BYTES = 32

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HmacKey:
    """`key` is 32 random bytes in hex; `id` follows from it, so that another key never passes for this one."""

    id: str
    key: Sealed


async def cluster_id(session: Session) -> str:
    """The uid of the namespace kube-system, as the custom is. Raises ClusterError."""
    body = await session.call("GET", core("namespaces", None, "kube-system"))
    return str(body["metadata"]["uid"])


async def hmac_key(session: Session, namespace: str, name: str = HMAC_SECRET) -> HmacKey | None:
    """The key in our Secret in the operator's namespace, made at the first call.

    None where we may neither read nor make it, or it holds no key of ours. Two that make it at once get the same one.
    Raises ClusterUnavailable.
    """
    path = core("secrets", namespace, name)
    try:
        try:
            return _from_secret(await session.call("GET", path))
        except ClusterError as error:
            if error.status != 404:
                raise
        try:
            made = await session.call(
                "POST",
                core("secrets", namespace),
                query={"fieldManager": FIELD_MANAGER},
                body=_new_secret(namespace, name),
            )
        except ClusterError as error:
            if error.status != 409:
                raise
            made = await session.call("GET", path)
        return _from_secret(made)
    except ClusterError as error:
        if error.status not in {403, 404}:
            raise
        _logger.warning("no key for fingerprints of secrets: %s", error)
        return None


def _new_secret(namespace: str, name: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": FIELD_MANAGER},
        },
        "data": {_FIELD: base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")},
    }


def _from_secret(body: JsonObject) -> HmacKey | None:
    raw = base64.b64decode((body.get("data") or {}).get(_FIELD) or "")
    if len(raw) != _KEY_BYTES:
        _logger.warning("the Secret %s holds no key of %d bytes", body["metadata"]["name"], _KEY_BYTES)
        return None
    return HmacKey(hashlib.sha256(b"key id\0" + raw).hexdigest()[:12], Sealed(raw.hex()))
