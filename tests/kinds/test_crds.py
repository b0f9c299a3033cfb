"""What every generated CustomResourceDefinition must be, whatever its fields are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, Field

from caas_operator.cli import crds
from caas_operator.core.definition import ResourceDefinition, Rule
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kube.crd import crd, crd_yaml
from caas_operator.kube.structural import structural_schema

ROOT = Path(__file__).parents[2]

every_kind = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.kind)


@dataclass(frozen=True)
class Node:
    """One schema in the tree, and whether the parent requires it."""

    path: str
    schema: dict[str, Any]
    required: bool
    is_field: bool

    @property
    def description(self) -> str:
        return str(self.schema.get("description", ""))


def nodes(schema: dict[str, Any], path: str, *, required: bool = True, is_field: bool = True) -> Iterator[Node]:
    yield Node(path, schema, required, is_field)
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}", required=name in schema.get("required", ()))
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from nodes(schema[keyword], f"{path}[]", is_field=False)


def version(definition: ResourceDefinition) -> dict[str, Any]:
    found: dict[str, Any] = crd(definition)["spec"]["versions"][0]
    return found


def root(definition: ResourceDefinition) -> dict[str, Any]:
    found: dict[str, Any] = version(definition)["schema"]["openAPIV3Schema"]
    return found


def spec_nodes(definition: ResourceDefinition) -> list[Node]:
    return list(nodes(root(definition)["properties"]["spec"], "spec"))


def all_nodes(definition: ResourceDefinition) -> list[Node]:
    return [*spec_nodes(definition), *nodes(root(definition)["properties"]["status"], "status")]


def test_the_generated_files_are_those_of_the_models() -> None:
    assert crds.check(ROOT / "crds") == []


def test_a_stale_a_missing_and_a_foreign_file_are_differences(tmp_path: Path) -> None:
    crds.write(tmp_path)
    assert crds.check(tmp_path) == []
    stale = tmp_path / "caascontainers.yaml"
    stale.write_text(stale.read_text().replace("maximum: 65535", "maximum: 65536"))
    (tmp_path / "cloudaccounts.yaml").unlink()
    (tmp_path / "foreign.yaml").write_text("kind: Secret\n")
    said = "\n".join(crds.check(tmp_path))
    assert "-                maximum: 65536" in said
    assert "+  name: cloudaccounts.caas-operator.dev" in said
    assert "-kind: Secret" in said
    assert crds.main(["--check", str(tmp_path)]) == 1
    crds.write(tmp_path)
    assert crds.main(["--check", str(tmp_path)]) == 0


@every_kind
def test_the_text_is_the_object_and_always_the_same(definition: ResourceDefinition) -> None:
    text = crd_yaml(definition)
    assert yaml.safe_load(text) == crd(definition)
    assert text == crd_yaml(definition)
    assert "&id" not in text
    assert "make crds" in text.splitlines()[0]


@every_kind
def test_every_field_is_described(definition: ResourceDefinition) -> None:
    silent = [
        node.path for node in all_nodes(definition) if node.is_field and not node.description.endswith((".", "`"))
    ]
    assert silent == []


@every_kind
def test_every_optional_field_of_spec_says_what_holds_when_it_is_unset(definition: ResourceDefinition) -> None:
    silent = [
        node.path
        for node in spec_nodes(definition)
        if not node.required and "Unset: " not in node.description and "Required" not in node.description
    ]
    assert silent == []


@every_kind
def test_the_first_of_listed_values_is_the_one_in_force_when_unset(definition: ResourceDefinition) -> None:
    wrong = [
        node.path
        for node in spec_nodes(definition)
        if not node.required and "enum" in node.schema and f"Unset: {node.schema['enum'][0]}" not in node.description
    ]
    assert wrong == []


@every_kind
def test_every_bound_is_in_the_description(definition: ResourceDefinition) -> None:
    def bounds(schema: dict[str, Any]) -> set[int]:
        found = {schema[word] for word in ("maximum", "maxItems", "maxProperties") if word in schema}
        if "enum" not in schema and "maxLength" in schema:
            found.add(schema["maxLength"])
        return {bound for bound in found if bound < 2**31 - 1}

    silent = [
        f"{node.path}: {bound}"
        for node in spec_nodes(definition)
        if node.is_field
        for bound in bounds(node.schema)
        if str(bound) not in node.description
    ]
    assert silent == []


@every_kind
def test_spec_has_no_default_and_status_has_one(definition: ResourceDefinition) -> None:
    assert [node.path for node in spec_nodes(definition) if "default" in node.schema] == []
    with_default = [node.path for node in all_nodes(definition) if "default" in node.schema]
    assert with_default == ["status"]
    assert root(definition)["properties"]["status"]["default"] == {"observedGeneration": -1}


@every_kind
def test_the_schema_is_structural_and_nothing_is_nullable(definition: ResourceDefinition) -> None:
    forbidden = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "not", "const", "title", "nullable", "discriminator"}
    wrong = [
        node.path
        for node in all_nodes(definition)
        if forbidden & node.schema.keys() or node.schema.get("additionalProperties") in (True, False)
    ]
    assert wrong == []
    assert [node.path for node in all_nodes(definition) if "type" not in node.schema] == []


@every_kind
def test_everything_in_spec_that_cel_could_visit_is_bounded(definition: ResourceDefinition) -> None:
    """More than the API server asks for: a rule that is added later must not run into the cost budget."""

    def bounded(schema: dict[str, Any]) -> bool:
        match schema["type"]:
            case "string":
                return "enum" in schema or "maxLength" in schema
            case "array":
                return "maxItems" in schema
            case "integer":
                return "minimum" in schema and "maximum" in schema
            case "object" if "additionalProperties" in schema:
                return "maxProperties" in schema
            case _:
                return True

    assert [node.path for node in spec_nodes(definition) if not bounded(node.schema)] == []


@every_kind
def test_keys_of_list_maps_are_required_scalars(definition: ResourceDefinition) -> None:
    maps = [node for node in all_nodes(definition) if node.schema.get("x-kubernetes-list-type") == "map"]
    assert maps, "conditions at least"
    for node in maps:
        item = node.schema["items"]
        for key in node.schema["x-kubernetes-list-map-keys"]:
            assert key in item["required"], node.path
            assert item["properties"][key]["type"] in {"string", "integer"}, node.path


@every_kind
def test_every_rule_has_a_message_and_points_at_a_field_that_exists(definition: ResourceDefinition) -> None:
    ruled = [*spec_nodes(definition), Node("", root(definition), required=True, is_field=False)]
    for node in ruled:
        for rule in node.schema.get("x-kubernetes-validations", ()):
            assert rule["message"], rule
            target = node.schema
            for step in rule.get("fieldPath", "").split(".")[1:]:
                target = target["properties"][step]


@every_kind
def test_root_rules_carry_a_field_path_and_compare_with_the_old_object(definition: ResourceDefinition) -> None:
    """One that judged the new object alone would refuse status patches of what is stored already."""
    for rule in definition.root_rules:
        assert rule.field_path is not None
        assert "oldSelf" in rule.rule


def spec_models(model: type[Any], seen: set[type[SpecModel]]) -> set[type[SpecModel]]:
    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, SpecModel):
            spec_models(annotation, seen)
        for part in getattr(annotation, "__args__", ()):
            visit(part)

    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            visit(field.annotation)
    return seen


@every_kind
def test_a_rule_on_new_values_is_also_checked_in_python(definition: ResourceDefinition) -> None:
    found: list[Rule] = [rule for model in spec_models(definition.spec, set()) for rule in model.all_rules()]
    assert found
    for rule in found:
        assert (rule.check is None) == ("oldSelf" in rule.rule), rule.rule


@every_kind
def test_names_columns_and_subresource_are_those_promised(definition: ResourceDefinition) -> None:
    names = crd(definition)["spec"]["names"]
    assert names["categories"] == ["caas-operator"]
    assert version(definition)["subresources"] == {"status": {}}
    shown = [column["name"] for column in version(definition)["additionalPrinterColumns"] if "priority" not in column]
    assert shown[:2] == ["READY", "REASON"]
    assert shown[-1] == "AGE"


def test_short_names_are_those_promised() -> None:
    assert {definition.kind: definition.short_names for definition in DEFINITIONS} == {
        "CaasContainer": ("caas",),
        "InferenceDeployment": ("infd",),
        "SandboxContainer": ("sbx",),
        "CloudAccount": ("cacct",),
        "ClusterCloudAccount": ("ccacct",),
    }
    assert [definition.kind for definition in DEFINITIONS if definition.scope == "Cluster"] == ["ClusterCloudAccount"]


class Inner(BaseModel):
    """Said of the class."""

    above: int = Field(gt=3, lt=9)
    only: Literal["one"]


class Outer(BaseModel):
    title: str
    default: Inner | None = Field(default=None, description="Said of the field.")
    several: Annotated[tuple[Inner, ...], Field(max_length=2)] | None = None
    labels: dict[str, str]


def test_what_pydantic_emits_becomes_structural() -> None:
    inner = {
        "type": "object",
        "properties": {
            "above": {"type": "integer", "minimum": 4, "maximum": 8},
            "only": {"type": "string", "enum": ["one"]},
        },
        "required": ["above", "only"],
    }
    assert structural_schema(Outer) == {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "default": {"description": "Said of the field.", **inner},
            "several": {"type": "array", "maxItems": 2, "items": {"description": "Said of the class.", **inner}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["title", "labels"],
    }


class Union(BaseModel):
    either: int | str


class Defaulted(BaseModel):
    size: int = 3


class Fraction(BaseModel):
    share: float = Field(gt=0)


class Multiple(BaseModel):
    even: int = Field(multiple_of=2)


class Anything(BaseModel):
    what: Any


@pytest.mark.parametrize("model", [Union, Defaulted, Fraction, Multiple, Anything], ids=lambda model: model.__name__)
def test_what_a_crd_cannot_say_is_an_error_and_not_dropped(model: type[BaseModel]) -> None:
    with pytest.raises(ValueError, match=rf"^{model.__name__}\."):
        structural_schema(model)
