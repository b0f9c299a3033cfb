"""CaasContainer: spec to the bodies of POST and PATCH, and what differs. Pure. Limits and defaults: [S1, SPEC]."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from caas_operator.core.attachment import Attachment
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import External, JsonObject, Reference
from caas_operator.core.ports import Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.container.spec import CaasContainerSpec, CaasScale
from caas_operator.kinds.wire import env, gcore, login
from caas_operator.kinds.wire.tree import Whole, chosen, overlay, pruned, set_paths

DESCRIPTION_LENGTH = 255

FIELDS = {
    "image": "image",
    "listeningPort": "listening_port",
    "flavor": "flavor",
    "scale": "scale",
    "description": "description",
    "commands": "commands",
    "env": "envs",
    "timeout": "timeout",
    "suspend": "is_disabled",
    "isApiKeyAuth": "is_api_key_auth",
    "pullSecret": "pull_secret",
    "logging": "logging",
}
"""Spec field to wire field: all that can differ. `env` stands for envFrom too."""

OPTIONAL = (
    "description",
    "commands",
    "env",
    "env_from",
    "timeout",
    "is_api_key_auth",
    "pull_secret",
    "image_pull_secret_ref",
    "logging",
)

NOT_CLEARABLE = {"commands": "commands", "timeout": "timeout"}
LOGIN_LIMITS = login.Limits(registry=400, login=100, password=5000)

SCALE_DEFAULTS = {"cooldown_period": 60}
NO_TRIGGERS: JsonObject = {"cpu": None, "memory": None, "http": None}

_ENV_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ENV_LENGTH = 255


def references(spec: CaasContainerSpec) -> tuple[Reference, ...]:
    return (*env.env_references(spec.env, spec.env_from), *login.references(spec))


def attachment(wanted: Wanted) -> Attachment | None:
    """The pull secret of the container's own. Raises InvalidSpec."""
    return login.attachment(wanted, LOGIN_LIMITS)


def masked(wanted: Wanted) -> Collection[Sealed]:
    """What no answer may repeat."""
    return login.masked(wanted, references(wanted.spec), attachment(wanted))


def applied(spec: CaasContainerSpec) -> tuple[str, ...]:
    return (*set_paths(spec, OPTIONAL), *set_paths(spec.scale, prefix="scale."))


def create_body(wanted: Wanted) -> JsonObject:
    """The body of POST. Raises InvalidSpec for a variable that the cloud would refuse."""
    body = {"name": wanted.place.name, **_target(wanted, None)}
    if wanted.spec.suspend is None:
        del body["is_disabled"]
    return _sent(body)


def drift(wanted: Wanted, found: External) -> tuple[str, ...]:
    """Raises ImmutableField for what was removed and cannot be cleared, InvalidSpec as `create_body`."""
    seen = _seen(found.wire)
    target = _target(wanted, seen)
    gone = gcore.removed(wanted, applied(wanted.spec))
    kept = dict(NOT_CLEARABLE)
    if "pull_secret" not in target:
        # Not clearable either, but one login can take another's place.
        own = login.to_be_cleared(wanted, gone, seen.get("pull_secret"))
        kept[login.FIELD if own else "pullSecret"] = "pull_secret"
    gcore.refuse_removed(wanted, gone, seen, kept)
    return tuple(gcore.differing(target, seen, login.named(FIELDS, wanted, "pullSecret")))


def update_body(wanted: Wanted, found: External, drifted: Sequence[str]) -> JsonObject:
    """The body of PATCH: only what differs, but scale and logging complete."""
    seen = _seen(found.wire)
    target = _target(wanted, seen)
    fields = login.named(FIELDS, wanted, "pullSecret")
    return _sent({wire: overlay(seen.get(wire), target[wire]) for name, wire in fields.items() if name in drifted})


def _sent(body: JsonObject) -> JsonObject:
    sent: JsonObject = pruned(gcore.logging_off_alone(body))
    return sent


def _target(wanted: Wanted, found: Mapping[str, Any] | None) -> JsonObject:
    """All that is managed, in the wire's names: what the spec sets, and the clearing value of what left it."""
    spec: CaasContainerSpec = wanted.spec
    gone = gcore.removed(wanted, applied(spec))
    target = {
        "image": spec.image,
        "listening_port": spec.listening_port,
        "flavor": spec.flavor,
        "scale": _scale(spec.scale, gone),
        "description": gcore.description(wanted, gone, found, DESCRIPTION_LENGTH),
        "commands": spec.commands,
        "envs": _envs(wanted, gone),
        "timeout": spec.timeout,
        "is_disabled": spec.suspend if spec.observe_only else bool(spec.suspend),
        "is_api_key_auth": False if "isApiKeyAuth" in gone else spec.is_api_key_auth,
        "pull_secret": spec.pull_secret or login.name(wanted),
        "logging": gcore.logging(spec.logging, gone),
    }
    return {wire: value for wire, value in target.items() if value is not None}


def _scale(scale: CaasScale | None, gone: Collection[str]) -> JsonObject | None:
    if scale is None:
        return None
    default = NO_TRIGGERS if "scale.triggers" in gone else None
    return {
        "min": scale.min,
        "max": scale.max,
        **chosen(scale, "scale", gone, SCALE_DEFAULTS),
        **gcore.triggers(scale.triggers, default),
    }


def _envs(wanted: Wanted, gone: Collection[str]) -> Whole | None:
    resolved = env.target(wanted, gone)
    for name, value in (resolved or {}).items():
        if not _ENV_NAME.fullmatch(name) or len(name) > _ENV_LENGTH:
            raise InvalidSpec(f"spec.env[{name}]", "not a name the cloud takes: up to 255 letters, digits and _")
        if len(value) > _ENV_LENGTH:
            raise InvalidSpec(f"spec.env[{name}]", "the value is longer than the 255 characters that the cloud takes")
    return resolved


def _seen(wire: Mapping[str, Any]) -> JsonObject:
    """A response with its nulls read as the defaults they stand for."""
    scale = wire.get("scale") or {}
    return {
        **wire,
        "envs": wire.get("envs") or {},
        "description": wire.get("description") or "",
        "is_disabled": bool(wire.get("is_disabled")),
        "is_api_key_auth": bool(wire.get("is_api_key_auth")),
        "scale": {
            "min": scale.get("min"),
            "max": scale.get("max"),
            "cooldown_period": scale.get("cooldown_period") or SCALE_DEFAULTS["cooldown_period"],
            "triggers": scale.get("triggers"),
        },
        "logging": gcore.seen_logging(wire.get("logging")),
    }
