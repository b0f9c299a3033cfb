"""What every kind's spec has: the account, and the policies."""

from typing import Literal

from pydantic import Field

from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.fields.references import AccountRef, ExportTo

DeletionPolicy = Literal["Delete", "Retain"]
ManagementPolicy = Literal["Managed", "ObserveOnly"]
AdoptionPolicy = Literal["IfOwned", "Always"]


class CommonSpec(SpecModel):
    account_ref: AccountRef | None = Field(
        default=None,
        description="The account to use. Unset: the CloudAccount of this namespace, of the right provider, that has "
        "`default: true`; else the ClusterCloudAccount that has it and allows this namespace. Once the external "
        "resource exists it stays in its account.",
    )
    deletion_policy: DeletionPolicy | None = Field(
        default=None,
        description="What becomes of the external resource when this object is deleted: Delete deletes it, Retain "
        "leaves it in the cloud, unmanaged. Unset: Delete.",
    )
    management_policy: ManagementPolicy | None = Field(
        default=None,
        description="Managed creates, corrects and deletes the external resource. ObserveOnly only reports it: nothing "
        "but its identity is required, nothing is changed in the cloud, and deleting the object forgets it. "
        "Unset: Managed.",
    )
    adoption_policy: AdoptionPolicy | None = Field(
        default=None,
        description="What is done when the external resource exists already: IfOwned takes it over only if it carries "
        "this object's marker, Always takes over whatever bears the name. Unset: IfOwned.",
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="While true the external resource is not deleted: a deletion of this object waits, with "
        "DeleteBlocked, until it is false. Unset: false.",
    )
    export_to: ExportTo | None = Field(
        default=None,
        description="Writes the endpoint (of a sandbox: its id) to a ConfigMap for other workloads, before Ready. "
        "Unset: nothing is written, and what was written before is taken out.",
    )

    @property
    def observe_only(self) -> bool:
        return self.management_policy == "ObserveOnly"

    @property
    def retain(self) -> bool:
        return self.deletion_policy == "Retain"

    @property
    def adopt_always(self) -> bool:
        return self.adoption_policy == "Always"
