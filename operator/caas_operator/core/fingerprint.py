"""Keyed hashes of values that no cloud shows again: they tell that a Secret has changed, not what it holds."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.secret import Sealed

LENGTH = 32


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Made with a key that only the operator knows: without it nobody can try values against status."""

    key_id: str
    key: Sealed

    def of(self, values: Mapping[str, Sealed]) -> dict[str, Any]:
        """What status.appliedSecrets keeps of `values`, which go by the name of the field."""
        key = self.key.reveal().encode()
        made = {
            name: hmac.new(key, f"{name}\0{value.reveal()}".encode(), hashlib.sha256).hexdigest()[:LENGTH]
            for name, value in sorted(values.items())
        }
        return {"keyId": self.key_id, "hmac": made}


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """The names whose values differ; what was hashed with another key, or not at all, is unknown and no change."""
    if before.get("keyId") != now.get("keyId"):
        return ()
    known = before.get("hmac") or {}
    return tuple(name for name, digest in now["hmac"].items() if known.get(name, digest) != digest)
