"""What people write in a CloudAccount."""

import base64
import binascii
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.gcore import CloudId, CloudName
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.fields.references import SecretKeyRef, SecretRef
from caas_operator.kinds.fields.rules import at_most_one, exactly_one

GCORE_ENDPOINT = "https://api.gcore.com"
OPENAI_ENDPOINT = "https://api.openai.com/v1"

Endpoint = Annotated[str, Field(max_length=2048, pattern=r"^https?://[-A-Za-z0-9.:\[\]]+(/[^\s?#]*)?$")]
"""No user, query or fragment: they could hide a secret or another host."""

OrganizationId = Annotated[str, Field(min_length=1, max_length=128, pattern="^[A-Za-z0-9_-]+$")]


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
    return value


class GcoreAccount(SpecModel):
    endpoint: Endpoint | None = Field(
        default=None,
        description="Root of Gcore's API, without `/cloud`, up to 2048 characters. In a CloudAccount it must be https "
        f"and its host one that the operator allows. Unset: {GCORE_ENDPOINT}.",
    )
    api_key_secret_ref: SecretKeyRef = Field(description="The permanent API token, from a Secret of this namespace.")
    project_id: CloudId | None = Field(
        default=None,
        description="Id of the project for objects that name none, 1 or more. Unset: projectName, else objects must "
        "name theirs.",
    )
    project_name: CloudName | None = Field(
        default=None,
        description="Name of the project for objects that name none, 1 to 255 characters. Unset: projectId, else "
        "objects must name theirs.",
    )
    region_id: CloudId | None = Field(
        default=None,
        description="Id of the region for CaasContainers that name none, 1 or more. Unset: regionName, else they must "
        "name theirs.",
    )
    region_name: CloudName | None = Field(
        default=None,
        description="Name of the region for CaasContainers that name none, 1 to 255 characters. Unset: regionId, else "
        "they must name theirs.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one("project_id", "project_name"),
        at_most_one("region_id", "region_name"),
    )


class OpenAIAccount(SpecModel):
    endpoint: Endpoint | None = Field(
        default=None,
        description="Root of the API with its `/v1`, up to 2048 characters. In a CloudAccount it must be https and its "
        f"host one that the operator allows. Unset: {OPENAI_ENDPOINT}.",
    )
    api_key_secret_ref: SecretKeyRef = Field(description="The API key, from a Secret of this namespace.")
    organization: OrganizationId | None = Field(
        default=None,
        description="Organization id sent along, 1 to 128 characters. Unset: the key's default organization.",
    )
    project: OrganizationId | None = Field(
        default=None, description="Project id sent along, 1 to 128 characters. Unset: the key's default project."
    )


class GatewayAccount(SpecModel):
    endpoint: Endpoint = Field(
        description="Root of the gateway, up to 2048 characters. In a CloudAccount it must be https and its host one "
        "that the operator allows."
    )
    virtual_key_secret_ref: SecretKeyRef | None = Field(
        default=None,
        description="The gateway's virtual key, sent as `x-bf-vk`, from a Secret of this namespace. Unset: the gateway "
        "is open.",
    )
    headers_secret_ref: SecretRef | None = Field(
        default=None,
        description="A Secret of this namespace whose keys are sent as headers, as in `x-bf-api-key`. Unset: none.",
    )


class RateLimit(SpecModel):
    requests_per_second: int | None = Field(
        default=None,
        ge=1,
        le=10000,
        description="Requests per second to this account, over all objects, 1 to 10000. "
        "Unset: the operator's --requests-per-second, 200 unless it was told otherwise.",
    )
    burst: int | None = Field(
        default=None,
        ge=1,
        le=10000,
        description="Requests that may go at once after a pause, 1 to 10000. "
        "Unset: the operator's --burst, 400 unless it was told otherwise.",
    )


class AccountSpec(SpecModel):
    """What both kinds of account have beside the credential."""

    default: bool | None = Field(
        default=None,
        description="Whether objects that name no account use this one; two defaults of a provider in one place are an "
        "error. Unset: false.",
    )
    name_template: str | None = Field(
        default=None,
        max_length=63,
        pattern=r"^([-a-z0-9]|\{namespace\})*\{name\}([-a-z0-9]|\{namespace\})*$",
        description="External name of objects that set no name, up to 63 characters: `{name}` is metadata.name and "
        "must occur, `{namespace}` may. Objects that exist in the cloud keep their name. Unset: `{name}`.",
    )
    rate_limit: RateLimit | None = Field(
        default=None,
        description="How fast this account may be called. Unset: what the operator was told for all accounts.",
    )
    resync_seconds: int | None = Field(
        default=None,
        ge=30,
        le=86400,
        description="Seconds between two looks at everything in this account, 30 to 86400: one shared list, which "
        "brings health and drift. Unset: the operator's --resync-seconds, 60 unless it was told otherwise.",
    )
    ca_bundle: Annotated[str, AfterValidator(_base64), Field(max_length=262144)] | None = Field(
        default=None,
        json_schema_extra={"format": "byte"},
        description="PEM certificates, in base64, up to 262144 characters, that the endpoint is verified with in place "
        "of the public ones. Unset: the public ones.",
    )


class CloudAccountSpec(AccountSpec):
    """One credential for one namespace: exactly one of gcore, openai and gateway."""

    gcore: GcoreAccount | None = Field(default=None, description="An account of Gcore. Unset: another cloud's.")
    openai: OpenAIAccount | None = Field(default=None, description="An account of OpenAI. Unset: another cloud's.")
    gateway: GatewayAccount | None = Field(
        default=None, description="A Bifrost-style gateway to OpenAI and others. Unset: another cloud's."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("gcore", "openai", "gateway"),)
