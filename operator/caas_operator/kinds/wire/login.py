"""A registry login: from a dockerconfigjson Secret here to the one login that a cloud takes for an image.

A cloud's login is for one registry, a host without a path [DOC-reg]; such a Secret holds any number of them, by host or
by host and path. As a node does, the one that fits the image best is taken.
"""

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.attachment import Attachment, attachment_name
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import External, Health, JsonObject, Reference, documents
from caas_operator.core.ports import Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.wire.env import SECRET

FIELD = "imagePullSecretRef"
KEY = ".dockerconfigjson"
DOCKER_HUB = "docker.io"
"""What an image without a host comes from; Gcore's own example of a registry [PY]."""
_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest registry, user name and password that a cloud takes; None for no limit that is known."""

    registry: int | None = None
    login: int | None = None
    password: int | None = None


def references(spec: Any) -> Iterator[Reference]:
    """The whole Secret: what it lacks is told here, in words that say what it should be."""
    if spec.image_pull_secret_ref is not None:
        yield Reference(SECRET, spec.image_pull_secret_ref.name, None, f"spec.{FIELD}", document=KEY)


def name(wanted: Wanted) -> str | None:
    """What the resource is to name as its login, where it is to have one of its own."""
    if wanted.spec.image_pull_secret_ref is None or wanted.spec.observe_only:
        return None
    return attachment_name(wanted.marker)


def to_be_cleared(wanted: Wanted, gone: Collection[str], found: object) -> bool:
    """Whether the resource names a login of ours that spec has no more; another's was never our doing."""
    return FIELD in gone and found == attachment_name(wanted.marker)


def named(fields: Mapping[str, str], wanted: Wanted, plain: str) -> dict[str, str]:
    """Spec field to wire field, with ours in the place of the one (`plain`) that names a login of the cloud's."""
    own = wanted.spec.image_pull_secret_ref is not None
    return {FIELD if own and field == plain else field: wire for field, wire in fields.items()}


def attachment(wanted: Wanted, limits: Limits) -> Attachment | None:
    """The login that a spec asks for. Raises InvalidSpec."""
    ref, image = wanted.spec.image_pull_secret_ref, wanted.spec.image
    if ref is None or image is None:
        return None
    document = wanted.inputs.get(SECRET, ref.name, KEY)
    if document is None or (SECRET, ref.name, KEY) in wanted.inputs.encoded:
        raise _problem(f"Secret {ref.name} has no key {KEY}: it must be of type kubernetes.io/dockerconfigjson")
    host, repository = registry_of(image)
    user, password, parts = _login(ref.name, document, host, repository)
    for what, value, longest in (
        ("the registry of spec.image", host, limits.registry),
        (f"the user name for {host}", user, limits.login),
        (f"the password for {host}", password, limits.password),
    ):
        if longest is not None and len(value) > longest:
            raise _problem(f"Secret {ref.name}: {what} is longer than the {longest} characters that the cloud takes")
    shown = {"registry": host, "login": user}
    return Attachment(attachment_name(wanted.marker), shown, Sealed(password), parts)


def masked(wanted: Wanted, references: Collection[Reference], attached: Attachment | None) -> Collection[Sealed]:
    """What answers to a request for the resource itself must not repeat: of the login its parts alone."""
    return wanted.inputs.secrets(documents(references)) | (attached.parts if attached else frozenset())


def registry_of(image: str) -> tuple[str, str]:
    """Host (with its port) and repository of an image, as container engines read it."""
    first, slash, rest = image.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, path = (first, rest) if has_host else (DOCKER_HUB, image)
    path = path.partition("@")[0]
    head, _, last = path.rpartition("/")
    repository = "/".join(part for part in (head, last.partition(":")[0]) if part)
    return DOCKER_HUB if host in _HUB_NAMES else host, repository


def _login(secret: str, document: Sealed, host: str, repository: str) -> tuple[str, str, frozenset[Sealed]]:
    fitting: dict[str, list[tuple[str, str]]] = {}
    for key, entry in _entries(secret, document):
        entry_host, path = _key(key)
        if entry_host == host and (not path or f"{repository}/".startswith(f"{path}/")):
            fitting.setdefault(path, []).append(_credentials(secret, host, entry))
    if not fitting:
        raise _problem(f"Secret {secret} has no login for {host}, the registry of spec.image")
    best = set(fitting[max(fitting, key=len)])
    if len(best) > 1:
        raise _problem(f"Secret {secret} has several logins for {host}: the cloud takes one for an image")
    user, password = best.pop()
    packed = base64.b64encode(f"{user}:{password}".encode()).decode()
    return user, password, frozenset({Sealed(user), Sealed(password), Sealed(packed)})


def _entries(secret: str, document: Sealed) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        auths = json.loads(document.reveal())["auths"]
        found = [(key, entry) for key, entry in auths.items() if isinstance(entry, Mapping)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Without the cause: it quotes the document.
        raise _problem(f"Secret {secret}: {KEY} is not the JSON of a dockerconfigjson Secret") from None
    if not found:
        raise _problem(f"Secret {secret}: {KEY} has no registry under auths")
    yield from found


def _key(key: str) -> tuple[str, str]:
    """Host and path of an entry: `https://index.docker.io/v1/`, `registry.example.com`, `registry.example.com/team`."""
    host, _, path = key.partition("://")[2].partition("/") if "://" in key else key.partition("/")
    path = path.strip("/")
    return DOCKER_HUB if host in _HUB_NAMES else host, "" if path in ("v1", "v2") else path


def _credentials(secret: str, host: str, entry: Mapping[str, Any]) -> tuple[str, str]:
    user, password = entry.get("username"), entry.get("password")
    if not (user and password) and isinstance(entry.get("auth"), str):
        try:
            user, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = None
    if not (isinstance(user, str) and isinstance(password, str) and user and password):
        raise _problem(f"Secret {secret}: the login for {host} has no user name and password, which the cloud needs")
    return user, password


def _problem(rule: str) -> InvalidSpec:
    return InvalidSpec(f"spec.{FIELD}", rule)


def external(row: Mapping[str, Any], registry: str, login: str) -> External:
    """One row of a cloud's list; `registry` and `login`: what the cloud calls them."""
    return External(id=row["name"], name=row["name"], health=Health.SERVING, wire=shown(row, registry, login))


def shown(row: Mapping[str, Any], registry: str, login: str) -> JsonObject:
    return {"registry": row.get(registry), "login": row.get(login)}
