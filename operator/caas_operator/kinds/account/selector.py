"""Which namespaces may use a ClusterCloudAccount."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.model import ListSet, SpecModel

LabelValue = Annotated[str, Field(max_length=63, pattern="^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")]
NamespaceName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$")]


class LabelRequirement(SpecModel):
    """One condition on a label."""

    key: str = Field(min_length=1, max_length=317, description="Key of the label, 1 to 317 characters.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="How the label is compared with values: In, NotIn, Exists or DoesNotExist."
    )
    values: Annotated[tuple[LabelValue, ...], Field(max_length=64), ListSet()] | None = Field(
        default=None,
        description="Values for In and NotIn, up to 64 of up to 63 characters; refused with the others. Unset: none.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.operator == 'In' || self.operator == 'NotIn') == (has(self.values) && self.values.size() > 0)",
            "values are required with In and NotIn, and refused with Exists and DoesNotExist",
            field_path=".values",
            check=lambda need: (need.operator in {"In", "NotIn"}) == bool(need.values),
        ),
    )

    def holds(self, labels: Mapping[str, str]) -> bool:
        match self.operator:
            case "In":
                return labels.get(self.key) in (self.values or ())
            case "NotIn":
                return labels.get(self.key) not in (self.values or ())
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels


class LabelSelector(SpecModel):
    match_labels: Annotated[dict[str, LabelValue], Field(max_length=64)] | None = Field(
        default=None, description="Labels that must be there with these values, up to 64. Unset: no condition."
    )
    match_expressions: Annotated[tuple[LabelRequirement, ...], Field(max_length=64)] | None = Field(
        default=None, description="Conditions that must all hold, up to 64. Unset: no condition."
    )

    def holds(self, labels: Mapping[str, str]) -> bool:
        """As in Kubernetes: everything must hold, and an empty selector holds for all."""
        wanted = (self.match_labels or {}).items()
        return all(labels.get(key) == value for key, value in wanted) and all(
            need.holds(labels) for need in self.match_expressions or ()
        )


class AllowedNamespaces(SpecModel):
    names: Annotated[tuple[NamespaceName, ...], Field(max_length=256), ListSet()] | None = Field(
        default=None,
        description='Namespaces by name, up to 256 of up to 63 characters; `["*"]` allows all. Unset: none by name.',
    )
    selector: LabelSelector | None = Field(
        default=None, description="Namespaces by their labels; `{}` allows all. Unset: none by label."
    )

    def allows(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether either the name or the labels of this namespace are allowed."""
        names = self.names or ()
        return "*" in names or namespace in names or (self.selector is not None and self.selector.holds(labels))
