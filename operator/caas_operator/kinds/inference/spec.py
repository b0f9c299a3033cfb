"""What users write in an InferenceDeployment. Limits are those of Gcore's create body [S2], unless ours are said."""

import re
from collections import Counter
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.common import CommonSpec
from caas_operator.kinds.fields.env import MAX_ENV, MAX_ENV_FROM, EnvFromSource, EnvVar
from caas_operator.kinds.fields.gcore import CloudId, CloudName, Logging, ProjectScope, ReadinessCheck
from caas_operator.kinds.fields.model import ListMap, ListSet, Obeys, SpecModel
from caas_operator.kinds.fields.references import SecretRef
from caas_operator.kinds.fields.rules import at_most_one, exactly_one, required_when_managed
from caas_operator.kinds.inference.probes import MAX_ARGUMENTS, Argument, Probe
from caas_operator.kinds.inference.scale import InferenceScale

MAX_REGIONS = 64

IMAGE = (
    r"^(?:(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*)"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$"
)
"""[S2]. Refuses digests, a host with a port, and capitals outside the tag."""

NO_SUCH_IMAGES = (
    Rule(
        "!has(self.image) || !self.image.contains('@')",
        "Everywhere Inference takes no digest in an image: name a tag",
        field_path=".image",
        check=lambda spec: "@" not in (spec.image or ""),
    ),
    Rule(
        "!has(self.image) || !self.image.matches('^[^/]*:[^/]*/')",
        "Everywhere Inference takes no port in an image's registry: the registry must serve at its usual one",
        field_path=".image",
        check=lambda spec: not re.match(r"[^/]*:[^/]*/", spec.image or ""),
    ),
)
"""What the pattern refuses as well, in words."""

Readiness = Literal["All", "Any", "Quorum"]


class InferenceRegion(SpecModel):
    """One region that the deployment runs in."""

    region_id: CloudId | None = Field(
        default=None, description="Id of the Gcore region, 1 or more. Unset: regionName says it."
    )
    region_name: CloudName | None = Field(
        default=None, description="Name of the Gcore region, 1 to 255 characters. Unset: regionId says it."
    )
    scale: InferenceScale = Field(description="Number of replicas in this region.")

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("region_id", "region_name"),)


def _each_once(regions: tuple[InferenceRegion, ...]) -> bool:
    return max(Counter((region.region_id, region.region_name) for region in regions).values(), default=1) == 1


EACH_REGION_ONCE = Rule(
    "self.all(r, self.exists_one(s, has(r.regionId) ? has(s.regionId) && s.regionId == r.regionId "
    ": has(s.regionName) && s.regionName == r.regionName))",
    "each region once",
    check=_each_once,
)

Regions = Annotated[
    tuple[InferenceRegion, ...], Field(min_length=1, max_length=MAX_REGIONS), Obeys((EACH_REGION_ONCE,))
]
ApiKeyName = Annotated[str, Field(min_length=1, max_length=63)]


class IngressOpts(SpecModel):
    disable_response_buffering: bool | None = Field(
        default=None,
        description="Whether answers are passed on as they come, as streamed tokens need it. Unset: false, the cloud's "
        "default, they are buffered.",
    )


