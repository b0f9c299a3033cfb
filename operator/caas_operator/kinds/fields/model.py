"""The model that all specs are made of, and the annotations for lists.

Rules over several fields stand beside the fields as `core.definition.Rule`: the API server gets their CEL,
and `SpecModel` runs their Python, for objects that were stored under an older schema.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from caas_operator.core.definition import Rule


def _obey(rules: tuple[Rule, ...], value: object) -> None:
    for rule in rules:
        if rule.check is not None and not rule.check(value):
            raise PydanticCustomError("rule", "{message}", {"message": rule.message, "path": rule.field_path or ""})


def _write_rules(schema: dict[str, Any], model: type[Any]) -> None:
    if issubclass(model, SpecModel) and (rules := model.all_rules()):
        schema["x-kubernetes-validations"] = [rule.as_schema() for rule in rules]


class SpecModel(BaseModel):
    """Part of a spec: camelCase outside, snake_case inside, nothing unknown, no input repeated in errors."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra=_write_rules,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def all_rules(cls) -> tuple[Rule, ...]:
        """The rules of this class and of those it is composed of, the latter first."""
        return tuple(rule for part in reversed(cls.__mro__) for rule in part.__dict__.get("rules", ()))

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        _obey(self.all_rules(), self)
        return self


class StatusModel(BaseModel):
    """Part of a status. Unknown fields are passed over: a newer operator may have written them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


@dataclass(frozen=True)
class Obeys:
    """Annotation of a list: these rules hold for it as a whole."""

    rules: tuple[Rule, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-kubernetes-validations": [rule.as_schema() for rule in self.rules]}

    def _checked(self, value: Any) -> Any:
        _obey(self.rules, value)
        return value


@dataclass(frozen=True)
class ListMap:
    """Annotation of a list whose items are told apart by `keys` (snake_case): server-side apply merges by them."""

    keys: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            **handler(schema),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [to_camel(key) for key in self.keys],
        }

    def _checked(self, value: Any) -> Any:
        _refuse_repeats([tuple(getattr(item, key) for key in self.keys) for item in value])
        return value


@dataclass(frozen=True)
class ListSet:
    """Annotation of a list of scalars, each at most once, in no order."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-kubernetes-list-type": "set"}

    def _checked(self, value: Any) -> Any:
        _refuse_repeats(list(value))
        return value


def _refuse_repeats(keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise PydanticCustomError("duplicate", "each item may stand here only once")
