"""Every call of every client, over real HTTP, against the simulated clouds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from caas_operator.app.clock import SystemClock
from caas_operator.cloud.call import Upload
from caas_operator.cloud.connect import Client, Wire, connect
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.openai.client import SandboxClient
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import Conflict, Held, NotFound, Rejected, Throttled, Unauthenticated, Unavailable
from caas_operator.core.ports import TaskReport, TaskState
from caas_operator.core.secret import Sealed
from tests.support.simulator import Simulator, running_simulator

CONTAINER = {
    "name": "web",
    "image": "nginx:1.27",
    "listening_port": 80,
    "flavor": "80mCPU-128MiB",
    "scale": {"min": 1, "max": 2},
    "envs": {"GREETING": "grüße"},
}
SCALE = {"min": 1, "max": 2}
DEPLOYMENT = {"name": "model", "image": "nginx", "listening_port": 80, "containers": [{"region_id": 6, "scale": SCALE}]}
PROJECT, REGION = 1, 76


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator(task_seconds=0.05) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


def client_of(vendor: Vendor, url: str, key: str) -> Client:
    clock = SystemClock()
    return connect(Endpoint(vendor, url), lambda: Sealed(key), Gate(clock, 1000.0, 1000), Wire(clock))


@pytest.fixture
async def gcore(simulator: Simulator) -> AsyncIterator[GcoreClient]:
    client = client_of(Vendor.GCORE, simulator.urls.gcore + "/", simulator.keys.gcore)
    assert isinstance(client, GcoreClient)
    async with aclosing(client):
        yield client


@pytest.fixture
async def openai(simulator: Simulator) -> AsyncIterator[SandboxClient]:
    client = client_of(Vendor.OPENAI, simulator.urls.openai, simulator.keys.openai)
    assert isinstance(client, SandboxClient)
    async with aclosing(client):
        yield client


@pytest.fixture
async def gateway(simulator: Simulator) -> AsyncIterator[SandboxClient]:
    client = client_of(Vendor.GATEWAY, simulator.urls.gateway, simulator.keys.gateway)
    assert isinstance(client, SandboxClient)
    async with aclosing(client):
        yield client


async def finished(client: GcoreClient, simulator: Simulator, tasks: tuple[str, ...]) -> None:
    simulator.advance(5)
    assert tasks
    for task in tasks:
        assert await client.tasks.get_task(task) == TaskReport(task, TaskState.FINISHED)


async def test_a_container_lives_and_dies(gcore: GcoreClient, simulator: Simulator) -> None:
    await gcore.check()
    caas = gcore.caas
    await finished(gcore, simulator, await caas.create(PROJECT, REGION, CONTAINER))
    (found,) = await caas.list(PROJECT, REGION)
    assert (found["name"], found["envs"]) == ("web", {"GREETING": "grüße"})
    with pytest.raises(Conflict) as caught:
        await caas.create(PROJECT, REGION, CONTAINER)
    assert caught.value.ambiguous
    await finished(gcore, simulator, await caas.patch(PROJECT, REGION, "web", {"is_disabled": True}))
    assert (await caas.list(PROJECT, REGION))[0]["is_disabled"] is True
    await finished(gcore, simulator, await caas.delete(PROJECT, REGION, "web"))
    assert await caas.list(PROJECT, REGION) == ()
    with pytest.raises(NotFound):
        await caas.delete(PROJECT, REGION, "web")
    assert "80mCPU-128MiB" in [flavor["name"] for flavor in await caas.flavors(PROJECT, REGION)]
    await caas.check_limits(PROJECT, REGION, "80mCPU-128MiB", 2)


async def test_a_deployment_lives_and_dies(gcore: GcoreClient, simulator: Simulator) -> None:
    inference = gcore.inference
    flavor = (await inference.flavors())[0]["name"]
    await finished(gcore, simulator, await inference.create(PROJECT, DEPLOYMENT | {"flavor_name": flavor}))
    assert [row["name"] for row in await inference.list(PROJECT)] == ["model"]
    await inference.stop(PROJECT, "model")
    assert (await inference.list(PROJECT))[0]["status"] == "DISABLED"
    await inference.start(PROJECT, "model")
    await finished(gcore, simulator, await inference.patch(PROJECT, "model", {"description": "x"}))
    await finished(gcore, simulator, await inference.delete(PROJECT, "model"))
    assert await inference.list(PROJECT) == ()
    assert {row["region_id"] for row in await inference.capacity()} >= {6}
    assert await inference.api_keys(PROJECT) == ()
    await inference.check_limits(PROJECT, DEPLOYMENT | {"flavor_name": flavor})


async def test_registry_logins_live_and_die(gcore: GcoreClient) -> None:
    password = [Sealed("a-password")]
    login = {"registry": "registry.test", "login": "me", "password": "a-password"}
    await gcore.pull_secrets.create(PROJECT, REGION, login | {"name": "pull"}, password)
    await gcore.pull_secrets.patch(PROJECT, REGION, "pull", {"login": "you"}, password)
    assert (await gcore.pull_secrets.get(PROJECT, REGION, "pull"))["login"] == "you"
    assert len(await gcore.pull_secrets.list(PROJECT, REGION)) == 1
    await gcore.pull_secrets.delete(PROJECT, REGION, "pull")
    with pytest.raises(NotFound):
        await gcore.pull_secrets.get(PROJECT, REGION, "pull")

    login = {"registry_url": "registry.test", "username": "me", "password": "a-password"}
    await gcore.registry.create(PROJECT, login | {"name": "pull"}, password)
    await gcore.registry.replace(PROJECT, "pull", login | {"username": "you"}, password)
    assert (await gcore.registry.get(PROJECT, "pull"))["username"] == "you"
    assert len(await gcore.registry.list(PROJECT)) == 1
    await gcore.registry.delete(PROJECT, "pull")
    assert await gcore.registry.list(PROJECT) == ()


async def test_projects_and_regions_are_found(gcore: GcoreClient) -> None:
    assert {row["name"] for row in await gcore.projects.list()} == {"default", "second"}
    regions = {row["display_name"] for row in await gcore.regions.list("containers")}
    assert "Luxembourg-2" in regions
    assert "Chicago" not in regions


@pytest.mark.parametrize("offset", [0, -7200])
async def test_tasks_are_listed_although_the_clouds_date_is_behind(
    gcore: GcoreClient, simulator: Simulator, offset: int
) -> None:
    simulator.switch("gcore_date_header_offset_seconds", offset)
    ids: set[str] = set()
    for number in range(3):
        ids |= set(await gcore.caas.create(PROJECT, REGION, CONTAINER | {"name": f"web-{number}"}))
    moved = simulator.now() - SystemClock().now()
    assert gcore.transport.clock_skew == pytest.approx(moved + offset, abs=2)
    assert {report.id for report in await gcore.tasks.list_tasks(SystemClock().now())} >= ids


async def test_a_task_that_fails_says_why(gcore: GcoreClient, simulator: Simulator) -> None:
    simulator.fault("gcore.caas.create", "task_error", text="Quota limit for caas_container_count exceeded by 1")
    (task,) = await gcore.caas.create(PROJECT, REGION, CONTAINER)
    simulator.advance(5)
    report = await gcore.tasks.get_task(task)
    assert report == TaskReport(task, TaskState.FAILED, "Quota limit for caas_container_count exceeded by 1")
    assert (await gcore.tasks.get_task("00000000-0000-0000-0000-000000000000")).state is TaskState.LOST


async def test_the_clouds_faults_are_told_apart(gcore: GcoreClient, simulator: Simulator) -> None:
    for effect, made in (("drop", False), ("do_then_drop", True), ("malformed", True)):
        simulator.fault("gcore.caas.create", effect, count=1)
        with pytest.raises(Unavailable) as caught:
            await gcore.caas.create(PROJECT, REGION, CONTAINER | {"name": effect.replace("_", "-")})
        assert caught.value.ambiguous
        assert bool(simulator.journal("gcore.caas.create")[-1].done) is made
    simulator.fault("gcore.caas.list", "drop", count=1)
    assert len(await gcore.caas.list(PROJECT, REGION)) == 2
    with pytest.raises(Rejected) as refused:
        await gcore.caas.create(PROJECT, REGION, CONTAINER | {"listening_port": 0})
    assert "listening_port" in refused.value.message


async def test_a_429_freezes_the_account(gcore: GcoreClient, simulator: Simulator) -> None:
    simulator.fault("gcore.caas.create", "respond", status=429, retry_after=120, count=1)
    with pytest.raises(Throttled):
        await gcore.caas.create(PROJECT, REGION, CONTAINER)
    with pytest.raises(Held):
        await gcore.caas.list(PROJECT, REGION)
    blocked = gcore.gate.blocked()
    assert blocked is not None
    assert blocked.until == pytest.approx(SystemClock().now() + 120, abs=5)


@pytest.mark.parametrize("vendor", list(Vendor))
async def test_a_wrong_key_is_said_to_be_wrong(simulator: Simulator, vendor: Vendor) -> None:
    url = {Vendor.GCORE: simulator.urls.gcore, Vendor.OPENAI: simulator.urls.openai}
    client = client_of(vendor, url.get(vendor, simulator.urls.gateway), "sk-bf-wrong-key")
    async with aclosing(client):
        with pytest.raises(Unauthenticated) as caught:
            await client.check()
    assert "wrong-key" not in str(caught.value)
    assert client.gate.blocked() is not None


async def test_a_sandbox_lives_and_dies(openai: SandboxClient, simulator: Simulator) -> None:
    await openai.check()
    sandboxes = openai.sandboxes
    made = await sandboxes.create({"name": "box", "memory_limit": "4g"})
    assert [row["id"] for row in await sandboxes.list(made["created_at"])] == [made["id"]]
    file = await sandboxes.upload(made["id"], Upload("notes.txt", b"hello"))
    assert file["path"].endswith("notes.txt")
    assert (await sandboxes.keep_alive(made["id"]))["id"] == made["id"]
    await sandboxes.delete(made["id"])
    with pytest.raises(NotFound):
        await sandboxes.keep_alive(made["id"])
    assert simulator.journal("openai.containers.get")[0].done


async def test_a_list_of_sandboxes_counts_as_no_activity(openai: SandboxClient, simulator: Simulator) -> None:
    for number in range(120):
        await openai.sandboxes.create({"name": f"box-{number}"})
    before = simulator.counters()
    assert len(await openai.sandboxes.list(None)) == 120
    assert simulator.counters().minus(before) == {"openai.containers.list": 2}
    assert simulator.counters().activity == before.activity


async def test_a_sandbox_lives_and_dies_behind_a_gateway(gateway: SandboxClient) -> None:
    await gateway.check()
    sandboxes = gateway.sandboxes
    made = await sandboxes.create({"name": "box"})
    assert [row["name"] for row in await sandboxes.list(made["created_at"])] == ["box"]
    await sandboxes.keep_alive(made["id"])
    await sandboxes.delete(made["id"])
    with pytest.raises(NotFound):
        await sandboxes.delete(made["id"])
    with pytest.raises(Rejected) as caught:
        await sandboxes.list(None, provider="azure")
    assert caught.value.code == "unsupported_operation"


async def test_several_provider_keys_are_listed_to_the_end() -> None:
    with running_simulator(gateway_provider_key=["one", "two", "three"]) as simulator:
        client = client_of(Vendor.GATEWAY, simulator.urls.gateway, simulator.keys.gateway)
        assert isinstance(client, SandboxClient)
        async with aclosing(client):
            made = {(await client.sandboxes.create({"name": f"box-{n}"}))["id"] for n in range(230)}
            simulator.advance(3600)
            newest = await client.sandboxes.create({"name": "newest"})
            listed = await client.sandboxes.list(newest["created_at"])
        assert {row["id"] for row in listed} == made | {newest["id"]}
