"""One thing changed behind our back is one field of drift; what nobody set is none."""

import copy
from typing import Any

import pytest
import yaml

from caas_operator.kinds.container import mapping as container
from caas_operator.kinds.inference import mapping as inference
from tests.kinds.test_goldens import GOLDENS
from tests.support import echo
from tests.support.wanted import CONTAINER, DEPLOYMENT, a_wanted, an_external

Wire = dict[str, Any]


def full(folder: str) -> Wire:
    case: Wire = yaml.safe_load((GOLDENS / folder / "create-full.yaml").read_text())
    return case


def changed(wire: Wire, path: str, value: object) -> Wire:
    """The wire with the value at a dotted path (numbers are places in a list) replaced."""
    wire = copy.deepcopy(wire)
    *parents, last = path.split(".")
    part: Any = wire
    for step in parents:
        part = part[int(step)] if step.isdigit() else part[step]
    part[last] = value
    return wire


@pytest.mark.parametrize(
    ("path", "value", "drift"),
    [
        ("image", "nginx", "image"),
        ("listening_port", 1, "listeningPort"),
        ("flavor", "80mCPU-128MiB", "flavor"),
        ("description", "", "description"),
        ("description", None, "description"),
        ("description", "The shop's front", "description"),
        ("description", "Another front [caas-operator 0123456789]", "description"),
        ("commands", None, "commands"),
        ("commands", "other", "commands"),
        ("envs", None, "env"),
        ("envs.MODE", "test", "env"),
        ("envs.TOKEN", "rotated", "env"),
        ("envs.EXTRA", "", "env"),
        ("scale.min", 1, "scale"),
        ("scale.max", 1, "scale"),
        ("scale.cooldown_period", 60, "scale"),
        ("scale.cooldown_period", None, "scale"),
        ("scale.triggers", None, "scale"),
        ("scale.triggers.cpu", None, "scale"),
        ("scale.triggers.memory.threshold", 1, "scale"),
        ("scale.triggers.http.window", 1, "scale"),
        ("timeout", None, "timeout"),
        ("is_disabled", True, "suspend"),
        ("is_api_key_auth", True, "isApiKeyAuth"),
        ("pull_secret", None, "pullSecret"),
        ("logging", None, "logging"),
        ("logging.enabled", False, "logging"),
        ("logging.topic_name", "other", "logging"),
        ("logging.destination_region_id", None, "logging"),
        ("logging.retention_policy", None, "logging"),
        ("logging.retention_policy", 44, "logging"),
        ("logging.retention_policy", 45, None),
        ("logging.opensearch_dashboards_link", "https://logs.example.test", None),
        ("status", "Error", None),
        ("address", None, None),
        ("namespace", "other", None),
        ("new_field", 1, None),
    ],
)
def test_each_field_of_a_container_is_compared(path: str, value: object, drift: str | None) -> None:
    case = full("caascontainer")
    wanted = a_wanted(CONTAINER, case["spec"], values=case["inputs"])
    wire = echo.container(case["create"])
    assert container.drift(wanted, an_external(CONTAINER, changed(wire, path, value))) == ((drift,) if drift else ())


LIVENESS = "probes.liveness_probe"


@pytest.mark.parametrize(
    ("path", "value", "drift"),
    [
        ("image", "nginx", "image"),
        ("listening_port", 1, "listeningPort"),
        ("flavor_name", "small", "flavor"),
        ("description", None, "description"),
        ("command", "other", "command"),
        ("command", None, "command"),
        ("command", ["python3", "-m", "serve", "--name=a b"], None),
        ("envs.TOKEN", "rotated", "env"),
        ("timeout", None, "timeout"),
        ("timeout", 120, "timeout"),
        ("api_keys", ["team-b", "team-a"], None),
        ("api_keys", None, "apiKeys"),
        ("api_keys", ["team-a"], "apiKeys"),
        ("credentials_name", None, "credentialsName"),
        ("ingress_opts", None, "ingressOpts"),
        ("ingress_opts.disable_response_buffering", None, "ingressOpts"),
        ("logging.enabled", None, "logging"),
        ("logging.retention_policy.period", 2, "logging"),
        ("containers", None, "regions"),
        ("containers", [], "regions"),
        ("containers.0.region_id", 77, "regions"),
        ("containers.0.scale.min", 1, "regions"),
        ("containers.0.scale.polling_interval", None, "regions"),
        ("containers.0.scale.triggers.gpu_memory", None, "regions"),
        ("containers.0.scale.triggers.sqs.queue_length", 9, "regions"),
        ("containers.0.scale.triggers.sqs.scale_on_flight", False, "regions"),
        ("containers.0.error_message", "no image", None),
        ("containers.1.scale.triggers.cpu", {"threshold": 80}, "regions"),
        ("containers.1.scale.triggers", None, None),
        ("containers.1.scale.cooldown_period", 90, None),
        (LIVENESS, None, "livenessProbe"),
        (f"{LIVENESS}.enabled", False, "livenessProbe"),
        (f"{LIVENESS}.probe.period_seconds", None, "livenessProbe"),
        (f"{LIVENESS}.probe.http_get", None, "livenessProbe"),
        (f"{LIVENESS}.probe.http_get.schema", "HTTP", "livenessProbe"),
        (f"{LIVENESS}.probe.http_get.headers", None, "livenessProbe"),
        (f"{LIVENESS}.probe.http_get.headers.X-Extra", "", "livenessProbe"),
        (f"{LIVENESS}.probe.http_get.host", None, "livenessProbe"),
        (f"{LIVENESS}.probe.tcp_socket", {"port": 1}, "livenessProbe"),
        ("probes.readiness_probe.probe.period_seconds", 99, None),
        ("probes.readiness_probe.probe.exec", {"command": ["true"]}, "readinessProbe"),
        ("probes.startup_probe.probe.exec.command", ["true"], "startupProbe"),
        ("auth_enabled", True, None),
        ("address", "x", None),
        ("new_field", 1, None),
    ],
)
def test_each_field_of_a_deployment_is_compared(path: str, value: object, drift: str | None) -> None:
    case = full("inferencedeployment")
    wanted = a_wanted(DEPLOYMENT, case["spec"], values=case["inputs"])
    wire = echo.deployment(case["create"]) | {"status": "DISABLED"}
    assert inference.drift(wanted, an_external(DEPLOYMENT, changed(wire, path, value))) == ((drift,) if drift else ())
