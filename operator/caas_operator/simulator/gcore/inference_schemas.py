"""Request bodies of Everywhere Inference [S2, SPEC, PY]."""

from typing import Annotated, Any

from pydantic import Field

from caas_operator.simulator.gcore.errors import invalid
from caas_operator.simulator.gcore.probes import Positive, Probes, ProbesUpdate
from caas_operator.simulator.gcore.schemas import Cooldown, HttpTrigger, Logging, Port, Schema
from caas_operator.simulator.world import World

JSON = dict[str, Any]

IMAGE = (
    r"\A(?:(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*)"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?\Z"
)
TRIGGERS = ("cpu", "gpu_memory", "gpu_utilization", "http", "memory", "sqs")

Image = Annotated[str, Field(pattern=IMAGE)]
Interval = Annotated[int, Field(ge=5, le=3600)]


class Threshold(Schema):
    threshold: int = Field(ge=1, le=100)


class Sqs(Schema):
    queue_url: str
    queue_length: Positive
    activation_queue_length: Positive
    aws_region: str
    secret_name: str
    aws_endpoint: str | None = None
    scale_on_flight: bool = False
    scale_on_delayed: bool = False


class Triggers(Schema):
    cpu: Threshold | None = None
    gpu_memory: Threshold | None = None
    gpu_utilization: Threshold | None = None
    http: HttpTrigger | None = None
    memory: Threshold | None = None
    sqs: Sqs | None = None


class Scale(Schema):
    """Omitted triggers are cpu 80 and memory 80; `{}` means none [S2, RUN]."""

    min: int = Field(ge=0)
    max: int = Field(le=300)
    cooldown_period: Cooldown | None = 60
    polling_interval: Interval | None = 30
    triggers: Triggers = Triggers(cpu=Threshold(threshold=80), memory=Threshold(threshold=80))


class ScaleUpdate(Schema):
    """In an update nothing has a default; nulls are let pass, as a released client sends them [RUN]."""

    min: int = Field(ge=0)
    max: int = Field(le=300)
    cooldown_period: Cooldown | None = None
    polling_interval: Interval | None = None
    triggers: Triggers | None = None


class Region(Schema):
    region_id: int
    scale: Scale


class RegionUpdate(Schema):
    region_id: int
    scale: ScaleUpdate


class IngressOpts(Schema):
    disable_response_buffering: bool = False


class Create(Schema):
    name: str = Field(min_length=4, max_length=30, pattern=r"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
    image: Image
    listening_port: Port
    flavor_name: str = Field(min_length=1)
    containers: list[Region] = Field(min_length=1)
    description: str | None = ""
    credentials_name: str | None = ""
    command: list[str] | None = None
    envs: dict[str, str] = Field(default_factory=dict)
    timeout: Annotated[int, Field(ge=0)] | None = 120
    api_keys: list[str] = Field(default_factory=list)
    auth_enabled: bool = False
    ingress_opts: IngressOpts | None = None
    logging: Logging | None = None
    probes: Probes | None = None


class Update(Schema):
    """`flavor_name: null` is let pass: the released Terraform provider sends it [RUN]."""

    image: Image | None = None
    listening_port: Port | None = None
    flavor_name: Annotated[str, Field(min_length=1)] | None = None
    containers: Annotated[list[RegionUpdate], Field(min_length=1)] | None = None
    description: str | None = None
    credentials_name: str | None = None
    command: list[str] | None = None
    envs: dict[str, str] | None = None
    timeout: Annotated[int, Field(ge=0)] | None = None
    api_keys: list[str] | None = None
    auth_enabled: bool = False
    ingress_opts: IngressOpts | None = None
    logging: Logging | None = None
    probes: ProbesUpdate | None = None


class CheckLimits(Schema):
    flavor_name: str = Field(min_length=1)
    containers: list[Region] = Field(min_length=1)


RESET: JSON = {
    "description": "",
    "credentials_name": "",
    "command": None,
    "envs": {},
    "timeout": 120,
    "api_keys": [],
    "ingress_opts": None,
    "logging": None,
    "probes": None,
    "flavor_name": "",
}
"""What a null stands for on a cloud where nulls reset."""


def check_auth(sent: set[str]) -> None:
    """Both authentication fields together are refused, whatever their values [S2, SPEC]."""
    if {"auth_enabled", "api_keys"} <= sent:
        text = "auth_enabled and api_keys cannot be specified together"
        raise invalid({"auth_enabled": [text], "api_keys": [text]})


def check_scales(world: World, regions: list[JSON]) -> None:
    strict = world.switches.word("max_below_min") == "rejected"
    for index, part in enumerate(regions):
        if strict and part["scale"]["max"] < part["scale"]["min"]:
            text = "max must be greater than or equal to min"
            raise invalid({f"containers.{index}.scale": [text]})
    repeated = len({part["region_id"] for part in regions}) < len(regions)
    if repeated and world.switches.word("repeated_regions") == "rejected":
        raise invalid({"containers": ["regions must be unique"]})


def complete_scales(regions: list[JSON]) -> list[JSON]:
    """Regions of an update as they are kept: the numbers' defaults, no triggers where none were sent."""
    none = dict.fromkeys(TRIGGERS)
    return [
        part
        | {
            "scale": part["scale"]
            | {
                "cooldown_period": part["scale"]["cooldown_period"] or 60,
                "polling_interval": part["scale"]["polling_interval"] or 30,
                "triggers": part["scale"]["triggers"] or none,
            }
        }
        for part in regions
    ]
