"""What Gcore's answers must have to be taken for one."""

from collections.abc import Collection, Mapping
from typing import Any

from caas_operator.cloud.transport import Malformed
from caas_operator.core.model import JsonObject
from caas_operator.core.scrub import scrub

FREE_TEXT = ("status_message", "error_message")
"""What the cloud says in words of a resource, or of a region of one."""


def an_object(body: Any) -> JsonObject:
    if not isinstance(body, dict):
        raise Malformed("it is not an object")
    return body


def task_ids(body: Any) -> tuple[str, ...]:
    """The ids of `{"tasks": [uuid, ...]}`. An update that changes nothing may answer with an empty list [PY]."""
    ids = an_object(body).get("tasks", ())
    if "tasks" not in body or not isinstance(ids, list | None) or not all(isinstance(i, str) for i in ids or ()):
        raise Malformed("it has no list of task ids")
    return tuple(ids or ())


def rows(body: Any) -> list[JsonObject]:
    """The rows of a list that has no pages, or of one page of one that has."""
    results = body if isinstance(body, list) else an_object(body).get("results")
    if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
        raise Malformed("it has no list of results")
    return results


def total(body: Any) -> int | None:
    """`count`: how many there are over all pages [DOC-page]."""
    count = body.get("count") if isinstance(body, Mapping) else None
    return count if isinstance(count, int) else None


def told(row: JsonObject, secrets: Collection[str]) -> JsonObject:
    """A resource without the credential, should the cloud's words quote it: they are shown to people."""
    said: JsonObject = {
        name: scrub(text, secrets) for name in FREE_TEXT if isinstance(text := row.get(name), str) and text
    }
    parts = row.get("containers")
    if isinstance(parts, list) and any(isinstance(part, dict) and part.get("error_message") for part in parts):
        said["containers"] = [told(part, secrets) if isinstance(part, dict) else part for part in parts]
    return row | said if said else row
