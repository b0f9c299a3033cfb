"""The custom resource SandboxContainer."""

from caas_operator.core.definition import ResourceDefinition, Rule
from caas_operator.kinds import columns
from caas_operator.kinds.fields.rules import ACCOUNT_IS_PINNED, fixed_once_pinned
from caas_operator.kinds.sandbox.spec import CLOUD_FIELDS, SandboxContainerSpec
from caas_operator.kinds.status import SandboxContainerStatus

OBSERVED_BY_ID = Rule(
    "oldSelf.hasValue() || has(self.spec.importId) "
    "|| !(has(self.spec.managementPolicy) && self.spec.managementPolicy == 'ObserveOnly')",
    "ObserveOnly needs importId: the cloud's id is a sandbox's only identity",
    field_path=".spec.importId",
    reason="FieldValueRequired",
    optional_old_self=True,
)
"""Asked of new objects only: one that has made its sandbox may become ObserveOnly, and status knows the id."""

SANDBOX_CONTAINER = ResourceDefinition(
    kind="SandboxContainer",
    plural="sandboxcontainers",
    short_names=("sbx",),
    description="A sandbox: an OpenAI container, direct or through a gateway. It expires when idle.",
    spec=SandboxContainerSpec,
    status=SandboxContainerStatus,
    root_rules=(
        *(
            fixed_once_pinned(
                name,
                "a sandbox cannot be changed: set replacePolicy: Recreate (the disk is lost) or make a new object",
                unless="has(self.spec.replacePolicy) && self.spec.replacePolicy == 'Recreate'",
            )
            for name in CLOUD_FIELDS
        ),
        OBSERVED_BY_ID,
        ACCOUNT_IS_PINNED,
    ),
    columns=(*columns.OF_RESOURCES, columns.EXPIRES, columns.COMPLETE, columns.ACCOUNT, columns.MESSAGE),
)
