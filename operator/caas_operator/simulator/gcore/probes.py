"""Probes of an inference deployment: whole in a create, in parts in an update [S2, PY]."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from caas_operator.simulator.fields import Omissible
from caas_operator.simulator.gcore.schemas import Port, Schema

JSON = dict[str, Any]
Positive = Annotated[int, Field(ge=1)]
Delay = Annotated[int, Field(ge=0)]
Protocol = Literal["HTTP", "HTTPS"]


class Exec(Schema):
    command: list[str] = Field(default_factory=list)


class HttpGet(Schema):
    """The wire's key is `schema`, HTTP or HTTPS."""

    port: Port
    path: str = "/"
    protocol: Protocol = Field("HTTP", alias="schema")
    host: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class TcpSocket(Schema):
    port: Port


class Probe(Schema):
    failure_threshold: Positive = 3
    success_threshold: Positive = 1
    period_seconds: Positive = 10
    timeout_seconds: Positive = 3
    initial_delay_seconds: Delay = 0
    exec: Exec | None = None
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None


class ProbeConfig(Schema):
    enabled: bool
    probe: Omissible[Probe] = None

    @model_serializer(mode="wrap")
    def without_a_null(self, dump: SerializerFunctionWrapHandler) -> JSON:
        """A probe that was not given is left out of replies too: its type has no null [SPEC]."""
        shown: JSON = dump(self)
        return shown if self.probe is not None else {"enabled": self.enabled}


class Probes(Schema):
    model_config = ConfigDict(extra="forbid")

    liveness_probe: ProbeConfig | None = None
    readiness_probe: ProbeConfig | None = None
    startup_probe: ProbeConfig | None = None


class HttpGetUpdate(Schema):
    """`host: null` is let pass: a released client sends it [RUN]."""

    port: Omissible[Port] = None
    path: Omissible[str] = None
    protocol: Omissible[Protocol] = Field(None, alias="schema")
    host: str | None = None
    headers: Omissible[dict[str, str]] = None


class TcpSocketUpdate(Schema):
    port: Omissible[Port] = None


class ProbeUpdate(Schema):
    failure_threshold: Omissible[Positive] = None
    success_threshold: Omissible[Positive] = None
    period_seconds: Omissible[Positive] = None
    timeout_seconds: Omissible[Positive] = None
    initial_delay_seconds: Omissible[Delay] = None
    exec: Exec | None = None
    http_get: HttpGetUpdate | None = None
    tcp_socket: TcpSocketUpdate | None = None


class ProbeConfigUpdate(Schema):
    enabled: Omissible[bool] = None
    probe: Omissible[ProbeUpdate] = None


class ProbesUpdate(Schema):
    model_config = ConfigDict(extra="forbid")

    liveness_probe: ProbeConfigUpdate | None = None
    readiness_probe: ProbeConfigUpdate | None = None
    startup_probe: ProbeConfigUpdate | None = None


def updated(stored: JSON | None, update: ProbesUpdate, port: int, *, merge: bool) -> JSON | None:
    """The probes after an update: a null leaves a probe alone, another value replaces it or is merged into it.

    What was never said has a create's default; `enabled` stays as it was, at first false, and `port` is what an
    action without a port gets (SIM).
    """
    result = dict(stored or {})
    for name, part in update.model_dump(mode="json", by_alias=True, exclude_unset=True).items():
        if part is not None:
            old = result.get(name) or {"enabled": False}
            new = _merged(old, part) if merge else {"enabled": old["enabled"]} | part
            result[name] = _complete(new, port)
    return result or None


def _complete(part: JSON, port: int) -> JSON:
    probe = part.get("probe") or {}
    given = {key: {"port": port} | probe[key] for key in ("http_get", "tcp_socket") if probe.get(key) is not None}
    whole: JSON = {"enabled": part["enabled"]} | ({"probe": probe | given} if part.get("probe") is not None else {})
    return ProbeConfig.model_validate(whole).model_dump(mode="json", by_alias=True)


def _merged(stored: JSON, sent: JSON) -> JSON:
    both = dict(stored)
    for name, value in sent.items():
        old = both.get(name)
        nested = isinstance(value, dict) and isinstance(old, dict) and name != "headers"
        both[name] = _merged(old or {}, value) if nested else value
    return both
