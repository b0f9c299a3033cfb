"""The same clouds without sockets, on the test's own event loop."""

import httpx
import pytest

from caas_operator.simulator.config import Config
from tests.simulator.bodies import CAAS, a_container
from tests.support.in_process import in_process


async def test_a_life_in_one_process() -> None:
    simulated = in_process(Config(clock="manual", task_seconds=30))
    world = simulated.apps.world
    async with simulated.client(simulated.gcore, authorization="APIKey gcore-key") as gcore:
        (task,) = (await gcore.post(CAAS, json=a_container())).json()["tasks"]
        world.clock.advance(30)
        assert (await gcore.get(f"/cloud/v1/tasks/{task}")).json()["state"] == "FINISHED"
    async with simulated.client(simulated.admin) as admin:
        assert (await admin.get("/counters")).json()["created"] == {"caas": 1}


async def test_a_drop_is_what_a_socket_would_give() -> None:
    simulated = in_process()
    simulated.apps.world.faults.add({"effect": "do_then_drop", "operation": "openai.containers.create"})
    async with simulated.client(simulated.openai, authorization="Bearer sk-openai") as openai:
        with pytest.raises(httpx.RemoteProtocolError):
            await openai.post("/containers", json={"name": "box"})
        assert len((await openai.get("/containers")).json()["data"]) == 1


async def test_an_unknown_host_is_a_connect_error() -> None:
    async with in_process().client("http://elsewhere.simulated") as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
