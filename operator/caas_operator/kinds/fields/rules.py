"""Rules that several kinds state about their own fields. Names are given in snake_case."""

from typing import Any

from pydantic.alias_generators import to_camel

from caas_operator.core.definition import Rule


def _has(names: tuple[str, ...]) -> list[str]:
    return [f"has(self.{to_camel(name)})" for name in names]


def _count(value: Any, names: tuple[str, ...]) -> int:
    return sum(getattr(value, name) is not None for name in names)


def _one_of(names: tuple[str, ...]) -> str:
    return " + ".join(f"({has} ? 1 : 0)" for has in _has(names))


def at_most_one(*names: str) -> Rule:
    either = " or ".join(to_camel(name) for name in names)
    return Rule(
        f"{_one_of(names)} <= 1",
        f"at most one of these may be set: {either}",
        field_path=f".{to_camel(names[0])}",
        check=lambda value: _count(value, names) <= 1,
    )


def exactly_one(*names: str) -> Rule:
    either = " or ".join(to_camel(name) for name in names)
    return Rule(
        f"{_one_of(names)} == 1",
        f"exactly one of these must be set: {either}",
        check=lambda value: _count(value, names) == 1,
    )


def immutable(name: str) -> Rule:
    """A transition rule for `spec`. Equal presence is asked for, since CEL skips a rule whose old value is absent."""
    field = to_camel(name)
    return Rule(
        f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        f"{field} is immutable from creation, also where it was left out: make a new object",
        field_path=f".{field}",
        reason="FieldValueForbidden",
    )


def required_when_managed(name: str) -> Rule:
    """Under ObserveOnly nothing but the identity is required; so the schema itself cannot require."""
    field = to_camel(name)
    return Rule(
        f"has(self.managementPolicy) && self.managementPolicy == 'ObserveOnly' || has(self.{field})",
        f"{field} is required (unless managementPolicy is ObserveOnly)",
        field_path=f".{field}",
        reason="FieldValueRequired",
        check=lambda spec: spec.observe_only or getattr(spec, name) is not None,
    )


PINNED = (
    "has(oldSelf.status) && has(oldSelf.status.externalId) && "
    "!(has(oldSelf.spec.managementPolicy) && oldSelf.spec.managementPolicy == 'ObserveOnly')"
)
"""CEL at the root: the object is bound to an external resource. What ObserveOnly reports binds nothing."""


def fixed_once_pinned(name: str, message: str, unless: str = "") -> Rule:
    """A root rule; it holds whenever spec is unchanged, so status and finalizer patches always pass it."""
    field = to_camel(name)
    new, old = f"self.spec.{field}", f"oldSelf.spec.{field}"
    free = f"!({PINNED}) || {unless}" if unless else f"!({PINNED})"
    return Rule(
        f"{free} || (has({new}) == has({old}) && (!has({new}) || {new} == {old}))",
        message,
        field_path=f".spec.{field}",
        reason="FieldValueForbidden",
    )


def metadata_name_fits(longest: int, what: str) -> Rule:
    """A root rule for kinds whose external name is metadata.name where spec.name is absent.

    An account's nameTemplate may add to the name, so CEL can judge only characters and the upper bound.
    """
    return Rule(
        "has(self.spec.name) || self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') "
        f"&& self.metadata.name.size() <= {longest} "
        "|| oldSelf.hasValue() && !has(oldSelf.value().spec.name)",
        f"metadata.name is the {what}'s name where spec.name is absent: "
        f"a lower-case label of at most {longest} characters; set spec.name",
        field_path=".spec.name",
        optional_old_self=True,
    )


ACCOUNT_IS_PINNED = Rule(
    f"!({PINNED}) || !has(oldSelf.status.account) || !has(self.spec.accountRef) "
    "|| has(oldSelf.spec.accountRef) && self.spec.accountRef == oldSelf.spec.accountRef "
    "|| (has(self.spec.accountRef.kind) ? self.spec.accountRef.kind : 'CloudAccount') == oldSelf.status.account.kind "
    "&& self.spec.accountRef.name == oldSelf.status.account.name",
    "the external resource lives in the account named by status.account: make a new object for another account",
    field_path=".spec.accountRef",
    reason="FieldValueForbidden",
)
