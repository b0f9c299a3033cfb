"""InferenceDeployment: spec to the bodies of POST and PATCH, and what differs. Pure. Limits and defaults: [S2, SPEC].

`auth_enabled` is deprecated, and refused together with `api_keys`: it is never sent.
"""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from caas_operator.core.attachment import Attachment
from caas_operator.core.model import External, JsonObject, Reference
from caas_operator.core.ports import Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.inference import probe_wire, regions
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec
from caas_operator.kinds.wire import env, gcore, login
from caas_operator.kinds.wire.tree import chosen, covers, overlay, pruned, set_paths

FIELDS = {
    "image": "image",
    "listeningPort": "listening_port",
    "flavor": "flavor_name",
    "description": "description",
    "env": "envs",
    "timeout": "timeout",
    "credentialsName": "credentials_name",
    "ingressOpts": "ingress_opts",
    "logging": "logging",
}
"""Spec field to wire field, where the two are compared as they are. `env` stands for envFrom too."""

PROBES = {"livenessProbe": "liveness_probe", "readinessProbe": "readiness_probe", "startupProbe": "startup_probe"}

OPTIONAL = (
    "description",
    "command",
    "env",
    "env_from",
    "timeout",
    "api_keys",
    "credentials_name",
    "image_pull_secret_ref",
    "ingress_opts",
    "logging",
    *PROBES.values(),
)

TIMEOUT = 120
INGRESS_DEFAULTS = {"disable_response_buffering": False}
STOPPED = "DISABLED"
LEAVING = "DELETING"


def references(spec: InferenceDeploymentSpec) -> tuple[Reference, ...]:
    return (*env.env_references(spec.env, spec.env_from), *_header_references(spec), *login.references(spec))


def attachment(wanted: Wanted) -> Attachment | None:
    """The registry credentials of the deployment's own. Raises InvalidSpec."""
    return login.attachment(wanted, login.Limits())


def masked(wanted: Wanted) -> Collection[Sealed]:
    """What no answer may repeat."""
    return login.masked(wanted, references(wanted.spec), attachment(wanted))


def _header_references(spec: InferenceDeploymentSpec) -> Iterator[Reference]:
    for name, attribute in PROBES.items():
        yield from probe_wire.references(getattr(spec, attribute), f"spec.{name}")


def applied(spec: InferenceDeploymentSpec) -> tuple[str, ...]:
    return (*set_paths(spec, OPTIONAL), *regions.applied(spec.regions))


def create_body(wanted: Wanted) -> JsonObject:
    """The body of POST. Every region has its id. A deployment cannot be made stopped: `stop` follows."""
    spec: InferenceDeploymentSpec = wanted.spec
    probes = _probes(wanted, frozenset())
    body = {
        "name": wanted.place.name,
        **_target(wanted, None),
        "command": spec.command,
        "api_keys": spec.api_keys,
        "containers": regions.bodies(spec.regions or (), None, gone=frozenset()),
        "probes": probes or None,
    }
    sent: JsonObject = pruned(body)
    return sent


def drift(wanted: Wanted, found: External) -> tuple[str, ...]:
    """Raises ImmutableField for a part of logging that was removed. What is being deleted has no drift."""
    if found.wire.get("status") == LEAVING:
        return ()
    spec: InferenceDeploymentSpec = wanted.spec
    seen = _seen(found.wire)
    gone = gcore.removed(wanted, applied(spec))
    gcore.refuse_removed(wanted, gone, seen, {})
    probes = _probes(wanted, gone)
    checks = {
        "regions": spec.regions is not None and regions.differ(spec.regions, found, gone),
        "command": _command_differs(_command(spec, gone), seen["command"]),
        "apiKeys": _keys_differ(_api_keys(spec, gone), seen["api_keys"]),
        **{name: wire in probes and not covers(seen["probes"][wire], probes[wire]) for name, wire in PROBES.items()},
        "suspend": _suspend_differs(spec, found),
    }
    return (
        *gcore.differing(_target(wanted, seen), seen, login.named(FIELDS, wanted, "credentialsName")),
        *(name for name, differs in checks.items() if differs),
    )


