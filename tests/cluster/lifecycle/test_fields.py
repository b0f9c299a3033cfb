"""Every field that reaches a cloud, from the API server to the body of the request."""

import base64
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.world import CREATE, KINDS, MINIMAL, Json, World, condition

SBX = "SandboxContainer"
FILES = Path(__file__).parent / "fields"
CASES: list[tuple[str, int, Any]] = [
    (kind, number, case)
    for kind in KINDS
    for number, case in enumerate(yaml.safe_load((FILES / f"{kind.lower()}.yaml").read_text(encoding="utf-8")))
]
OWN = {"name", "description"}
"""what is made of the object's own name and marker"""
IDENTITY: dict[str, Json] = {"CaasContainer": {"projectId": 1, "regionId": 76}, "InferenceDeployment": {"projectId": 1}}
"""what only a create may set"""
IN_THE_CLOUD: dict[str, Json] = {
    "/cloud/v3/inference/1/secrets": {
        "name": "aws-keys",
        "type": "aws-iam",
        "data": {"aws_access_key_id": "a", "aws_secret_access_key": "b"},
    },
    "/cloud/v3/inference/1/api_keys": {"name": "team-a"},
    "/cloud/v3/inference/1/registry_credentials": {
        "name": "registry",
        "username": "u",
        "password": "p",
        "registry_url": "https://registry.example.com",
    },
    "/cloud/v1/caas/secrets/1/76": {
        "name": "registry",
        "registry": "registry.example.com",
        "login": "u",
        "password": "p",
    },
}
"""what specs name"""


@pytest.fixture(autouse=True, scope="module")
def inputs(world: World) -> None:
    world.create_secret("fields", token="of-the-secret")
    world.create_config_map("fields", colour="blue")
    headers = {"Authorization": f"APIKey {world.simulator.keys.gcore}"}
    with httpx.Client(base_url=world.simulator.urls.gcore, headers=headers, trust_env=False) as cloud:
        for path, body in IN_THE_CLOUD.items():
            assert cloud.post(path, json=body).is_success, path


@pytest.mark.parametrize(
    ("kind", "number", "case"), CASES, ids=lambda value: str(value) if isinstance(value, (str, int)) else ""
)
def test_a_field_reaches_the_cloud_in_the_create(world: World, kind: str, number: int, case: dict[str, Any]) -> None:
    name = f"fields-{number}"
    world.simulator.switch("allowed_domain_check", "accepted")
    world.create(kind, name, **case["spec"])
    world.wait_ready(kind, name)
    (post,) = world.simulator.journal(CREATE[kind], name=f"{name}*")
    assert {key: value for key, value in post.body.items() if key not in OWN} == case["sent"]
    if "description" in case["spec"]:
        assert post.body["description"].startswith(case["spec"]["description"])


@pytest.mark.parametrize("kind", ["CaasContainer", "InferenceDeployment"])
def test_an_edit_makes_of_a_resource_what_a_create_makes(world: World, kind: str) -> None:
    spec, sent = next((case["spec"], case["sent"]) for of, _, case in CASES if of == kind)
    world.create(kind, "made", **spec)
    world.create(kind, "edited", **MINIMAL[kind], **IDENTITY[kind])
    for name in ("made", "edited"):
        world.wait_ready(kind, name)
    world.edit(kind, "edited", **spec)
    world.wait_ready(kind, "edited")
    made, edited = (_shape(world, kind, name, sent) for name in ("made", "edited"))
    assert edited == made
    assert made.keys() == sent.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_in_the_cloud_is_the_one_of_the_spec(world: World, kind: str) -> None:
    world.create(kind, "object", name="called-so")
    obj = world.wait_ready(kind, "object")
    assert obj["status"]["externalName"].startswith("called-so")
    assert [item for item in world.in_cloud(kind) if item["name"] == obj["status"]["externalName"]]


@pytest.mark.parametrize(
    ("readiness", "ready"), [("Any", "True"), ("Quorum", "True"), ("All", "False"), (None, "False")], ids=str
)
def test_readiness_says_how_many_regions_must_serve(world: World, readiness: str | None, ready: str) -> None:
    """One of three has no room."""
    name = f"regions-{str(readiness).lower()}"
    world.simulator.switch("capacity", "error_message")
    flavor = MINIMAL["InferenceDeployment"]["flavor"]
    world.simulator.change("mutate", "capacity", region=80, set={flavor: 0})
    scale = {"min": 1, "max": 1}
    regions = [{"regionId": id_, "scale": scale} for id_ in (6, 76, 80)]
    try:
        spec: Json = {"regions": regions} | ({"readiness": readiness} if readiness else {})
        world.create("InferenceDeployment", name, **spec)
        reason = "Available" if ready == "True" else "CloudError"
        obj = world.wait_condition("InferenceDeployment", name, "Ready", ready, reason)
        rows = {row["regionId"]: bool(row.get("errorMessage")) for row in obj["status"]["observed"]["regions"]}
        assert rows == {6: False, 76: False, 80: True}
    finally:
        world.simulator.change("mutate", "capacity", region=80, set={flavor: 1000})


def test_a_file_and_a_skill_come_from_secrets(world: World) -> None:
    world.create_secret("parts", script="print(7)", zipped="not-really-a-zip")
    skill = {
        "type": "inline",
        "name": "adder",
        "description": "adds",
        "secretKeyRef": {"name": "parts", "key": "zipped"},
    }
    file = {"path": "bin/run.py", "secretKeyRef": {"name": "parts", "key": "script"}}
    world.create(SBX, "furnished", files=[file], skills=[skill])
    obj = world.wait_ready(SBX, "furnished")
    (post,) = world.simulator.journal(CREATE[SBX], name="furnished*")
    (sent,) = post.body["skills"]
    assert (sent["name"], sent["description"]) == ("adder", "adds")
    assert base64.b64decode(sent["source"]["data"]) == b"not-really-a-zip"
    (upload,) = world.simulator.journal("openai.files.create", name=obj["status"]["externalId"])
    assert "print(7)" in str(upload.body)
    assert "run.py" in str(upload.body)


def test_metadata_reaches_the_cloud_through_a_gateway(world: World) -> None:
    account = {"kind": "ClusterCloudAccount", "name": "gateway"}
    world.create(SBX, "labelled", accountRef=account, provider="openai", metadata={"team": "tools"})
    if world.simulator.switch_value("gateway_metadata") == "rejected":
        obj = world.wait_condition(SBX, "labelled", "Stalled", "True", "InvalidSpec")
        assert "metadata" in condition(obj, "Stalled")["message"]  # type: ignore[index]
    else:
        world.wait_ready(SBX, "labelled")
    (post,) = world.simulator.journal("gateway.containers.create", name="labelled*")
    assert post.body["metadata"]["team"] == "tools"


def _shape(world: World, kind: str, name: str, sent: Collection[str]) -> dict[str, Any]:
    """What the cloud keeps of what was sent."""
    (found,) = [item for item in world.in_cloud(kind) if item["name"].startswith(name)]
    called = found["name"]
    alike = json.loads(json.dumps(found).replace(f"//{called}-", "//NAME-").replace(f"/{called}/", "/NAME/"))
    return {key: value for key, value in alike.items() if key in sent}
