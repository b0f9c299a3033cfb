"""What users write in a SandboxContainer. Limits are of OpenAI's create body [SPEC, SDK], unless ours are said."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.common import AdoptionPolicy, CommonSpec
from caas_operator.kinds.fields.model import ListMap, ListSet
from caas_operator.kinds.sandbox.parts import ExpiresAfter, NetworkPolicy, SandboxFile, Skill

Provider = Literal[
    "openai",
    "azure",
    "anthropic",
    "bedrock",
    "cohere",
    "vertex",
    "vllm",
    "mistral",
    "ollama",
    "groq",
    "sgl",
    "parasail",
    "perplexity",
    "replicate",
    "cerebras",
    "gemini",
    "openrouter",
    "elevenlabs",
    "huggingface",
    "nebius",
    "xai",
]
"""[SEED-G]. Being listed is not being supported: only openai can do all that is needed here."""

FileId = Annotated[str, Field(min_length=1, max_length=128)]
MetadataValue = Annotated[str, Field(max_length=512)]

NOT_THROUGH_A_GATEWAY = ("network_policy", "skills", "files")

CLOUD_FIELDS = (
    "provider",
    "name",
    "expires_after",
    "file_ids",
    "files",
    "memory_limit",
    "network_policy",
    "skills",
    "metadata",
    "import_id",
)
"""What the sandbox is made of; nothing of it can be changed in the cloud."""


def _not_with_provider(field: str, name: str) -> Rule:
    return Rule(
        f"!has(self.provider) || !has(self.{field})",
        f"a gateway drops networkPolicy, skills and files: {field} must not be set together with provider",
        field_path=f".{field}",
        reason="FieldValueForbidden",
        check=lambda spec: spec.provider is None or getattr(spec, name) is None,
    )


class SandboxContainerSpec(CommonSpec):
    """What the sandbox should be. Nothing of it can be changed in the cloud: see replacePolicy."""

    adoption_policy: AdoptionPolicy | None = Field(
        default=None,
        description="A sandbox's name proves nothing, so one is taken over only by importId, which is itself the "
        "consent; Always is refused without it. Unset: IfOwned.",
    )
    provider: Provider | None = Field(
        default=None,
        description="Which provider the gateway uses; only with a gateway's account. Excludes networkPolicy, skills "
        "and files, which a gateway drops. Unset: openai, where the account is a gateway's.",
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Beginning of the sandbox's name in the cloud, 1 to 200 characters; the operator adds a hash of "
        "this object and a number, for the cloud's names are not unique. Unset: the account's nameTemplate, which is "
        "metadata.name unless it says otherwise.",
    )
    expires_after: ExpiresAfter | None = Field(
        default=None, description="When an idle sandbox expires. Unset: 20 minutes after its last use."
    )
    file_ids: Annotated[tuple[FileId, ...], Field(max_length=100), ListSet()] | None = Field(
        default=None,
        description="Ids of files in the cloud's Files API to copy in, up to 100 of 1 to 128 characters. Unset: none.",
    )
    files: Annotated[tuple[SandboxFile, ...], Field(max_length=64), ListMap(("path",))] | None = Field(
        default=None,
        description="Files from ConfigMaps and Secrets of this namespace, up to 64, each path once; uploaded once "
        "after the create, before Ready. Not with provider. Unset: none.",
    )
    memory_limit: Literal["1g", "4g", "16g", "64g"] | None = Field(
        default=None, description="Memory of the sandbox in GB; it sets the price. Unset: 1g, the cloud's default."
    )
    network_policy: NetworkPolicy | None = Field(
        default=None,
        description="What the sandbox may reach. Not with provider. Unset: no network, the cloud's default.",
    )
    skills: Annotated[tuple[Skill, ...], Field(max_length=200)] | None = Field(
        default=None, description="Skills put into the sandbox, up to 200. Not with provider. Unset: none."
    )
    metadata: Annotated[dict[str, MetadataValue], Field(max_length=16)] | None = Field(
        default=None,
        description="Labels sent to a gateway, up to 16, values up to 512 characters; only with a gateway's account. "
        "Unset: none.",
    )
    keep_alive: bool | None = Field(
        default=None,
        description="Uses the sandbox now and then so that it does not expire, and is billed for it; needs "
        "activeDeadlineSeconds. Unset: false.",
    )
    expiry_policy: Literal["Complete", "Recreate"] | None = Field(
        default=None,
        description="What follows when the sandbox expires: Complete ends the object, as a Job ends; Recreate makes a "
        "new, empty sandbox, is billed for it, and needs activeDeadlineSeconds. Unset: Complete.",
    )
    replace_policy: Literal["Never", "Recreate"] | None = Field(
        default=None,
        description="What an edit of the sandbox's own fields does: Never refuses it; Recreate deletes the sandbox, "
        "whose disk is lost, and makes a new one. Unset: Never.",
    )
    import_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        pattern="^[A-Za-z0-9_-]+$",
        description="Id of a sandbox that exists, as in `cntr_...`, up to 128 characters: it is taken over (with "
        "ObserveOnly: watched) in place of making one. deletionPolicy must be written with it. Unset: one is made.",
    )
    active_deadline_seconds: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        description="Seconds, 1 or more, from the first create, which a replacement does not move; then the sandbox is "
        "deleted and the object is Complete. Required with keepAlive and with expiryPolicy Recreate. Unset: no "
        "deadline.",
    )
    ttl_seconds_after_finished: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="Seconds, 0 or more, after which a Complete object deletes itself, as a finished Job does. "
        "Unset: it stays.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.keepAlive) && self.keepAlive) || has(self.activeDeadlineSeconds)",
            "keepAlive needs activeDeadlineSeconds: it is a bill without an end",
            field_path=".activeDeadlineSeconds",
            reason="FieldValueRequired",
            check=lambda spec: not spec.keep_alive or spec.active_deadline_seconds is not None,
        ),
        Rule(
            "!(has(self.expiryPolicy) && self.expiryPolicy == 'Recreate') || has(self.activeDeadlineSeconds)",
            "expiryPolicy Recreate needs activeDeadlineSeconds: it is a bill without an end",
            field_path=".activeDeadlineSeconds",
            reason="FieldValueRequired",
            check=lambda spec: spec.expiry_policy != "Recreate" or spec.active_deadline_seconds is not None,
        ),
        Rule(
            "!has(self.importId) || has(self.deletionPolicy)",
            "importId needs deletionPolicy written out: say whether the sandbox is deleted with this object",
            field_path=".deletionPolicy",
            reason="FieldValueRequired",
            check=lambda spec: spec.import_id is None or spec.deletion_policy is not None,
        ),
        Rule(
            "!(has(self.adoptionPolicy) && self.adoptionPolicy == 'Always') || has(self.importId)",
            "adoptionPolicy Always needs importId: a sandbox's name proves nothing",
            field_path=".importId",
            reason="FieldValueRequired",
            check=lambda spec: not spec.adopt_always or spec.import_id is not None,
        ),
        *(
            _not_with_provider(field, name)
            for field, name in zip(("networkPolicy", "skills", "files"), NOT_THROUGH_A_GATEWAY, strict=True)
        ),
    )
