"""What platform people write in a ClusterCloudAccount: a CloudAccount whose Secrets may be anywhere."""

from pydantic import Field

from caas_operator.kinds.account.selector import AllowedNamespaces
from caas_operator.kinds.account.spec import CloudAccountSpec, GatewayAccount, GcoreAccount, OpenAIAccount
from caas_operator.kinds.fields.references import ClusterSecretKeyRef, ClusterSecretRef


class ClusterGcoreAccount(GcoreAccount):
    api_key_secret_ref: ClusterSecretKeyRef = Field(description="The permanent API token, from a Secret.")


class ClusterOpenAIAccount(OpenAIAccount):
    api_key_secret_ref: ClusterSecretKeyRef = Field(description="The API key, from a Secret.")


class ClusterGatewayAccount(GatewayAccount):
    virtual_key_secret_ref: ClusterSecretKeyRef | None = Field(
        default=None,
        description="The gateway's virtual key, sent as `x-bf-vk`, from a Secret. Unset: the gateway is open.",
    )
    headers_secret_ref: ClusterSecretRef | None = Field(
        default=None,
        description="A Secret whose keys are sent as headers, as in `x-bf-api-key`. Unset: none.",
    )


class ClusterCloudAccountSpec(CloudAccountSpec):
    """One credential for several namespaces: exactly one of gcore, openai and gateway."""

    gcore: ClusterGcoreAccount | None = Field(default=None, description="An account of Gcore. Unset: another cloud's.")
    openai: ClusterOpenAIAccount | None = Field(
        default=None, description="An account of OpenAI. Unset: another cloud's."
    )
    gateway: ClusterGatewayAccount | None = Field(
        default=None, description="A Bifrost-style gateway to OpenAI and others. Unset: another cloud's."
    )
    allowed_namespaces: AllowedNamespaces | None = Field(
        default=None, description="Namespaces that may use this account, by name or by label. Unset: none."
    )
