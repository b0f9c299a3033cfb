"""The samples that need something before: with it in the clouds, each does what its comment says."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.support.tls import TlsFront, tls_front
from tests.support.world import CREATE, Json, World, world_of

BOX, INFD, SBX = "CaasContainer", "InferenceDeployment", "SandboxContainer"
MORE = Path(__file__).parents[3] / "deploy" / "samples" / "more"
MUTATING = {"POST", "PUT", "PATCH", "DELETE"}
THEIRS = {"image": "theirs:1", "listening_port": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 2}}
LOGIN = {"username": "them", "password": "their-password"}
AWS_KEYS = {"aws_access_key_id": "their-id", "aws_secret_access_key": "their-key"}


@pytest.fixture(scope="module")
def clouds(control_plane: ControlPlane) -> Iterator[World]:
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        yield world


@pytest.fixture(scope="module")
def front(clouds: World) -> Iterator[TlsFront]:
    with tls_front(clouds.simulator.urls.gcore) as front:
        yield front


@pytest.fixture(scope="module")
def world(clouds: World, front: TlsFront) -> Iterator[World]:
    with clouds.operating(allowed_endpoint_hosts=front.host):
        yield clouds


def apply(world: World, sample: str) -> None:
    world.plane.kubectl("apply", f"--namespace={world.namespace}", "-f", str(MORE / f"{sample}.yaml"))


def delete(world: World, kind: str, name: str) -> None:
    world.delete(kind, name)
    world.wait_gone(kind, name)


def found(world: World, kind: str, name: str) -> Json:
    """The one resource of a name in the cloud."""
    (item,) = [item for item in world.in_cloud(kind) if item["name"] == name]
    return item


def changes(world: World, name: str) -> list[str]:
    return [entry.operation for entry in world.simulator.journal(name=name) if entry.method in MUTATING]


def test_the_guarded_container_is_taken_over_and_held(world: World) -> None:
    pull_secret = {"name": "team", "registry": "registry.example.com", "login": "them", "password": "their-password"}
    world.simulator.change("create", "pull_secret", region=76, body=pull_secret)
    world.simulator.change("create", "caas", region=76, body={"name": "billing", **THEIRS})
    apply(world, "caascontainer-guarded")
    world.wait_ready(BOX, "billing")
    now = found(world, BOX, "billing")
    assert (now["image"], now["pull_secret"]) == ("registry.example.com/team/billing:7", "team")
    world.delete(BOX, "billing")
    world.wait_condition(BOX, "billing", "Ready", "False", "DeleteBlocked")
    assert changes(world, "billing") == ["gcore.caas.update"]
    world.edit(BOX, "billing", deletionProtection=False)
    world.wait_gone(BOX, "billing")
    assert set(changes(world, "billing")) == {"gcore.caas.update", "gcore.caas.delete"}


def test_the_observed_container_is_published_and_never_touched(world: World) -> None:
    world.simulator.change("create", "caas", region=76, body={"name": "old-site", **THEIRS})
    apply(world, "caascontainer-observe-only")
    endpoint = world.wait_ready(BOX, "legacy")["status"]["endpoint"]
    exported = world.http.get(f"/api/v1/namespaces/{world.namespace}/configmaps/legacy-address").json()
    assert exported["data"] == {"url": endpoint}
    delete(world, BOX, "legacy")
    assert found(world, BOX, "old-site")["image"] == "theirs:1"
    assert changes(world, "old-site") == []


def test_a_teams_own_account_says_where_its_container_goes_and_how_it_is_called(world: World, front: TlsFront) -> None:
    world.simulator.change("create", "project", id=7, set={"name": "team-a"})
    documents = list(yaml.safe_load_all((MORE / "cloudaccount.yaml").read_text(encoding="utf-8")))
    secret, account, _ = documents
    secret["stringData"]["api-key"] = world.simulator.keys.gcore
    account["spec"]["gcore"]["endpoint"] = front.url
    account["spec"]["caBundle"] = front.ca_bundle
    world.plane.kubectl("apply", f"--namespace={world.namespace}", "-f", "-", input=yaml.safe_dump_all(documents))
    world.wait_ready("CloudAccount", "team")
    obj = world.wait_ready(BOX, "reports")
    assert obj["status"]["externalId"] == f"7/76/{world.namespace}-reports"
    delete(world, BOX, "reports")


def test_a_deployment_uses_what_is_stored_in_the_cloud(world: World) -> None:
    simulator = world.simulator
    credentials = {"name": "team-registry", "registry_url": "registry.example.com", **LOGIN}
    simulator.change("create", "registry_credential", body=credentials)
    for name in ("help-desk", "website"):
        simulator.change("create", "api_key", body={"name": name})
    httpx.post(
        f"{simulator.urls.gcore}/cloud/v3/inference/1/secrets",
        headers={"Authorization": f"APIKey {simulator.keys.gcore}"},
        json={"name": "queue-reader", "type": "aws-iam", "data": AWS_KEYS},
        trust_env=False,
    ).raise_for_status()
    apply(world, "inferencedeployment-cloud-secrets")
    world.wait_ready(INFD, "transcripts")
    now = found(world, INFD, "transcripts")
    assert (now["credentials_name"], sorted(now["api_keys"])) == ("team-registry", ["help-desk", "website"])
    assert now["containers"][0]["scale"]["triggers"]["sqs"]["secret_name"] == "queue-reader"
    delete(world, INFD, "transcripts")
    assert [item["name"] for item in simulator.listed("registry_credentials")] == ["team-registry"]


def test_an_imported_sandbox_is_watched_and_left(world: World) -> None:
    (document,) = yaml.safe_load_all((MORE / "sandboxcontainer-import.yaml").read_text(encoding="utf-8"))
    identifier = document["spec"]["importId"]
    world.simulator.change("create", "sandbox", id=identifier, body={"name": "theirs"})
    apply(world, "sandboxcontainer-import")
    assert "expiresAt" in world.wait_ready(SBX, "imported")["status"]["observed"]
    delete(world, SBX, "imported")
    assert identifier in [item["id"] for item in world.in_cloud(SBX)]
    assert changes(world, "*theirs*") == []


def test_a_sandbox_gets_stored_files_and_skills(world: World) -> None:
    apply(world, "sandboxcontainer-stored")
    world.wait_ready(SBX, "stored")
    (post,) = world.simulator.journal(CREATE[SBX], name="stored*")
    assert post.body["file_ids"] == ["file-0123456789abcdef"]
    reference = {"type": "skill_reference", "skill_id": "skill_0123456789abcdef", "version": "latest"}
    assert post.body["skills"] == [reference]


def test_every_sample_of_the_folder_is_tried_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in sorted(MORE.glob("*.yaml")) if f'"{path.stem}' not in text] == []
