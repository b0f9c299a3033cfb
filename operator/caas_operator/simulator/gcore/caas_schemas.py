"""Request bodies of CaaS [S1, SPEC]."""

from typing import Annotated, Any

from pydantic import Field

from caas_operator.simulator.gcore.errors import invalid
from caas_operator.simulator.gcore.schemas import Cooldown, HttpTrigger, Logging, Port, Schema
from caas_operator.simulator.world import World

JSON = dict[str, Any]

Flavor = Annotated[str, Field(pattern=r"\A[0-9]{0,12}mCPU-[0-9]{0,12}M[i]?B\Z")]
Image = Annotated[str, Field(max_length=230)]
Description = Annotated[str, Field(max_length=255)]
Timeout = Annotated[int, Field(ge=0, le=180)]
EnvKey = Annotated[str, Field(max_length=255, pattern=r"\A[a-zA-Z_][a-zA-Z0-9_]*\Z")]
Envs = dict[EnvKey, Annotated[str, Field(max_length=255)]]


class Threshold(Schema):
    threshold: int = Field(ge=1, le=99)


class Triggers(Schema):
    cpu: Threshold | None = None
    memory: Threshold | None = None
    http: HttpTrigger | None = None


class Scale(Schema):
    min: int = Field(ge=0, le=25)
    max: int = Field(ge=1, le=25)
    cooldown_period: Cooldown | None = 60
    triggers: Triggers | None = None


class Create(Schema):
    name: str = Field(max_length=43, pattern=r"\A[a-zA-Z0-9][a-zA-Z0-9.-]+[a-zA-Z0-9]\Z")
    image: Image
    listening_port: Port
    flavor: Flavor
    scale: Scale
    description: Description = ""
    commands: str | None = None
    envs: Envs = Field(default_factory=dict)
    timeout: Timeout | None = None
    is_disabled: bool = False
    is_api_key_auth: bool = False
    pull_secret: Annotated[str, Field(max_length=400)] | None = None
    logging: Logging | None = None


class Update(Schema):
    image: Image | None = None
    listening_port: Port | None = None
    flavor: Flavor | None = None
    scale: Scale | None = None
    description: Description | None = None
    commands: str | None = None
    envs: JSON | None = None
    """untyped here, unlike in a create [SPEC]"""
    timeout: Timeout | None = None
    is_disabled: bool | None = None
    is_api_key_auth: bool | None = None
    pull_secret: str | None = None
    logging: Logging | None = None


class CheckLimits(Schema):
    flavor: Flavor
    max_replicas: int = Field(ge=1, le=25)


RESET: JSON = {
    "description": "",
    "commands": None,
    "envs": {},
    "timeout": None,
    "is_disabled": False,
    "is_api_key_auth": False,
    "pull_secret": None,
    "logging": None,
}
"""What a null stands for on a cloud where nulls reset."""


def check_scale(world: World, scale: JSON | None) -> None:
    """Max >= min, unless the switch lets it pass [GHA input help]."""
    if scale and scale["max"] < scale["min"] and world.switches.word("max_below_min") == "rejected":
        raise invalid({"scale": ["max must be greater than or equal to min"]})


def with_default_triggers(world: World, scale: JSON) -> JSON:
    if scale.get("triggers") is None and world.switches.word("caas_default_triggers") == "cpu_80":
        return scale | {"triggers": {"cpu": {"threshold": 80}, "memory": None, "http": None}}
    return scale
