"""The smallest JSON merge patch (RFC 7386) that turns one object into another."""

from collections.abc import Mapping
from typing import Any

from caas_operator.core.model import JsonObject


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    """Only what differs; null for what is no longer there. Lists are replaced whole. Empty: nothing to do.

    A null in `new` says the same as leaving the key out, for the API server keeps no nulls in status.
    """
    patch: JsonObject = {key: None for key in old if new.get(key) is None}
    for key, value in new.items():
        before = old.get(key)
        if before == value:
            continue
        if isinstance(value, Mapping):
            inner = merge_patch(before if isinstance(before, Mapping) else {}, value)
            if inner or not isinstance(before, Mapping):
                patch[key] = inner
        else:
            patch[key] = value
    return patch
