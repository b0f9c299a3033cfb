"""Environment variables, in a Pod's shape."""

from typing import ClassVar

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.fields.references import ConfigMapKeyRef, ObjectName, SecretKeyRef
from caas_operator.kinds.fields.rules import exactly_one

MAX_ENV = 256
MAX_ENV_FROM = 32

OPTIONAL = "Whether a missing object or key is passed over. Unset: false, it is waited for (DependencyNotReady)."


class EnvSecretKeyRef(SecretKeyRef):
    optional: bool | None = Field(default=None, description=OPTIONAL)


class EnvConfigMapKeyRef(ConfigMapKeyRef):
    optional: bool | None = Field(default=None, description=OPTIONAL)


class ValueSource(SpecModel):
    """Where a value comes from."""

    secret_key_ref: EnvSecretKeyRef | None = Field(
        default=None, description="A key of a Secret in the same namespace. Unset: configMapKeyRef is used."
    )
    config_map_key_ref: EnvConfigMapKeyRef | None = Field(
        default=None, description="A key of a ConfigMap in the same namespace. Unset: secretKeyRef is used."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("secret_key_ref", "config_map_key_ref"),)


class EnvVar(SpecModel):
    """One environment variable."""

    name: str = Field(
        min_length=1,
        max_length=255,
        pattern="^[-._a-zA-Z][-._a-zA-Z0-9]*$",
        description="Name of the variable, 1 to 255 characters: letters, digits, `-`, `.` and `_`, not a digit first.",
    )
    value: str | None = Field(
        default=None,
        max_length=32768,
        description="The value as it is, up to 32768 characters; `$(VAR)` is not expanded. Unset: valueFrom gives it. "
        "Never write a secret here.",
    )
    value_from: ValueSource | None = Field(
        default=None, description="Takes the value from a Secret or ConfigMap, and follows it. Unset: value gives it."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("value", "value_from"),)


class EnvObjectRef(SpecModel):
    name: ObjectName = Field(description="Name of the object, up to 253 characters.")
    optional: bool | None = Field(
        default=None,
        description="Whether a missing object is passed over. Unset: false, it is waited for (DependencyNotReady).",
    )


class EnvFromSource(SpecModel):
    """A Secret or ConfigMap all of whose keys become variables."""

    prefix: str | None = Field(
        default=None,
        max_length=128,
        pattern="^[-._a-zA-Z][-._a-zA-Z0-9]*$",
        description="Put in front of every key, up to 128 characters. Unset: nothing.",
    )
    secret_ref: EnvObjectRef | None = Field(
        default=None, description="A Secret in the same namespace. Unset: configMapRef is used."
    )
    config_map_ref: EnvObjectRef | None = Field(
        default=None, description="A ConfigMap in the same namespace. Unset: secretRef is used."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("secret_ref", "config_map_ref"),)
