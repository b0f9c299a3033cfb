"""The custom resource CaasContainer."""

from caas_operator.core.definition import ResourceDefinition
from caas_operator.kinds import columns
from caas_operator.kinds.container.spec import CaasContainerSpec
from caas_operator.kinds.fields.rules import ACCOUNT_IS_PINNED, fixed_once_pinned, metadata_name_fits
from caas_operator.kinds.status import CaasContainerStatus

CAAS_CONTAINER = ResourceDefinition(
    kind="CaasContainer",
    plural="caascontainers",
    short_names=("caas",),
    description="A container in Gcore Container as a Service.",
    spec=CaasContainerSpec,
    status=CaasContainerStatus,
    root_rules=(
        metadata_name_fits(43, "container"),
        fixed_once_pinned("name", "name is immutable once the container exists: make a new object"),
        ACCOUNT_IS_PINNED,
    ),
    columns=(*columns.OF_RESOURCES, columns.REPLICAS, columns.ACCOUNT, columns.MESSAGE),
)
