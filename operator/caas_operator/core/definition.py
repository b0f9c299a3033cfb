"""What a custom resource is: the record from which its CustomResourceDefinition is written.

Kinds fill it, `caas_operator.kube.crd` turns it into YAML; neither knows the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from caas_operator.core.model import GROUP

CATEGORY = "caas-operator"

Reason = Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"]
"""Not FieldValueDuplicate: the API server shows no message with it."""


@dataclass(frozen=True)
class Rule:
    """One rule over several fields, said twice: in CEL for the API server, in Python for stored objects.

    `check` gets the parsed model (or list) and answers whether it is fine; a rule that compares with the
    old object (`oldSelf`) has none. `field_path` is relative to where the rule stands, as in `.regionId`.
    """

    rule: str
    message: str
    field_path: str | None = None
    reason: Reason | None = None
    optional_old_self: bool = False
    check: Callable[[Any], bool] | None = None

    def as_schema(self) -> dict[str, Any]:
        """The entry of `x-kubernetes-validations`."""
        entry: dict[str, Any] = {"rule": self.rule, "message": self.message}
        if self.field_path is not None:
            entry["fieldPath"] = self.field_path
        if self.reason is not None:
            entry["reason"] = self.reason
        if self.optional_old_self:
            entry["optionalOldSelf"] = True
        return entry


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`; `wide` ones need `-o wide`."""

    name: str
    json_path: str
    description: str
    type: Literal["string", "integer", "boolean", "date"] = "string"
    wide: bool = False


@dataclass(frozen=True)
class ResourceDefinition:
    """One custom resource. `spec` and `status` are pydantic models (typed `type`, for core knows no pydantic)."""

    kind: str
    plural: str
    short_names: tuple[str, ...]
    description: str
    spec: type
    status: type
    columns: tuple[Column, ...]
    root_rules: tuple[Rule, ...] = ()
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{GROUP}"
