"""References to other objects."""

from typing import Annotated, Literal

from pydantic import Field

from caas_operator.kinds.fields.model import SpecModel

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern="^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
DataKey = Annotated[str, Field(min_length=1, max_length=253, pattern="^[-._a-zA-Z0-9]+$")]

AccountKind = Literal["CloudAccount", "ClusterCloudAccount"]


class AccountRef(SpecModel):
    kind: AccountKind | None = Field(
        default=None, description="Kind of the account. Unset: CloudAccount, in the namespace of this object."
    )
    name: ObjectName = Field(description="Name of the account, up to 253 characters.")

    @property
    def effective_kind(self) -> AccountKind:
        return self.kind or "CloudAccount"


class SecretKeyRef(SpecModel):
    """One key of a Secret in the object's namespace."""

    name: ObjectName = Field(description="Name of the Secret, up to 253 characters.")
    key: DataKey = Field(description="Key in the Secret's data, up to 253 characters.")


class ConfigMapKeyRef(SpecModel):
    """One key of a ConfigMap in the object's namespace."""

    name: ObjectName = Field(description="Name of the ConfigMap, up to 253 characters.")
    key: DataKey = Field(description="Key in the ConfigMap's data or binaryData, up to 253 characters.")


class SecretRef(SpecModel):
    """A whole Secret in the object's namespace."""

    name: ObjectName = Field(description="Name of the Secret, up to 253 characters.")


class ExportTo(SpecModel):
    config_map_key_ref: ConfigMapKeyRef = Field(
        description="ConfigMap and key to write. The operator makes the ConfigMap, owned by this object; one that "
        "exists and belongs to something else is left alone and reported."
    )


NamespaceName = Annotated[str, Field(min_length=1, max_length=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


class ClusterSecretKeyRef(SecretKeyRef):
    """One key of a Secret in any namespace."""

    namespace: NamespaceName = Field(description="Namespace of the Secret, up to 63 characters.")


class ClusterSecretRef(SecretRef):
    """A whole Secret in any namespace."""

    namespace: NamespaceName = Field(description="Namespace of the Secret, up to 63 characters.")
