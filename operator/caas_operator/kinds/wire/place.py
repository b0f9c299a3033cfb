"""Where a spec puts its resource: external names, and projects and regions by name."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.ports import Defaults

SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class NameRule:
    """What an external name must be: a pattern, and the same in words."""

    pattern: re.Pattern[str]
    words: str


def external_name(asked: str | None, defaults: Defaults, namespace: str, name: str, rule: NameRule) -> str:
    """The name that the spec asks for, else the account's template, else metadata.name. Raises InvalidSpec."""
    template = defaults.name_template or "{name}"
    chosen = asked or template.replace("{namespace}", namespace).replace("{name}", name)
    if not rule.pattern.fullmatch(chosen):
        source = "" if asked else " (made of metadata.name and the account's nameTemplate; set spec.name)"
        raise InvalidSpec("spec.name", f"must be {rule.words}{source}")
    return chosen


def id_of_name(items: Iterable[Mapping[str, Any]], key: str, name: str, field: str) -> int:
    """The id of the one item whose `key` is `name`, in any case. Raises InvalidSpec on `field`, with near names."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        by_name.setdefault(str(item.get(key) or "").casefold(), []).append(item)
    matching = by_name.get(name.casefold(), [])
    if len(matching) == 1:
        return int(matching[0]["id"])
    if matching:
        ids = ", ".join(str(item["id"]) for item in matching)
        raise InvalidSpec(field, f"the cloud has several of this name: give the id, one of {ids}")
    raise InvalidSpec(field, none_of_this_name(name, (str(item.get(key) or "") for item in items)))


def none_of_this_name(name: str, known: Iterable[str]) -> str:
    """What to say of a name that the cloud's list lacks, with near ones."""
    by_name = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(name.casefold(), by_name, SUGGESTIONS)
    names = " or ".join(repr(by_name[other]) for other in near)
    return f"the cloud has none of this name{f'; did you mean {names}?' if near else ''}"