def update_body(wanted: Wanted, found: External, drifted: Sequence[str]) -> JsonObject:
    """The body of PATCH: only what differs, but `containers` complete and in spec's order.

    Empty where only `suspend` differs: that is a call of its own. Every region has its id.
    """
    spec: InferenceDeploymentSpec = wanted.spec
    seen = _seen(found.wire)
    gone = gcore.removed(wanted, applied(spec))
    target, probes = _target(wanted, seen), _probes(wanted, gone)
    fields = login.named(FIELDS, wanted, "credentialsName")
    body: JsonObject = {wire: overlay(seen.get(wire), target[wire]) for name, wire in fields.items() if name in drifted}
    if "regions" in drifted:
        body["containers"] = regions.bodies(spec.regions or (), regions.rows(found), gone)
    if "command" in drifted:
        body["command"] = _command(spec, gone)
    if "apiKeys" in drifted:
        body["api_keys"] = _api_keys(spec, gone)
    sent: JsonObject = pruned(gcore.logging_off_alone(body))
    if changed := [wire for name, wire in PROBES.items() if name in drifted]:
        sent["probes"] = {wire: probe_wire.patch(seen["probes"][wire], probes[wire]) for wire in changed}
    return sent


def _target(wanted: Wanted, found: Mapping[str, Any] | None) -> JsonObject:
    """What is managed of FIELDS, in the wire's names: what the spec sets, and the clearing value of what left it."""
    spec: InferenceDeploymentSpec = wanted.spec
    gone = gcore.removed(wanted, applied(spec))
    target = {
        "image": spec.image,
        "listening_port": spec.listening_port,
        "flavor_name": spec.flavor,
        "description": gcore.description(wanted, gone, found),
        "envs": env.target(wanted, gone),
        "timeout": TIMEOUT if "timeout" in gone else spec.timeout,
        "credentials_name": _credentials(wanted, gone, found),
        "ingress_opts": _ingress_opts(spec, gone),
        "logging": gcore.logging(spec.logging, gone),
    }
    return {wire: value for wire, value in target.items() if value is not None}


def _credentials(wanted: Wanted, gone: Collection[str], found: Mapping[str, Any] | None) -> str | None:
    seen = found.get("credentials_name") if found else None
    cleared = "credentialsName" in gone or login.to_be_cleared(wanted, gone, seen)
    return wanted.spec.credentials_name or login.name(wanted) or ("" if cleared else None)


def _ingress_opts(spec: InferenceDeploymentSpec, gone: Collection[str]) -> JsonObject | None:
    if spec.ingress_opts is None:
        return INGRESS_DEFAULTS if "ingressOpts" in gone else None
    return chosen(spec.ingress_opts, "ingressOpts", gone, INGRESS_DEFAULTS)


def _probes(wanted: Wanted, gone: Collection[str]) -> JsonObject:
    """The probes that are managed, by wire name."""
    targets = {
        wire: probe_wire.target(getattr(wanted.spec, wire), name, gone, wanted.inputs) for name, wire in PROBES.items()
    }
    return {wire: target for wire, target in targets.items() if target is not None}


def _command(spec: InferenceDeploymentSpec, gone: Collection[str]) -> list[str] | None:
    if spec.command is None:
        return [] if "command" in gone else None
    return list(spec.command)


def _command_differs(wanted: list[str] | None, found: Any) -> bool:
    """The request has a list, the response one string that nobody can split again [SPEC, LAB].

    So two lists that join to the same string are taken for equal; quoted or not, to be safe from correcting for ever.
    """
    if wanted is None:
        return False
    return found not in (wanted, " ".join(wanted), shlex.join(wanted))


def _api_keys(spec: InferenceDeploymentSpec, gone: Collection[str]) -> list[str] | None:
    if spec.api_keys is None:
        return [] if "apiKeys" in gone else None
    return list(spec.api_keys)


def _keys_differ(wanted: list[str] | None, found: list[str]) -> bool:
    return wanted is not None and set(wanted) != set(found)


def _suspend_differs(spec: InferenceDeploymentSpec, found: External) -> bool:
    if spec.suspend is None and spec.observe_only:
        return False
    return bool(spec.suspend) != (found.wire.get("status") == STOPPED)


def _seen(wire: Mapping[str, Any]) -> JsonObject:
    """A response with its nulls read as the defaults they stand for."""
    probes = wire.get("probes") or {}
    timeout = wire.get("timeout")
    return {
        **wire,
        "description": wire.get("description") or "",
        "command": wire.get("command") or "",
        "envs": wire.get("envs") or {},
        "timeout": TIMEOUT if timeout is None else timeout,
        "api_keys": wire.get("api_keys") or [],
        "credentials_name": wire.get("credentials_name") or "",
        "ingress_opts": INGRESS_DEFAULTS | pruned(wire.get("ingress_opts") or {}),
        "logging": gcore.seen_logging(wire.get("logging")),
        "probes": {name: probe_wire.seen(probes.get(name)) for name in PROBES.values()},
    }
