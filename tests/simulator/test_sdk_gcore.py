"""Gcore's own SDK as a judge: its calls succeed, and its types accept every reply when checked strictly."""

from collections.abc import Iterator
from typing import Any

import gcore
import pytest
from gcore import Gcore
from gcore.types.cloud.inference import InferenceDeployment

from tests.simulator.bodies import a_deployment, a_region
from tests.support.simulator import Simulator, running_simulator


@pytest.fixture(scope="module")
def live() -> Iterator[Simulator]:
    """With a running clock, since the SDK polls in real time."""
    with running_simulator(task_seconds=0) as simulator:
        yield simulator


@pytest.fixture
def sdk(live: Simulator) -> Iterator[Gcore]:
    live.reset()
    with Gcore(
        api_key=live.keys.gcore,
        base_url=live.urls.gcore,
        cloud_project_id=1,
        cloud_region_id=76,
        polling_interval_seconds=1,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def made(sdk: Gcore, name: str = "model", **changes: object) -> InferenceDeployment:
    return sdk.cloud.inference.deployments.create_and_poll(**a_deployment(name, **changes))


def test_a_deployment_is_created_polled_and_read(live: Simulator, sdk: Gcore) -> None:
    live.switch("task_seconds", 0.3)
    deployment = made(sdk, containers=[a_region(76), a_region(6)], envs={"A": "1"}, command=["run", "it"])
    assert (deployment.status, deployment.name, deployment.project_id) == ("ACTIVE", "model", 1)
    assert deployment.command == "run it"
    assert [container.region_id for container in deployment.containers] == [76, 6]
    triggers = deployment.containers[0].scale.triggers
    assert triggers.cpu is not None
    assert triggers.cpu.threshold == 80
    assert triggers.http is None


def test_every_optional_part_of_a_deployment_passes_the_sdks_types(live: Simulator, sdk: Gcore) -> None:
    sdk.cloud.inference.api_keys.create(name="key-one", description="mine")
    sdk.cloud.inference.registry_credentials.create(
        name="registry", username="u", password="p", registry_url="https://r.example"
    )
    sdk.cloud.inference.secrets.create(
        name="queue", type="aws-iam", data={"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    )
    sqs = {
        "queue_url": "https://q.example",
        "queue_length": 1,
        "activation_queue_length": 1,
        "aws_region": "eu",
        "secret_name": "queue",
    }
    probe = {"http_get": {"port": 8000, "path": "/healthz", "headers": {"X": "y"}}}
    deployment = made(
        sdk,
        containers=[a_region(triggers={"sqs": sqs, "http": {"rate": 1, "window": 2}})],
        api_keys=["key-one"],
        credentials_name="registry",
        ingress_opts={"disable_response_buffering": True},
        logging={"enabled": True, "topic_name": "mine", "retention_policy": {"period": 3}},
        probes={
            "liveness_probe": {"enabled": True, "probe": probe},
            "readiness_probe": {"enabled": True, "probe": {"exec": {"command": ["true"]}}},
            "startup_probe": {"enabled": False},
        },
    )
    assert deployment.auth_enabled
    assert deployment.probes is not None
    assert deployment.probes.liveness_probe is not None
    assert deployment.probes.liveness_probe.probe is not None
    assert deployment.probes.liveness_probe.probe.http_get is not None
    assert deployment.probes.liveness_probe.probe.http_get.schema_ == "HTTP"
    assert deployment.logging is not None
    assert deployment.logging.retention_policy is not None
    (key,) = sdk.cloud.inference.api_keys.list()
    assert key.deployment_names == ["model"]
    with pytest.raises(gcore.ConflictError):
        sdk.cloud.inference.api_keys.delete("key-one")


def test_a_deployment_is_updated_listed_and_deleted_with_its_tasks(sdk: Gcore) -> None:
    made(sdk)
    deployments = sdk.cloud.inference.deployments
    regions: list[Any] = [a_region(6, 0, 1)]
    updated = deployments.update_and_poll("model", description="new", containers=regions)
    assert (updated.description, updated.status) == ("new", "PENDING")
    assert [item.name for item in deployments.list()] == ["model"]
    deployments.delete_and_poll("model")
    with pytest.raises(gcore.NotFoundError):
        deployments.get("model")
    kinds = [task.task_type for task in sdk.cloud.tasks.list(order_by="asc")]
    assert kinds == [f"{verb}_inference_instance" for verb in ("create", "update", "delete")]


def test_a_deployment_stops_starts_and_logs(sdk: Gcore) -> None:
    made(sdk)
    deployments = sdk.cloud.inference.deployments
    deployments.stop(deployment_name="model")
    assert deployments.get("model").status == "DISABLED"
    deployments.start(deployment_name="model")
    assert deployments.get("model").status == "ACTIVE"
    times = [line.time for line in deployments.logs.list("model", order_by="time.asc")]
    assert times == sorted(times)


def test_tasks_are_paged_read_and_acknowledged(sdk: Gcore) -> None:
    names = [f"model-{n}" for n in range(7)]
    created = [sdk.cloud.inference.deployments.create(**a_deployment(name)).tasks[0] for name in names]
    listed = list(sdk.cloud.tasks.list(limit=3, order_by="asc", project_id=[1]))
    assert [task.id for task in listed] == created
    polled = sdk.cloud.tasks.poll(created[-1], polling_interval_seconds=1)
    assert polled.state == "FINISHED"
    assert polled.created_resources is not None
    assert polled.created_resources.inference_instances == ["model-6"]
    assert sdk.cloud.tasks.acknowledge_one(created[0]).acknowledged_at
    sdk.cloud.tasks.acknowledge_all(project_id=1)
    assert list(sdk.cloud.tasks.list(is_acknowledged=False)) == []


def test_a_failed_task_is_an_error_of_the_sdk(live: Simulator, sdk: Gcore) -> None:
    live.fault("gcore.inference.create", "task_error", text="Quota limit for x exceeded by 1")
    with pytest.raises(ValueError, match="Quota limit for x exceeded by 1"):
        made(sdk)


def test_credentials_and_secrets_live_their_lives(sdk: Gcore) -> None:
    registries = sdk.cloud.inference.registry_credentials
    registries.create(name="registry", username="u", password="p", registry_url="https://r.example")
    replaced = registries.replace("registry", username="v", password="q", registry_url="https://s.example")
    assert (replaced.username, replaced.registry_url) == ("v", "https://s.example")
    assert [item.name for item in registries.list()] == ["registry"]
    registries.delete("registry")
    with pytest.raises(gcore.NotFoundError):
        registries.get("registry")
    keys = sdk.cloud.inference.api_keys
    assert keys.create(name="key-one").secret
    assert keys.update("key-one", description="d").description == "d"
    assert keys.get("key-one").deployment_names == []
    keys.delete("key-one")
    secrets = sdk.cloud.inference.secrets
    data = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    secrets.create(name="queue", type="aws-iam", data={"aws_access_key_id": "x", "aws_secret_access_key": "y"})
    assert secrets.replace("queue", type="aws-iam", data=data).data.aws_access_key_id == "a"  # type: ignore[arg-type]  # a plain dict
    assert [item.name for item in secrets.list()] == ["queue"]
    secrets.delete("queue")


def test_the_surroundings_pass_the_sdks_types(sdk: Gcore) -> None:
    assert [project.name for project in sdk.cloud.projects.list()] == ["default", "second"]
    assert sdk.cloud.projects.get(project_id=1).is_default
    assert sdk.cloud.projects.list(name="second").results[0].id == 2
    ids = [region.id for region in sdk.cloud.regions.list(product="containers")]
    assert ids == [6, 42, 76, 80]
    assert len(list(sdk.cloud.regions.list())) == 5
    assert sdk.cloud.regions.list(display_name="LUXEMBOURG-2").results[0].id == 76
    assert sdk.cloud.regions.get(region_id=6).state == "ACTIVE"
    flavors = {flavor.name: flavor for flavor in sdk.cloud.inference.flavors.list()}
    assert flavors["inference-16vcpu-232gib-1xh100-80gb"].gpu == 1
    assert sdk.cloud.inference.flavors.get("inference-4vcpu-16gib").memory == 16
    capacity = sdk.cloud.inference.get_capacity_by_region()
    assert {item.region_id for item in capacity.results} >= {6, 42, 76, 80}
    made(sdk)
    assert sdk.cloud.quotas.get_global(client_id=1001).inference_instance_count_usage == 1
    regional = sdk.cloud.quotas.get_by_region(client_id=1001, region_id=76)
    assert regional.caas_container_count_usage == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, gcore.BadRequestError),
        (401, gcore.AuthenticationError),
        (403, gcore.PermissionDeniedError),
        (404, gcore.NotFoundError),
        (409, gcore.ConflictError),
        (429, gcore.RateLimitError),
        (500, gcore.InternalServerError),
    ],
)
def test_refusals_are_the_sdks_error_classes(
    live: Simulator, sdk: Gcore, status: int, error: type[gcore.APIStatusError]
) -> None:
    live.fault("gcore.inference.list", "respond", status=status)
    with pytest.raises(error) as caught:
        sdk.cloud.inference.deployments.list()
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["exception_class"]


def test_the_sdk_repeats_a_refused_create_by_itself(live: Simulator, sdk: Gcore) -> None:
    live.fault("gcore.inference.create", "do_then_respond", status=503, count=1)
    with pytest.raises(gcore.ConflictError):
        sdk.with_options(max_retries=1).cloud.inference.deployments.create(**a_deployment())
    assert live.counters().calls("gcore.inference.create") == 2
    assert live.counters().created == {"inference": 1}
