"""What users write in a CaasContainer. Limits are those of Gcore's create body [S1, SPEC], unless ours are said."""

from typing import Annotated, ClassVar

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.common import CommonSpec
from caas_operator.kinds.fields.env import MAX_ENV, MAX_ENV_FROM, EnvFromSource, EnvVar
from caas_operator.kinds.fields.gcore import CloudId, CloudName, HttpTrigger, Logging, ProjectScope, ReadinessCheck
from caas_operator.kinds.fields.model import ListMap, SpecModel
from caas_operator.kinds.fields.references import SecretRef
from caas_operator.kinds.fields.rules import at_most_one, immutable, required_when_managed


class CaasEnvVar(EnvVar):
    """One environment variable; Gcore's containers allow less than its inference does."""

    name: str = Field(
        min_length=1,
        max_length=255,
        pattern="^[a-zA-Z_][a-zA-Z0-9_]*$",
        description="Name of the variable, 1 to 255 characters: letters, digits and `_`, not a digit first.",
    )
    value: str | None = Field(
        default=None,
        max_length=255,
        description="The value as it is, up to 255 characters; `$(VAR)` is not expanded. Unset: valueFrom gives it. "
        "Never write a secret here.",
    )


class ThresholdTrigger(SpecModel):
    threshold: int = Field(ge=1, le=99, description="Average use, in percent, that adds an instance: 1 to 99.")


class CaasTriggers(SpecModel):
    cpu: ThresholdTrigger | None = Field(default=None, description="Scales by use of CPU. Unset: not by CPU.")
    memory: ThresholdTrigger | None = Field(default=None, description="Scales by use of memory. Unset: not by memory.")
    http: HttpTrigger | None = Field(
        default=None,
        description="Scales by requests: `rate` requests within `window` seconds for one instance. The only trigger "
        "that wakes a container from 0 instances. Unset: not by requests.",
    )


class CaasScale(SpecModel):
    min: int = Field(
        ge=0, le=25, description="Fewest instances, 0 to 25, at most max. 0 needs triggers.http, which wakes it."
    )
    max: int = Field(ge=1, le=25, description="Most instances, 1 to 25, at least min.")
    cooldown_period: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Seconds between two changes of scale, 1 to 3600. Unset: 60, the cloud's default.",
    )
    triggers: CaasTriggers | None = Field(
        default=None, description="What instances are added for. Unset: the cloud's default triggers."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.min <= self.max",
            "min must not be greater than max",
            field_path=".min",
            check=lambda scale: scale.min <= scale.max,
        ),
        Rule(
            "self.min > 0 || (has(self.triggers) && has(self.triggers.http))",
            "min 0 needs triggers.http: no other trigger wakes a container from 0",
            field_path=".triggers",
            check=lambda scale: scale.min > 0 or (scale.triggers is not None and scale.triggers.http is not None),
        ),
    )


class CaasContainerSpec(ProjectScope, CommonSpec):
    """What the container should be. Fields that are left out are not managed."""

    region_id: CloudId | None = Field(
        default=None,
        description="Id of the Gcore region, 1 or more; immutable. Unset: regionName, else the account's region.",
    )
    region_name: CloudName | None = Field(
        default=None,
        description="Name of the Gcore region, 1 to 255 characters; immutable. Unset: regionId, else the account's "
        "region.",
    )
    name: str | None = Field(
        default=None,
        min_length=3,
        max_length=43,
        pattern="^[a-z0-9][-a-z0-9]*[a-z0-9]$",
        description="Name of the container in the cloud, unique in project and region: a lower-case label of 3 to 43 "
        "characters; immutable once the container exists. Unset: the account's nameTemplate, which is metadata.name "
        "unless it says otherwise.",
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        max_length=230,
        pattern=r"^\S+$",
        description="Container image, 1 to 230 characters, as in `nginx:1.27` or `registry.example.com/team/app:1.0`. "
        "Required, unless managementPolicy is ObserveOnly.",
    )
    listening_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The one port that the container listens on, 1 to 65535. Required, unless managementPolicy is "
        "ObserveOnly.",
    )
    flavor: str | None = Field(
        default=None,
        max_length=64,
        pattern="^[0-9]{1,12}mCPU-[0-9]{1,12}Mi?B$",
        description="Size of one instance, as in `80mCPU-128MiB`, up to 64 characters; the region's list of flavors "
        "says which exist. Required, unless managementPolicy is ObserveOnly.",
    )
    description: str | None = Field(
        default=None,
        max_length=200,
        description="Free text in the cloud, up to 200 characters (the operator's marker follows it there). "
        "Unset: not managed but for the marker.",
    )
    commands: str | None = Field(
        default=None,
        min_length=1,
        max_length=8192,
        description="The command line, one string as the API has it, 1 to 8192 characters. Unset: the image's own. "
        "The API cannot take a command back: to remove it, make a new object.",
    )
    env: Annotated[tuple[CaasEnvVar, ...], Field(max_length=MAX_ENV), ListMap(("name",))] | None = Field(
        default=None,
        description="Environment variables, up to 256, each name once; a value has up to 255 characters, wherever it "
        "comes from. They win over envFrom. Unset: not managed.",
    )
    env_from: Annotated[tuple[EnvFromSource, ...], Field(max_length=MAX_ENV_FROM)] | None = Field(
        default=None,
        description="Secrets and ConfigMaps of this namespace whose keys become variables, up to 32; later ones win. "
        "Unset: none.",
    )
    scale: CaasScale | None = Field(
        default=None,
        description="Number of instances. Required, unless managementPolicy is ObserveOnly.",
    )
    timeout: int | None = Field(
        default=None,
        ge=0,
        le=180,
        description="Idle time in seconds before an instance is taken away when scale.min is 0: 0 to 180, and 0 means "
        "about a minute. Unset: the cloud's default. The API cannot take it back: to remove it, make a new object.",
    )
    suspend: bool | None = Field(
        default=None,
        description="Stops the container and keeps it: no instance runs. Unset: false, and managed as false.",
    )
    is_api_key_auth: bool | None = Field(
        default=None,
        description="Whether callers need an API key. The cloud says that true is not supported at present. "
        "Unset: false, the cloud's default.",
    )
    pull_secret: str | None = Field(
        default=None,
        min_length=1,
        max_length=400,
        description="Name of a pull secret that exists in the same region of the cloud, 1 to 400 characters. Excludes "
        "imagePullSecretRef. Unset: a public image. The API cannot take it back: to remove it, make a new object.",
    )
    image_pull_secret_ref: SecretRef | None = Field(
        default=None,
        description="Secret of type kubernetes.io/dockerconfigjson in this namespace with a login for the image's "
        "registry, kept in step as a pull secret in the cloud that belongs to this object. Excludes pullSecret. Unset: "
        "none is made. The API cannot take it back: name a pullSecret in its place, or make a new object.",
    )
    logging: Logging | None = Field(
        default=None, description="Where the container's logs are kept. Unset: not managed; the cloud keeps none."
    )
    readiness_check: ReadinessCheck | None = Field(
        default=None,
        description="Makes Ready wait until the public address answers 2xx or 3xx; skipped while scale.min is 0 "
        "or isApiKeyAuth is true. Unset: the cloud's word is enough.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one("region_id", "region_name"),
        at_most_one("pull_secret", "image_pull_secret_ref"),
        immutable("region_id"),
        immutable("region_name"),
        required_when_managed("image"),
        required_when_managed("listening_port"),
        required_when_managed("flavor"),
        required_when_managed("scale"),
    )
