"""The custom resources CloudAccount and ClusterCloudAccount."""

from caas_operator.core.definition import ResourceDefinition
from caas_operator.kinds import columns
from caas_operator.kinds.account.cluster import ClusterCloudAccountSpec
from caas_operator.kinds.account.spec import CloudAccountSpec
from caas_operator.kinds.status import AccountStatus

CLOUD_ACCOUNT = ResourceDefinition(
    kind="CloudAccount",
    plural="cloudaccounts",
    short_names=("cacct",),
    description="A credential, endpoint and defaults for the objects of one namespace.",
    spec=CloudAccountSpec,
    status=AccountStatus,
    columns=columns.OF_ACCOUNTS,
)

CLUSTER_CLOUD_ACCOUNT = ResourceDefinition(
    kind="ClusterCloudAccount",
    plural="clustercloudaccounts",
    short_names=("ccacct",),
    description="A credential, endpoint and defaults for the objects of the namespaces that it allows.",
    spec=ClusterCloudAccountSpec,
    status=AccountStatus,
    scope="Cluster",
    columns=columns.OF_ACCOUNTS,
)
