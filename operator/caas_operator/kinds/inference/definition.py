"""The custom resource InferenceDeployment."""

from caas_operator.core.definition import ResourceDefinition
from caas_operator.kinds import columns
from caas_operator.kinds.fields.rules import ACCOUNT_IS_PINNED, fixed_once_pinned, metadata_name_fits
from caas_operator.kinds.inference.spec import InferenceDeploymentSpec
from caas_operator.kinds.status import InferenceDeploymentStatus

INFERENCE_DEPLOYMENT = ResourceDefinition(
    kind="InferenceDeployment",
    plural="inferencedeployments",
    short_names=("infd",),
    description="A deployment in Gcore Everywhere Inference, in one region or many.",
    spec=InferenceDeploymentSpec,
    status=InferenceDeploymentStatus,
    root_rules=(
        metadata_name_fits(30, "deployment"),
        fixed_once_pinned("name", "name is immutable once the deployment exists: make a new object"),
        ACCOUNT_IS_PINNED,
    ),
    columns=(*columns.OF_RESOURCES, columns.REPLICAS, columns.ACCOUNT, columns.MESSAGE),
)
