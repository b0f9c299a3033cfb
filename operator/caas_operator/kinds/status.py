"""What the three resource kinds and the accounts report. Times are RFC 3339 text, in UTC and whole seconds."""

from typing import Annotated, Literal

from pydantic import Field

from caas_operator.kinds.fields.model import ListMap, ListSet, StatusModel

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

CONDITION_TYPE = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)


class Condition(StatusModel):
    """One condition, as metav1.Condition has it."""

    type: str = Field(
        max_length=316,
        pattern=CONDITION_TYPE,
        description="Ready, Synced, Reconciling, Stalled or Complete. Reconciling and Stalled are there only while "
        "True.",
    )
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="metadata.generation that this condition speaks of."
    )
    last_transition_time: Timestamp = Field(description="When status last changed.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="One word for programs; the list of reasons is part of the API.",
    )
    message: str = Field(max_length=32768, description="A sentence for people.")


class PinnedAccount(StatusModel):
    """The account that the external resource lives in."""

    kind: str = Field(description="CloudAccount, ClusterCloudAccount or Environment.")
    name: str = Field(description="Name of the account.")
    provider: str | None = Field(default=None, description="gcore, openai or gateway.")
    endpoint: str | None = Field(default=None, description="Root of the API that was used.")
    scope: str | None = Field(
        default=None, description="Collection in the account: project/region, project, or a gateway's provider."
    )


class Operation(StatusModel):
    """The last change that was asked of the cloud; it stays until the next one."""

    type: str = Field(description="Create, Update, Replace or Delete.")
    task_ids: tuple[str, ...] | None = Field(default=None, description="The cloud's tasks, where it has any.")
    generation: int | None = Field(default=None, description="metadata.generation that it brings about.")
    started_at: Timestamp | None = Field(default=None, description="When it was sent.")


class AppliedSecrets(StatusModel):
    """Keyed hashes of the secret values that were last applied, so that a change is seen and no value shown."""

    key_id: str | None = Field(default=None, description="Which key made the hashes.")
    hmac: dict[str, str] | None = Field(default=None, description="Hash by name of the field.")


class ExportedTo(StatusModel):
    """Where the endpoint, of a sandbox its id, was last written to."""

    name: str = Field(description="Name of the ConfigMap.")
    key: str = Field(description="Key in it.")


Conditions = Annotated[tuple[Condition, ...], ListMap(("type",))]
FieldNames = Annotated[tuple[str, ...], ListSet()]


class ConditionedStatus(StatusModel):
    """What every kind reports."""

    observed_generation: int | None = Field(
        default=None, description="metadata.generation that the operator last looked at; -1 before its first look."
    )
    conditions: Conditions | None = Field(default=None, description="State of the object, one entry a type.")
    last_handled_reconcile_at: str | None = Field(
        default=None, description="Value of the reconcile request that was last served."
    )


class ExternalStatus(ConditionedStatus):
    """What the three resource kinds report."""

    account: PinnedAccount | None = Field(
        default=None, description="The account that the external resource lives in; fixed at its creation."
    )
    external_id: str | None = Field(
        default=None, description="Identity in the cloud: project/region/name, project/name, or the sandbox's id."
    )
    external_name: str | None = Field(default=None, description="Name in the cloud.")
    endpoint: str | None = Field(
        default=None, description="Where it is reached: the public address, of a sandbox its URL in the cloud's API."
    )
    operation: Operation | None = Field(
        default=None, description="The last change that was asked of the cloud; it stays until the next one."
    )
    started_at: Timestamp | None = Field(
        default=None, description="When the first create was sent; activeDeadlineSeconds counts from here."
    )
    created_at: Timestamp | None = Field(default=None, description="When the cloud made the external resource.")
    applied_fields: FieldNames | None = Field(
        default=None, description="Optional fields that were last applied, by name: one that leaves spec is cleared."
    )
    applied_secrets: AppliedSecrets | None = Field(
        default=None, description="Keyed hashes of the secret values that were last applied."
    )
    exported_to: ExportedTo | None = Field(
        default=None, description="ConfigMap and key that exportTo was last written to."
    )


class Observed(StatusModel):
    """What is observed of every kind."""

    differing: FieldNames | None = Field(
        default=None,
        description="Fields of spec that the cloud has otherwise: about to be changed there, or under ObserveOnly left "
        "alone. Names, no values.",
    )


class ObservedContainer(Observed):
    cloud_status: str | None = Field(default=None, description="The cloud's own word, as in `Ready` or `Error`.")
    ready_replicas: int | None = Field(default=None, description="Instances that serve.")
    total_replicas: int | None = Field(default=None, description="Instances that exist.")
    message: str | None = Field(default=None, description="The cloud's own explanation.")


class CaasContainerStatus(ExternalStatus):
    """What was last seen of the container."""

    observed: ObservedContainer | None = Field(
        default=None, description="What the cloud said; written only together with a change of condition."
    )


class ObservedRegion(StatusModel):
    """One region of an InferenceDeployment."""

    region_id: int = Field(description="Id of the region.")
    region_name: str | None = Field(default=None, description="Name of the region, where spec names it.")
    ready: int | None = Field(default=None, description="Replicas that serve.")
    total: int | None = Field(default=None, description="Replicas that exist.")
    address: str | None = Field(default=None, description="Address in this region.")
    error_message: str | None = Field(default=None, description="What the cloud says is wrong in this region.")


class ObservedDeployment(Observed):
    cloud_status: str | None = Field(default=None, description="The cloud's own word, as in `ACTIVE` or `PENDING`.")
    ready_replicas: int | None = Field(default=None, description="Replicas that serve, over all regions.")
    total_replicas: int | None = Field(default=None, description="Replicas that exist, over all regions.")
    regions: Annotated[tuple[ObservedRegion, ...], ListMap(("region_id",))] | None = Field(
        default=None, description="One row a region."
    )


class InferenceDeploymentStatus(ExternalStatus):
    """What was last seen of the deployment."""

    observed: ObservedDeployment | None = Field(
        default=None, description="What the cloud said; written only together with a change of condition."
    )


class ObservedSandbox(Observed):
    cloud_status: str | None = Field(default=None, description="The cloud's own word, as in `running` or `expired`.")
    memory_limit: str | None = Field(default=None, description="Memory of the sandbox.")
    last_active_at: Timestamp | None = Field(default=None, description="When the sandbox was last used.")
    expires_at: Timestamp | None = Field(
        default=None, description="When it expires if nobody uses it; moved when off by more than 5 minutes."
    )


class SandboxContainerStatus(ExternalStatus):
    """What was last seen of the sandbox."""

    observed: ObservedSandbox | None = Field(
        default=None, description="What the cloud said; written only together with a change of condition."
    )


class AccountStatus(ConditionedStatus):
    """Whether the credential works."""

    provider: str | None = Field(default=None, description="gcore, openai or gateway.")
    endpoint: str | None = Field(default=None, description="Root of the API in use.")
