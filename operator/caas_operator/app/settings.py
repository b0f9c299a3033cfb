"""Every setting of `caas-operator run`: a flag, a variable and a default, from one model.

A flag wins over its variable, the variable over the default; what is empty counts as unset. Kubernetes itself puts
variables named `CAAS_OPERATOR_SERVICE_HOST`, `..._PORT` and `..._PORT_8080_TCP` into pods beside a Service of our name,
so no field may be called that.
"""

import argparse
import math
import os
import re
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, CliSettingsSource, CliSuppress, NoDecode, SettingsConfigDict

ENV_PREFIX = "CAAS_OPERATOR_"

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_HOST = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(:[0-9]{1,5})?")
_ADDRESS = re.compile(r"(?P<host>[^:\s]*|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class SettingsInvalid(Exception):
    """What was set cannot be used. One line a setting; each names flag and variable and repeats no value."""


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port`, `:port` (loopback) or `[v6]:port`. Raises ValueError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("must be HOST:PORT, or :PORT for the loopback address; port 0 takes a free one")
    return match["host"].strip("[]") or "127.0.0.1", int(match["port"])


def _listed(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _an_address(text: str) -> str:
    if text == "off":
        return ""
    if text:
        parse_address(text)
    return text


def _own_namespace() -> str:
    """The namespace of the pod we run in; outside of pods the one that the chart would take."""
    try:
        return _POD_NAMESPACE.read_text(encoding="ascii").strip()
    except OSError:
        return "caas-operator"


def _namespaces(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_NAMESPACE.fullmatch(name) for name in names):
        raise ValueError("must be names of namespaces, separated by commas")
    return names


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    lowered = tuple(name.lower() for name in names)
    if not all(_HOST.fullmatch(name) for name in lowered):
        raise ValueError("must be names of hosts, without scheme and path, separated by commas")
    return lowered


def _networks(names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(name)) for name in names)
    except ValueError:
        raise ValueError("must be networks as in 10.20.0.0/16, separated by commas") from None


Address = Annotated[str, AfterValidator(_an_address)]
Namespaces = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_namespaces)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_hosts)]


Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_networks)]


class Settings(BaseSettings):
    """What the operator is told. Times are seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        cli_kebab_case=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
        hide_input_in_errors=True,
    )

    kubeconfig: Path | None = Field(
        None,
        description="The kubeconfig to use. Without one: the service account of the pod, outside of pods what kubectl"
        " would take.",
    )
    context: str | None = Field(None, description="The context of the kubeconfig. Without one: its current context.")
    namespaces: Namespaces = Field(
        (), description="The namespaces to serve, separated by commas. Without any: all of the cluster."
    )
    cluster_id: str | None = Field(
        None,
        min_length=1,
        max_length=253,
        description="What tells this cluster's resources in a cloud from another cluster's. Give a rebuilt cluster the"
        " same one, and it takes its resources back. Without one: the uid of the namespace kube-system.",
    )
    operator_namespace: str = Field(
        default_factory=_own_namespace,
        pattern=f"^{_NAMESPACE.pattern}$",
        description="The namespace the operator keeps its own Secret in. Without one: that of its pod, outside of pods"
        " caas-operator.",
    )
    environment_account_namespaces: Namespaces = Field(
        (),
        description="The namespaces whose objects may use the credentials of the operator's own environment"
        " (GCORE_API_KEY, OPENAI_API_KEY) when no account object is the default, separated by commas.",
    )
    allowed_endpoint_hosts: Hosts = Field(
        ("api.gcore.com", "api.openai.com"),
        description="The hosts that a CloudAccount of a namespace may name as its endpoint, separated by commas; HOST"
        " stands for its port 443, HOST:PORT for another. ClusterCloudAccounts are not limited.",
    )
    readiness_check_networks: Networks = Field(
        (),
        description="Networks that a readinessCheck may ask although they are not public, as in 10.20.0.0/16, separated"
        " by commas. Without any: public addresses alone.",
    )
    resync_seconds: float = Field(
        60,
        ge=30,
        description="How often the resources of an account are listed to find drift, where the account does not say."
        " At least 30.",
    )
    task_poll_seconds: float = Field(2, ge=0.1, description="How often the running tasks of an account are looked at.")
    workers_per_account: int = Field(
        128, ge=1, le=1000, description="How many objects of one account are worked on at once."
    )
    requests_per_second: float = Field(
        200, gt=0, description="The rate of calls to a cloud per account, where the account does not say."
    )
    burst: int = Field(400, ge=1, description="How many calls may exceed that rate at once, per account.")
    log_format: Literal["json", "text"] = Field("json", description="Logs as lines of JSON, or as text for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level to log.")
    health_address: Address = Field(
        "127.0.0.1:8080",
        description="Where /healthz and /readyz are served, as HOST:PORT. Port 0 takes a free one; `off`: nowhere.",
    )
    metrics_address: Address = Field(
        "",
        description="Where /metrics is served, as HOST:PORT; the health address serves for both. Port 0 takes a free"
        " one. Without one: nowhere.",
    )
    shutdown_seconds: float = Field(
        25, ge=0, le=600, description="How long calls in flight may take to end after a SIGTERM."
    )
    leader_elect: bool | None = Field(
        None,
        description="Whether to work only while holding a Lease, so that several processes can run and one works."
        " Without it: yes in pods, no outside of them.",
    )
    lease_name: str = Field(
        "caas-operator",
        pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$",
        description="The name of the Lease. Processes that serve the same objects need the same one.",
    )
    lease_namespace: str | None = Field(
        None,
        pattern=f"^{_NAMESPACE.pattern}$",
        description="The namespace of the Lease. Without one: the operator's namespace.",
    )
    lease_duration_seconds: int = Field(
        15, ge=2, le=3600, description="How long the others respect a Lease that is not renewed. Whole seconds."
    )
    lease_renew_deadline_seconds: float = Field(
        10,
        gt=0,
        description="When a leader that cannot renew its Lease stops all calls and ends. At least 1 below the"
        " duration.",
    )
    lease_retry_seconds: float = Field(
        2, ge=0.1, description="How often the leader renews the Lease. Less than half of the deadline."
    )
    clock_url: CliSuppress[str | None] = Field(
        None, pattern="^http://", description="A simulator whose clock to follow; for tests only."
    )

    @field_validator("lease_renew_deadline_seconds")
    @classmethod
    def _before_the_lease_expires(cls, seconds: float, info: ValidationInfo) -> float:
        if seconds > info.data.get("lease_duration_seconds", math.inf) - 1:
            raise ValueError("must be at least 1 second less than --lease-duration-seconds")
        return seconds

    @field_validator("lease_retry_seconds")
    @classmethod
    def _twice_before_the_deadline(cls, seconds: float, info: ValidationInfo) -> float:
        if seconds * 2 >= info.data.get("lease_renew_deadline_seconds", math.inf):
            raise ValueError("must be less than half of --lease-renew-deadline-seconds")
        return seconds

    @property
    def elects(self) -> bool:
        """Whether a Lease decides who works."""
        if self.leader_elect is not None:
            return self.leader_elect
        return "KUBERNETES_SERVICE_HOST" in os.environ


def load(argv: Sequence[str]) -> Settings:
    """The settings in force. Raises SettingsInvalid; an unknown flag, `--help` and the like end the process."""
    source = CliSettingsSource[Any](
        Settings,
        root_parser=argparse.ArgumentParser(
            prog="caas-operator run",
            description="Run the operator. Each flag can be given as a variable too; the flag wins.",
            allow_abbrev=False,
        ),
        add_argument_method=_add_argument,
    )
    try:
        return Settings(_cli_settings_source=source(args=list(argv)))
    except ValidationError as error:
        raise SettingsInvalid("\n".join(_explained(e["loc"], e["msg"]) for e in error.errors())) from None


def flag(field: str) -> str:
    return "--" + field.replace("_", "-")


def variable(field: str) -> str:
    return ENV_PREFIX + field.upper()


def _explained(location: tuple[int | str, ...], message: str) -> str:
    field = str(location[0]) if location else ""
    return f"{flag(field)} ({variable(field)}): {message.removeprefix('Value error, ')}"


_METAVARS = {
    "kubeconfig": "FILE",
    "context": "NAME",
    "cluster_id": "ID",
    "operator_namespace": "NAME",
    "leader_elect": "true|false",
    "lease_name": "NAME",
    "lease_namespace": "NAME",
    "namespaces": "NAMES",
    "environment_account_namespaces": "NAMES",
    "allowed_endpoint_hosts": "HOSTS",
    "readiness_check_networks": "NETWORKS",
    "health_address": "HOST:PORT",
    "metrics_address": "HOST:PORT",
}


def _add_argument(parser: argparse.ArgumentParser, *names: str, **options: Any) -> None:
    """As argparse's own, with help that is made of the description, the default and the variable."""
    field = Settings.model_fields.get(options.get("dest", ""))
    if field is not None and options.get("help") != argparse.SUPPRESS:
        name = options["dest"]
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        known = "" if default in {None, "", PydanticUndefined} else f" Default: {default}."
        options["help"] = f"{field.description}{known} [{variable(name)}]"
        if not str(options.get("metavar", "")).startswith("{"):
            options["metavar"] = _METAVARS.get(name, "SECONDS" if name.endswith("_seconds") else "NUMBER")
        if field.annotation == bool | None:
            options.update(nargs="?", const="true")
    parser.add_argument(*names, **options)
