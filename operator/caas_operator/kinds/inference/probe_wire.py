"""One probe of an InferenceDeployment: a Pod's shape here, `{enabled, probe}` on the wire. Pure. Defaults: [S2]."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from caas_operator.core.model import JsonObject, Reference
from caas_operator.core.ports import Inputs
from caas_operator.kinds.inference.probes import HANDLERS, HttpGet, Probe
from caas_operator.kinds.wire import env
from caas_operator.kinds.wire.tree import Whole, chosen, overlay, pruned

OFF: JsonObject = {"enabled": False}

NUMBERS = {
    "initial_delay_seconds": 0,
    "period_seconds": 10,
    "timeout_seconds": 3,
    "success_threshold": 1,
    "failure_threshold": 3,
}
HTTP_DEFAULTS = {"path": "/", "scheme": "HTTP", "host": None}


def references(probe: Probe | None, at: str) -> Iterator[Reference]:
    if probe is None or probe.http_get is None:
        return
    for header in probe.http_get.http_headers or ():
        if header.value_from is not None:
            yield from env.source_references(header.value_from, f"{at}.httpGet.httpHeaders[{header.name}].valueFrom")


def target(probe: Probe | None, path: str, gone: Collection[str], inputs: Inputs) -> JsonObject | None:
    """What is managed of a probe; None where nothing is. One that is off is sent as just that.

    A handler that the spec does not name must not be there.
    """
    if probe is None:
        return OFF if path in gone else None
    if probe.enabled is False:
        return OFF
    handlers = {
        "http_get": probe.http_get and _http_get(probe.http_get, f"{path}.httpGet", gone, inputs),
        "tcp_socket": probe.tcp_socket and {"port": probe.tcp_socket.port},
        "exec": probe.exec and {"command": list(probe.exec.command)},
    }
    return {"enabled": True, "probe": {**handlers, **chosen(probe, path, gone, NUMBERS)}}


def _http_get(action: HttpGet, path: str, gone: Collection[str], inputs: Inputs) -> JsonObject:
    """`scheme` is `schema` on the wire, and the headers are a map."""
    managed = chosen(action, path, gone, HTTP_DEFAULTS)
    if "scheme" in managed:
        managed["schema"] = managed.pop("scheme")
    if action.http_headers is not None:
        managed["headers"] = _headers(action, inputs)
    elif f"{path}.httpHeaders" in gone:
        managed["headers"] = Whole()
    return {"port": action.port, **managed}


def _headers(action: HttpGet, inputs: Inputs) -> Whole:
    headers = Whole()
    for header in action.http_headers or ():
        if header.value is not None:
            headers[header.name] = header.value
        elif header.value_from is not None and (sealed := env.lookup(header.value_from, inputs)) is not None:
            headers[header.name] = sealed.reveal()
    return headers


def seen(found: Mapping[str, Any] | None) -> JsonObject:
    """A probe of a response with its nulls read as defaults; null altogether is one that is off."""
    found = found or {}
    probe = found.get("probe") or {}
    http_get = probe.get("http_get")
    return {
        "enabled": bool(found.get("enabled")),
        "probe": {
            **{name: default if probe.get(name) is None else probe[name] for name, default in NUMBERS.items()},
            "http_get": http_get and _seen_http_get(http_get),
            "tcp_socket": probe.get("tcp_socket"),
            "exec": probe.get("exec"),
        },
    }


def _seen_http_get(http_get: Mapping[str, Any]) -> JsonObject:
    return {
        "port": http_get.get("port"),
        "path": http_get.get("path") or "/",
        "schema": http_get.get("schema") or "HTTP",
        "host": http_get.get("host"),
        "headers": http_get.get("headers") or {},
    }


def patch(found: JsonObject, wanted: JsonObject) -> JsonObject:
    """A probe for a PATCH: complete where it is on, as nobody knows whether the parts left out would be kept.

    So the handlers that must not be there are null, and no other null is ever sent: a cloud that merged a probe
    would keep the old handler beside the new one. Gcore's Terraform provider sends these very nulls [RUN].
    But a `host` that goes, for the same reason; it is left out otherwise, for the SDK's type has no null there [PY].
    """
    if wanted == OFF:
        return OFF
    sent: JsonObject = pruned(overlay(found, wanted))
    probe = {**dict.fromkeys(HANDLERS), **sent["probe"]}
    if probe["http_get"] is not None and _loses_host(found, wanted):
        probe["http_get"] = {**probe["http_get"], "host": None}
    return {**sent, "probe": probe}


def _loses_host(found: JsonObject, wanted: JsonObject) -> bool:
    had = (found["probe"]["http_get"] or {}).get("host")
    http_get = wanted["probe"]["http_get"]
    return had is not None and http_get.get("host", had) is None
