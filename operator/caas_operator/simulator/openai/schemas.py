"""The create body of a container [SEED-O, SPEC, SDK], and refusals in OpenAI's words. Nothing in it is nullable."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, ValidationError

from caas_operator.simulator.fields import Omissible
from caas_operator.simulator.wire import ApiError, loads
from caas_operator.simulator.world import World

JSON = dict[str, Any]


class ExpiresAfter(BaseModel):
    """More than 20 minutes is refused (obs); the lower bound is (inf)."""

    anchor: Literal["last_active_at"]
    minutes: int = Field(ge=1, le=20)


class DomainSecret(BaseModel):
    domain: str = Field(min_length=1)
    name: str = Field(min_length=1)
    value: str = Field(min_length=1, max_length=10_485_760)


class Disabled(BaseModel):
    type: Literal["disabled"]


class AllowList(BaseModel):
    type: Literal["allowlist"]
    allowed_domains: list[str] = Field(min_length=1)
    domain_secrets: Omissible[Annotated[list[DomainSecret], Field(min_length=1)]] = None


class SkillReference(BaseModel):
    type: Literal["skill_reference"]
    skill_id: str = Field(min_length=1, max_length=64)
    version: Omissible[Annotated[str, Field(pattern=r"^([1-9][0-9]*|latest)$")]] = None


class InlineSource(BaseModel):
    type: Literal["base64"]
    media_type: Literal["application/zip"]
    data: str = Field(min_length=1, max_length=70_254_592)


class InlineSkill(BaseModel):
    type: Literal["inline"]
    name: str
    description: str
    source: InlineSource


class CreateContainer(BaseModel):
    name: str
    expires_after: Omissible[ExpiresAfter] = None
    file_ids: Omissible[list[str]] = None
    memory_limit: Omissible[Literal["1g", "4g", "16g", "64g"]] = None
    network_policy: Omissible[Annotated[Disabled | AllowList, Discriminator("type")]] = None
    skills: Omissible[list[Annotated[SkillReference | InlineSkill, Discriminator("type")]]] = None


CODES = {
    "missing": "missing_required_parameter",
    "less_than_equal": "integer_above_max_value",
    "greater_than_equal": "integer_below_min_value",
    "extra_forbidden": "unknown_parameter",
    "literal_error": "invalid_value",
    "too_short": "empty_array",
    "string_too_short": "empty_string",
    "string_too_long": "string_above_max_length",
}
"""pydantic's error types to OpenAI's codes; only integer_above_max_value was observed [OBS-U]"""


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, "invalid_request_error", message, param=param, code=code)


def missing_container(identifier: str) -> ApiError:
    message = f"Container with id '{identifier}' not found."
    return ApiError(404, "invalid_request_error", message, param=None, code=None)


def parse_create(world: World, raw: bytes) -> JSON:
    """The body with only what was sent; raises a 400 that names the first bad parameter."""
    refuse = world.switches.word("openai_unknown_fields") == "rejected"
    try:
        parsed = loads(raw or b"{}")
    except ValueError:
        raise bad_request("We could not parse the JSON body of your request.") from None
    try:
        body = CreateContainer.model_validate(parsed, strict=True, extra="forbid" if refuse else None)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        param = ".".join(str(part) for part in problem["loc"]) or None
        code = CODES.get(problem["type"], "invalid_type")
        raise bad_request(f"Invalid '{param}': {problem['msg']}.", param, code) from None
    sent = body.model_dump(exclude_unset=True, exclude_none=True)
    policy = sent.get("network_policy") or {}
    if policy.get("allowed_domains") and world.switches.word("allowed_domain_check") == "rejected":
        text = "A domain is not on the organisation's allow list."
        raise bad_request(text, "network_policy.allowed_domains")
    return sent
