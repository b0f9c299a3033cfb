"""Gcore's refusals [DOC-err]: their classes, and what pydantic finds in a body as `invalid_fields`."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from caas_operator.simulator.wire import ApiError, Call, loads

JSON = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)


def not_found(what: str) -> ApiError:
    return ApiError(404, "NotFoundError", f"{what} not found")


def conflict(message: str) -> ApiError:
    return ApiError(409, "ConflictError", message)


def invalid(fields: dict[str, list[str]], message: str = "Validation error") -> ApiError:
    return ApiError(400, "ValidationError", message, invalid_fields=fields)


def quota_exceeded(attribute: str, usage: int, requested: int, limit: int, status: int = 400) -> ApiError:
    """The HTTP status is not documented; the text is that of the documented task error."""
    excess = usage + requested - limit
    info = {
        "attribute": attribute,
        "current_usage": usage,
        "requested_usage": requested,
        "limit": limit,
    }
    return ApiError(status, "QuotaLimitExceed", f"Quota limit for {attribute} exceeded by {excess}", info=info)


def read_body(call: Call, model: type[Body]) -> Body:
    """The request body, checked; a ValidationError reply names each bad field by its dotted path."""
    strict = call.world.switches.word("unknown_fields") == "rejected"
    try:
        sent = loads(call.raw)
    except ValueError as error:
        raise invalid({"body": [f"Invalid JSON: {error}"]}) from None
    try:
        return model.model_validate(sent, strict=True, extra="forbid" if strict else None)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            path = ".".join(str(part) for part in problem["loc"]) or "body"
            fields.setdefault(path, []).append(problem["msg"])
        raise invalid(fields) from None


def one_of(call: Call, name: str, *choices: str) -> str | None:
    """A query parameter that is one of a few words."""
    found = call.query.get(name)
    if found is not None and found not in choices:
        raise invalid({name: [f"Input should be one of {list(choices)}"]})
    return found


def page(call: Call, default: int, maximum: int) -> tuple[int, int]:
    """Limit and offset of a list request."""
    fields: dict[str, list[str]] = {}
    values = {"limit": default, "offset": 0}
    for name, low, high in (("limit", 1, maximum), ("offset", 0, None)):
        try:
            values[name] = call.integer(name, values[name], low, high)
        except ValueError as error:
            fields[name] = [str(error)]
    if fields:
        raise invalid(fields)
    return values["limit"], values["offset"]
