"""Every custom resource of the operator."""

from caas_operator.core.definition import ResourceDefinition
from caas_operator.kinds.account.definition import CLOUD_ACCOUNT, CLUSTER_CLOUD_ACCOUNT
from caas_operator.kinds.container.definition import CAAS_CONTAINER
from caas_operator.kinds.inference.definition import INFERENCE_DEPLOYMENT
from caas_operator.kinds.sandbox.definition import SANDBOX_CONTAINER

DEFINITIONS: tuple[ResourceDefinition, ...] = (
    CAAS_CONTAINER,
    INFERENCE_DEPLOYMENT,
    SANDBOX_CONTAINER,
    CLOUD_ACCOUNT,
    CLUSTER_CLOUD_ACCOUNT,
)
