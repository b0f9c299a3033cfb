"""Pieces of request bodies that CaaS and inference share [S1, S2]."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from caas_operator.simulator.clock import parse_timestamp

TOPIC = r"^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])*)*$"

Port = Annotated[int, Field(ge=1, le=65535)]
Cooldown = Annotated[int, Field(ge=1, le=3600)]


def _moment(text: str) -> str:
    parse_timestamp(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""an ISO time"""


class Schema(BaseModel):
    """A request body or a part of one. Types are strict: "80" is no number."""

    model_config = ConfigDict(regex_engine="python-re")


class HttpTrigger(Schema):
    rate: int = Field(ge=1, le=1000)
    window: int = Field(ge=1, le=3600)


class RetentionPolicy(Schema):
    period: Annotated[int, Field(ge=1, le=1825)] | None


class Logging(Schema):
    """Unset parts may come as an empty topic and region 0: a released Terraform provider sends them [RUN]."""

    enabled: bool = False
    destination_region_id: int | None = None
    topic_name: Annotated[str, Field(max_length=223, pattern=f"^$|{TOPIC}")] | None = None
    retention_policy: RetentionPolicy | None = None


def logging_wire(logging: dict[str, object] | None) -> dict[str, object] | None:
    """The reply's logging: absent values null, a policy without a period null [RUN]."""
    if logging is None:
        return None
    policy = logging.get("retention_policy")
    kept = policy if isinstance(policy, dict) and policy.get("period") is not None else None
    return {
        "enabled": logging.get("enabled", False),
        "destination_region_id": logging.get("destination_region_id") or None,
        "topic_name": logging.get("topic_name") or None,
        "retention_policy": kept,
    }
