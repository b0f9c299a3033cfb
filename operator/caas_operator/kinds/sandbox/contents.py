"""What a sandbox is filled with from Secrets and ConfigMaps: files, inline skills, domain secrets. Pure."""

import base64
import json
from collections.abc import Iterator

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import JsonObject, Reference
from caas_operator.core.ports import Inputs, Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.sandbox.parts import DomainSecret, NetworkPolicy, SandboxFile, Skill
from caas_operator.kinds.sandbox.spec import SandboxContainerSpec
from caas_operator.kinds.wire.env import CONFIG_MAP, SECRET

DOMAIN_SECRET_LENGTH = 10_485_760
INLINE_SKILL_LENGTH = 70_254_592
"""Of the base64 text [SPEC]."""

Source = tuple[str, str, str]
"""Kind, object name and key of a value."""


def references(spec: SandboxContainerSpec) -> tuple[Reference, ...]:
    return tuple(Reference(kind, name, key, field) for field, (kind, name, key) in _sources(spec))


def _sources(spec: SandboxContainerSpec) -> Iterator[tuple[str, Source]]:
    """Every value that the spec takes from a Secret or ConfigMap, by its field."""
    for secret in (spec.network_policy and spec.network_policy.domain_secrets) or ():
        if secret.value_from is not None:
            ref = secret.value_from.secret_key_ref
            yield f"{domain_field(secret)}.valueFrom.secretKeyRef", (SECRET, ref.name, ref.key)
    for file in spec.files or ():
        yield f"spec.files[{file.path}]", _source(file)
    for skill in spec.skills or ():
        if skill.type == "inline":
            yield f"spec.skills[{skill.name}]", _source(skill)


def _source(one: SandboxFile | Skill) -> Source:
    if one.secret_key_ref is not None:
        return SECRET, one.secret_key_ref.name, one.secret_key_ref.key
    if one.config_map_key_ref is not None:
        return CONFIG_MAP, one.config_map_key_ref.name, one.config_map_key_ref.key
    raise InvalidSpec("spec", "one of secretKeyRef and configMapKeyRef is required")


def write_only(wanted: Wanted) -> dict[str, Sealed]:
    """What no response repeats, by field: values of Secrets and ConfigMaps, file ids, references to skills."""
    spec: SandboxContainerSpec = wanted.spec
    values = {field: wanted.inputs.base64(*source) for field, source in _sources(spec)}
    if spec.file_ids is not None:
        values["spec.fileIds"] = Sealed(json.dumps(sorted(spec.file_ids)))
    if spec.skills is not None:
        named = [[skill.type, skill.skill_id, skill.version, skill.name, skill.description] for skill in spec.skills]
        values["spec.skills"] = Sealed(json.dumps(named))
    if spec.files is not None:
        values["spec.files"] = Sealed(json.dumps(sorted(file.path for file in spec.files)))
    return {field: value for field, value in values.items() if value is not None}


def network_policy(policy: NetworkPolicy, inputs: Inputs) -> JsonObject:
    return {
        "type": policy.type,
        "allowed_domains": policy.allowed_domains,
        "domain_secrets": policy.domain_secrets and [_domain_secret(item, inputs) for item in policy.domain_secrets],
    }


def _domain_secret(secret: DomainSecret, inputs: Inputs) -> JsonObject:
    ref = secret.value_from and secret.value_from.secret_key_ref
    sealed = inputs.get(SECRET, ref.name, ref.key) if ref else None
    value = sealed.reveal() if sealed else ""
    if not 1 <= len(value) <= DOMAIN_SECRET_LENGTH:
        raise InvalidSpec(domain_field(secret), f"the secret's value must have 1 to {DOMAIN_SECRET_LENGTH} characters")
    return {"domain": secret.domain, "name": secret.name, "value": value}


def domain_field(secret: DomainSecret) -> str:
    return f"spec.networkPolicy.domainSecrets[{secret.domain},{secret.name}]"


def skill(one: Skill, inputs: Inputs) -> JsonObject:
    if one.type == "skillReference":
        return {"type": "skill_reference", "skill_id": one.skill_id, "version": one.version}
    data = inputs.base64(*_source(one))
    text = data.reveal() if data else ""
    if not 1 <= len(text) <= INLINE_SKILL_LENGTH:
        raise InvalidSpec(f"spec.skills[{one.name}]", "the zip must have 1 byte to 50 MB")
    source = {"type": "base64", "media_type": "application/zip", "data": text}
    return {"type": "inline", "name": one.name, "description": one.description, "source": source}


def files(wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file to upload."""
    spec: SandboxContainerSpec = wanted.spec
    for file in spec.files or ():
        encoded = wanted.inputs.base64(*_source(file))
        yield file.path, base64.b64decode(encoded.reveal()) if encoded else b""
