"""Whatever a cloud repeats of what it was sent, no secret value is ever to be read anywhere."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.world import (
    CLOUD_KIND,
    CREATE,
    DELETE,
    KINDS,
    PLURALS,
    UPDATE,
    Json,
    World,
    condition,
    world_of,
)

VALUES = {
    "long": "correct-horse-4b1d-battery-staple",
    "short": "pw-4242",
    "lines": "first line 77aa\nsecond line 88bb",
    "quoted": 'say "31c9" & \\ go',
    "domain": "domain-token-55aa66bb77cc",
}
NEXT = {name: f"{value} xq7e-{number}" for number, (name, value) in enumerate(VALUES.items())}
PROBES = (*(value[:9] for value in VALUES.values()), "second line 88", "xq7e-", "staple")
"""Pieces of the values, each of which gives its value away."""
FAULTS = {"400": 400, "403": 403, "503": 503}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        world.create_secret("values", **VALUES)
        with world.operating(log_level="debug", metrics_address="127.0.0.1:0"):
            yield world


def keys(world: World) -> tuple[str, ...]:
    return (world.simulator.keys.gcore, world.simulator.keys.openai, world.simulator.keys.gateway)


def key(world: World, kind: str) -> str:
    return world.simulator.keys.openai if kind == "SandboxContainer" else world.simulator.keys.gcore


def quoting(world: World, kind: str, values: dict[str, str] = VALUES) -> str:
    """What a careless cloud might say."""
    return f"bad request: {'; '.join(values.values())}; key {key(world, kind)} was used"


def envelope(kind: str, text: str) -> Json:
    if kind == "SandboxContainer":
        return {"error": {"message": text, "type": "invalid_request_error", "code": None}}
    return {"exception_class": "ValidationError", "message": text, "request_id": "req-1"}


def ref(name: str) -> Json:
    return {"secretKeyRef": {"name": "values", "key": name}}


def secretive(kind: str) -> dict[str, Any]:
    """A spec that makes every value leave for the cloud."""
    if kind != "SandboxContainer":
        return {"env": [{"name": name.upper(), "valueFrom": ref(name)} for name in VALUES]}
    secrets = [{"domain": "a.example", "name": name, "valueFrom": ref(name)} for name in VALUES]
    policy = {"type": "allowlist", "allowedDomains": ["a.example"], "domainSecrets": secrets}
    return {"networkPolicy": policy, "replacePolicy": "Recreate"}


def everything_said(world: World) -> dict[str, str]:
    """All that people and machines can read, by where it is."""
    assert world.operator is not None
    found = {
        f"{kind} {obj['metadata']['name']}": json.dumps(obj, ensure_ascii=False)
        for kind in PLURALS
        if not kind.startswith("Cluster")
        for obj in world.objects(kind)
    }
    for name in ("gcore", "openai", "gateway"):
        found[name] = json.dumps(world.get("ClusterCloudAccount", name), ensure_ascii=False)
    events = world.http.get("/api/v1/events").json()["items"]
    found["events"] = json.dumps(events, ensure_ascii=False)
    found["log"] = world.operator.log.read_text(encoding="utf-8")
    found["metrics"] = world.operator.metrics()
    return found


def nothing_is_given_away(world: World) -> None:
    for where, text in everything_said(world).items():
        for probe in (*PROBES, *keys(world)):
            for written in {probe, json.dumps(probe)[1:-1]}:
                at = text.find(written)
                assert at < 0, f"{where}: ...{text[max(0, at - 300) : at + 60]}"


def message(obj: Json, type_: str = "Ready") -> str:
    return str((condition(obj, type_) or {}).get("message"))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_create_whose_refusal_quotes_it_gives_nothing_away(world: World, kind: str, fault: str) -> None:
    name = f"create-{fault}"
    body = envelope(kind, quoting(world, kind))
    world.simulator.fault(CREATE[kind], "respond", name=f"{name}*", status=FAULTS[fault], body=body)
    world.create(kind, name, **secretive(kind))
    obj = world.wait_condition(kind, name, "Ready", "False")
    if fault != "503":
        obj = world.wait(lambda: said(world, kind, name, "bad request: ***"), told="the cloud's words, masked")
        assert "was used" in message(obj)
    nothing_is_given_away(world)


def said(world: World, kind: str, name: str, words: str) -> Json | None:
    obj = world.get(kind, name)
    return obj if obj and words in json.dumps(obj["status"].get("conditions")) else None


@pytest.mark.parametrize("kind", UPDATE)
def test_a_task_whose_error_quotes_it_gives_nothing_away(world: World, kind: str) -> None:
    world.simulator.fault(CREATE[kind], "task_error", name="task", count=1, text=quoting(world, kind))
    world.create(kind, "task", **secretive(kind))
    world.wait(lambda: said(world, kind, "task", "create task: bad request: ***"), told="the task's words, masked")
    nothing_is_given_away(world)


@pytest.mark.parametrize("kind", UPDATE)
def test_a_task_whose_error_is_cut_in_a_value_gives_nothing_away(world: World, kind: str) -> None:
    text = "x" * 280 + " in " + VALUES["long"] + "y" * 100
    world.simulator.fault(CREATE[kind], "task_error", name="cut-off", count=1, text=text)
    world.create(kind, "cut-off", **secretive(kind))
    world.wait(lambda: said(world, kind, "cut-off", "in ***"), told="the task's words, masked")
    nothing_is_given_away(world)


@pytest.mark.parametrize("kind", UPDATE)
def test_a_failing_resource_whose_message_quotes_it_gives_nothing_away(world: World, kind: str) -> None:
    world.create(kind, "crashing", **secretive(kind))
    world.wait_ready(kind, "crashing")
    text = f"exited: TOKEN={VALUES['long']} PW={VALUES['short']} KEY={world.simulator.keys.gcore}"
    broken = {"status": "Error", "status_message": text} if kind == "CaasContainer" else {"error_message": text}
    world.simulator.change("mutate", CLOUD_KIND[kind], name="crashing", region=76, set=broken)
    world.resync()
    obj = world.wait_condition(kind, "crashing", "Ready", "False", "CloudError")
    assert "TOKEN=*** PW=*** KEY=***" in message(obj)
    assert "TOKEN=*** PW=*** KEY=***" in json.dumps(obj["status"]["observed"])
    nothing_is_given_away(world)


@pytest.mark.parametrize("kind", UPDATE)
def test_an_update_and_a_deletion_whose_refusals_quote_old_and_new_values_give_nothing_away(
    world: World, kind: str
) -> None:
    world.create_secret(f"rotating-{kind.lower()}", **VALUES)
    env = [
        {"name": n.upper(), "valueFrom": {"secretKeyRef": {"name": f"rotating-{kind.lower()}", "key": n}}}
        for n in VALUES
    ]
    world.create(kind, "rotated", env=env)
    world.wait_ready(kind, "rotated")
    both = envelope(kind, f"{quoting(world, kind, NEXT)} after {quoting(world, kind)}")
    world.simulator.fault(UPDATE[kind], "respond", name="rotated", status=400, body=both)
    world.change_secret(f"rotating-{kind.lower()}", **NEXT)
    world.simulator.advance(70)
    world.wait(lambda: said(world, kind, "rotated", "update (HTTP 400)"), told="the update is refused")
    nothing_is_given_away(world)
    world.simulator.fault(DELETE[kind], "respond", name="rotated", status=403, body=both, count=1)
    world.delete(kind, "rotated")
    world.wait_condition(kind, "rotated", "Ready", "False", "DeleteBlocked")
    nothing_is_given_away(world)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_that_refers_to_a_key_that_is_not_there_names_the_key_alone(world: World, kind: str) -> None:
    spec = secretive(kind)
    listed = spec["env"] if "env" in spec else spec["networkPolicy"]["domainSecrets"]
    listed[0]["valueFrom"] = ref("absent")
    world.create(kind, "keyless", **spec)
    obj = world.wait_condition(kind, "keyless", "Ready", "False", "DependencyNotReady")
    assert "has no key 'absent'" in message(obj)
    nothing_is_given_away(world)


def test_an_account_whose_refusal_quotes_its_key_gives_nothing_away(world: World) -> None:
    lists = {"gcore.projects.list": "CaasContainer", "openai.containers.list": "SandboxContainer"}
    for status in (401, 403, 503):
        rules = [
            world.simulator.fault(
                operation, "respond", status=status, body=envelope(kind, f"Bad permanent token: {key(world, kind)}")
            )
            for operation, kind in lists.items()
        ]
        for name in ("gcore", "openai"):
            world.annotate("ClusterCloudAccount", name, reconcile_requested_at=f"{status}")
            world.wait(partial(handled, world, name, status), told=f"{name} after {status}")
            world.wait_condition("ClusterCloudAccount", name, "Ready", "False")
        nothing_is_given_away(world)
        for rule in rules:
            world.simulator.clear_faults(rule)
    world.simulator.advance(70)
    for name in ("gcore", "openai"):
        world.wait_ready("ClusterCloudAccount", name)


def handled(world: World, name: str, status: int) -> bool:
    obj = world.get("ClusterCloudAccount", name) or {}
    return bool(obj["status"].get("lastHandledReconcileAt") == f"{status}")


def test_the_values_did_reach_the_cloud(world: World) -> None:
    """Else the tests above would have looked for nothing."""
    for kind in UPDATE:
        item = next(item for item in world.in_cloud(kind) if item["name"] == "crashing")
        assert item["envs"]["LONG"] == VALUES["long"]
    posts = world.simulator.journal(CREATE["SandboxContainer"], name="create-400*")
    assert VALUES["domain"] in json.dumps(posts[0].body)