class InferenceDeploymentSpec(ProjectScope, CommonSpec):
    """What the deployment should be. Fields that are left out are not managed."""

    name: str | None = Field(
        default=None,
        min_length=4,
        max_length=30,
        pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        description="Name of the deployment in the cloud, unique in the project: a lower-case label of 4 to 30 "
        "characters; immutable once the deployment exists. Unset: the account's nameTemplate, which is metadata.name "
        "unless it says otherwise.",
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        max_length=512,
        pattern=IMAGE,
        description="Container image with or without a tag, as in `registry.example.com/team/model:1.0`, up to 512 "
        "characters; the cloud takes no digest, no port in the host and no capitals but in the tag. Required, unless "
        "managementPolicy is ObserveOnly.",
    )
    listening_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The port that the container listens on, 1 to 65535. Required, unless managementPolicy is "
        "ObserveOnly.",
    )
    flavor: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="Size of one replica, as in `inference-4vcpu-16gib`, 1 to 253 characters; the cloud's list of "
        "flavors says which exist. Required, unless managementPolicy is ObserveOnly.",
    )
    regions: Regions | None = Field(
        default=None,
        description="Where it runs, 1 to 64 regions, each once; their order is kept. Required, unless "
        "managementPolicy is ObserveOnly.",
    )
    description: str | None = Field(
        default=None,
        max_length=200,
        description="Free text in the cloud, up to 200 characters (the operator's marker follows it there). "
        "Unset: not managed but for the marker.",
    )
    command: Annotated[tuple[Argument, ...], Field(max_length=MAX_ARGUMENTS)] | None = Field(
        default=None,
        description="Command and arguments, up to 128 of up to 4096 characters; `[]` means the image's own. "
        "Unset: not managed.",
    )
    env: Annotated[tuple[EnvVar, ...], Field(max_length=MAX_ENV), ListMap(("name",))] | None = Field(
        default=None,
        description="Environment variables, up to 256, each name once. They win over envFrom. Unset: not managed.",
    )
    env_from: Annotated[tuple[EnvFromSource, ...], Field(max_length=MAX_ENV_FROM)] | None = Field(
        default=None,
        description="Secrets and ConfigMaps of this namespace whose keys become variables, up to 32; later ones win. "
        "Unset: none.",
    )
    timeout: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="Idle time in seconds before the last replica is taken away when scale.min is 0, 0 or more. "
        "Unset: 120, the cloud's default.",
    )
    api_keys: Annotated[tuple[ApiKeyName, ...], Field(max_length=64), ListSet()] | None = Field(
        default=None,
        description="Names (not values) of API keys in the cloud that callers may use, up to 64 of 1 to 63 characters; "
        "`[]` means open to all. Unset: not managed; the cloud's default is open to all.",
    )
    credentials_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="Name of registry credentials that exist in the cloud, 1 to 253 characters. Excludes "
        "imagePullSecretRef. Unset: a public image.",
    )
    image_pull_secret_ref: SecretRef | None = Field(
        default=None,
        description="Secret of type kubernetes.io/dockerconfigjson in this namespace with a login for the image's "
        "registry, kept in step as registry credentials in the cloud that belong to this object. Excludes "
        "credentialsName. Unset: none are made.",
    )
    ingress_opts: IngressOpts | None = Field(
        default=None, description="Options of the public address. Unset: not managed."
    )
    logging: Logging | None = Field(
        default=None, description="Where the deployment's logs are kept. Unset: not managed; the cloud keeps none."
    )
    liveness_probe: Probe | None = Field(
        default=None, description="Restarts a replica that fails it. Unset: not managed; the cloud's default."
    )
    readiness_probe: Probe | None = Field(
        default=None,
        description="Takes a replica out of service while it fails. Unset: not managed; the cloud's default.",
    )
    startup_probe: Probe | None = Field(
        default=None,
        description="Holds the other probes back until it succeeds. Unset: not managed; the cloud's default.",
    )
    suspend: bool | None = Field(
        default=None,
        description="Stops the deployment and keeps it: no replica runs, whatever scale says, and nothing is billed. "
        "Unset: false, and managed as false.",
    )
    readiness: Readiness | None = Field(
        default=None,
        description="How many regions must serve for Ready: All, Any (one) or Quorum (more than half). Unset: All.",
    )
    readiness_check: ReadinessCheck | None = Field(
        default=None,
        description="Makes Ready wait until the public address answers 2xx or 3xx; skipped while every region's "
        "scale.min is 0 or apiKeys are set. Unset: the cloud's word is enough.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one("credentials_name", "image_pull_secret_ref"),
        *NO_SUCH_IMAGES,
        required_when_managed("image"),
        required_when_managed("listening_port"),
        required_when_managed("flavor"),
        required_when_managed("regions"),
    )
