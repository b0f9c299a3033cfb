"""Probes of an InferenceDeployment, in a Pod's shape. Defaults are those of Gcore's probe object [S2]."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.env import ValueSource
from caas_operator.kinds.fields.model import ListMap, SpecModel
from caas_operator.kinds.fields.rules import at_most_one, exactly_one

Argument = Annotated[str, Field(max_length=4096)]
MAX_ARGUMENTS = 128

HANDLERS = ("http_get", "tcp_socket", "exec")


class HttpHeader(SpecModel):
    """One header of a probe's request."""

    name: str = Field(
        min_length=1,
        max_length=128,
        pattern="^[-A-Za-z0-9]+$",
        description="Name of the header, 1 to 128 letters, digits and `-`.",
    )
    value: str | None = Field(
        default=None,
        max_length=4096,
        description="Value of the header, up to 4096 characters. Unset: valueFrom gives it. Never write a secret here.",
    )
    value_from: ValueSource | None = Field(
        default=None, description="Takes the value from a Secret or ConfigMap, and follows it. Unset: value gives it."
    )

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("value", "value_from"),)


class HttpGet(SpecModel):
    path: str | None = Field(
        default=None, max_length=1024, pattern="^/", description="Path, up to 1024 characters. Unset: `/`."
    )
    port: int = Field(ge=1, le=65535, description="Port, 1 to 65535.")
    scheme: Literal["HTTP", "HTTPS"] | None = Field(default=None, description="HTTP or HTTPS. Unset: HTTP.")
    host: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="Host that is asked, 1 to 253 characters. Unset: the instance itself.",
    )
    http_headers: Annotated[tuple[HttpHeader, ...], Field(max_length=32), ListMap(("name",))] | None = Field(
        default=None, description="Headers of the request, up to 32, each name once. Unset: none."
    )


class TcpSocket(SpecModel):
    port: int = Field(ge=1, le=65535, description="Port that must accept a connection, 1 to 65535.")


class ExecAction(SpecModel):
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=MAX_ARGUMENTS)] = Field(
        description="Command and arguments, 1 to 128 of up to 4096 characters, run in the instance without a shell; "
        "exit status 0 is healthy."
    )


class Probe(SpecModel):
    enabled: bool | None = Field(
        default=None,
        description="false switches the probe off, also one that the cloud would set by itself. Unset: true.",
    )
    http_get: HttpGet | None = Field(
        default=None, description="Healthy while this request answers 2xx or 3xx. Unset: not asked."
    )
    tcp_socket: TcpSocket | None = Field(
        default=None, description="Healthy while the port accepts a connection. Unset: not asked."
    )
    exec: ExecAction | None = Field(default=None, description="Healthy while the command exits 0. Unset: not run.")
    initial_delay_seconds: int | None = Field(
        default=None, ge=0, le=86400, description="Seconds before the first probe, 0 to 86400. Unset: 0."
    )
    period_seconds: int | None = Field(
        default=None, ge=1, le=86400, description="Seconds between two probes, 1 to 86400. Unset: 10."
    )
    timeout_seconds: int | None = Field(
        default=None, ge=1, le=86400, description="Seconds a probe may take, 1 to 86400. Unset: 3."
    )
    success_threshold: int | None = Field(
        default=None, ge=1, le=1000, description="Successes in a row that count as healthy, 1 to 1000. Unset: 1."
    )
    failure_threshold: int | None = Field(
        default=None, ge=1, le=1000, description="Failures in a row that count as unhealthy, 1 to 1000. Unset: 3."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one(*HANDLERS),
        Rule(
            "has(self.enabled) && !self.enabled || has(self.httpGet) || has(self.tcpSocket) || has(self.exec)",
            "a probe needs httpGet, tcpSocket or exec (unless enabled is false)",
            check=lambda probe: probe.enabled is False or any(getattr(probe, name) for name in HANDLERS),
        ),
    )
