"""The nested parts of a SandboxContainer. Limits are of OpenAI's create body [SPEC, SDK], unless ours are said."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.model import ListMap, ListSet, SpecModel
from caas_operator.kinds.fields.references import ConfigMapKeyRef, SecretKeyRef
from caas_operator.kinds.fields.rules import exactly_one

Domain = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/]+$")]

FILE_PATH = r"^\.?[A-Za-z0-9_][A-Za-z0-9_.-]*(/\.?[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"


class ExpiresAfter(SpecModel):
    anchor: Literal["lastActiveAt"] | None = Field(
        default=None, description="What the minutes are counted from. Unset: lastActiveAt, the only value."
    )
    minutes: int = Field(ge=1, le=20, description="Idle minutes after which the sandbox expires, 1 to 20.")


class SandboxFile(SpecModel):
    """One file, uploaded once after the sandbox was created."""

    path: str = Field(
        max_length=255,
        pattern=FILE_PATH,
        description="Name of the file, relative to /mnt/data, up to 255 characters: letters, digits, `.`, `_`, `-`, "
        "with `/` between folders; no `..`.",
    )
    config_map_key_ref: ConfigMapKeyRef | None = Field(
        default=None, description="Takes the content from a ConfigMap of this namespace. Unset: secretKeyRef gives it."
    )
    secret_key_ref: SecretKeyRef | None = Field(
        default=None, description="Takes the content from a Secret of this namespace. Unset: configMapKeyRef gives it."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("config_map_key_ref", "secret_key_ref"),)


class DomainSecretSource(SpecModel):
    secret_key_ref: SecretKeyRef = Field(description="A key of a Secret in this namespace.")


class DomainSecret(SpecModel):
    """A secret that is put into requests to one domain on their way out; code in the sandbox sees a placeholder."""

    domain: Domain = Field(description="Domain that gets the secret, 1 to 253 characters; one of allowedDomains.")
    name: str = Field(
        min_length=1, max_length=256, description="Name by which the sandbox uses the secret, 1 to 256 characters."
    )
    value: str | None = Field(
        default=None,
        max_length=10485760,
        repr=False,
        description="Always refused, up to 10485760 characters: a secret is never written into an object. "
        "Unset: valueFrom gives the value.",
    )
    value_from: DomainSecretSource | None = Field(
        default=None, description="Where the secret's value comes from, 1 to 10485760 characters. Required."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.value)",
            "a secret is never written here: use valueFrom.secretKeyRef",
            field_path=".value",
            reason="FieldValueForbidden",
            check=lambda secret: secret.value is None,
        ),
        Rule(
            "has(self.value) || has(self.valueFrom)",
            "valueFrom is required",
            field_path=".valueFrom",
            reason="FieldValueRequired",
            check=lambda secret: secret.value_from is not None,
        ),
    )


class NetworkPolicy(SpecModel):
    type: Literal["disabled", "allowlist"] = Field(
        description="disabled: no network. allowlist: only allowedDomains, which the organisation must allow as well."
    )
    allowed_domains: Annotated[tuple[Domain, ...], Field(min_length=1, max_length=100), ListSet()] | None = Field(
        default=None,
        description="Domains that may be reached, 1 to 100 of 1 to 253 characters. Required with type allowlist, "
        "refused with disabled. Unset: none.",
    )
    domain_secrets: (
        Annotated[tuple[DomainSecret, ...], Field(min_length=1, max_length=50), ListMap(("domain", "name"))] | None
    ) = Field(
        default=None,
        description="Secrets put into requests to allowed domains, 1 to 50; only with type allowlist. Unset: none.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.type == 'allowlist') == has(self.allowedDomains)",
            "allowedDomains is required with type allowlist, and refused with type disabled",
            field_path=".allowedDomains",
            check=lambda policy: (policy.type == "allowlist") == (policy.allowed_domains is not None),
        ),
        Rule(
            "self.type == 'allowlist' || !has(self.domainSecrets)",
            "domainSecrets needs type allowlist",
            field_path=".domainSecrets",
            check=lambda policy: policy.type == "allowlist" or policy.domain_secrets is None,
        ),
    )


def _skill_fits(skill: "Skill") -> bool:
    described = skill.name is not None and skill.description is not None
    sources = (skill.secret_key_ref is not None) + (skill.config_map_key_ref is not None)
    if skill.type == "skillReference":
        return skill.skill_id is not None and skill.name is None and skill.description is None and not sources
    return skill.skill_id is None and skill.version is None and described and sources == 1


class Skill(SpecModel):
    """One skill: either a reference to a stored one, or its zip from a Secret or ConfigMap."""

    type: Literal["skillReference", "inline"] = Field(
        description="skillReference: a skill stored in the cloud, by skillId and version. inline: a zip of up to 50 MB "
        "(in a Kubernetes object: about 1 MB), by name, description and one of secretKeyRef and configMapKeyRef."
    )
    skill_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Id of the stored skill, 1 to 64 characters. Required with type skillReference; unset with inline.",
    )
    version: str | None = Field(
        default=None,
        max_length=20,
        pattern="^(latest|[1-9][0-9]*)$",
        description="Version of the stored skill: `latest` or a positive number of up to 20 digits, as a string. "
        "Unset: the skill's default version.",
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Name of the inline skill, 1 to 256 characters. Required with type inline; unset with "
        "skillReference.",
    )
    description: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        description="What the inline skill is for, 1 to 1024 characters. Required with type inline; unset with "
        "skillReference.",
    )
    secret_key_ref: SecretKeyRef | None = Field(
        default=None, description="The inline skill's zip, from a Secret. Unset: configMapKeyRef gives it."
    )
    config_map_key_ref: ConfigMapKeyRef | None = Field(
        default=None,
        description="The inline skill's zip, from a ConfigMap's binaryData. Unset: secretKeyRef gives it.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.type == 'skillReference' ? has(self.skillId) && !has(self.name) && !has(self.description) "
            "&& !has(self.secretKeyRef) && !has(self.configMapKeyRef) "
            ": !has(self.skillId) && !has(self.version) && has(self.name) && has(self.description) "
            "&& has(self.secretKeyRef) != has(self.configMapKeyRef)",
            "type skillReference takes skillId and version; type inline takes name, description and exactly one of "
            "secretKeyRef and configMapKeyRef",
            check=_skill_fits,
        ),
    )
