"""The engine with the real kinds and clients over simulated clouds, in one process and one event loop.

What a test calls time is the operator's clock; the clouds' follows it, request by request.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

import httpx

from caas_operator.cloud.connect import Client, Wire, connect
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.model import AccountRef
from caas_operator.core.ports import Defaults
from caas_operator.core.secret import Sealed
from caas_operator.kinds.registry import KINDS
from caas_operator.simulator.admin.changes import change
from caas_operator.simulator.config import Config
from caas_operator.simulator.journal import Entry
from caas_operator.simulator.limiter import Limiter
from caas_operator.simulator.switches import Switches
from tests.support.engine.api_server import FakeApiServer
from tests.support.engine.points import Points
from tests.support.engine.process import Account, Process
from tests.support.engine.secrets import FakeReader
from tests.support.engine.world import TickingClock
from tests.support.in_process import in_process

Json = dict[str, Any]

KEYS = {"gcore": "gcore-key", "openai": "sk-openai", "gateway": "sk-bf-gateway"}
PLACE = {"gcore": Defaults(project_id=1, region_id=76), "openai": Defaults(), "gateway": Defaults()}
RATE = 100_000


class Noticing(Switches):
    """Remembers which answers the clouds were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[tuple[str, str | float | bool]] = set()

    def word(self, name: str) -> str:
        self.met.add((name, value := super().word(name)))
        return value

    def number(self, name: str) -> float:
        self.met.add((name, value := super().number(name)))
        return value


class InStep(httpx.AsyncBaseTransport):
    """Puts the clouds' clock to the operator's before each request."""

    def __init__(self, world: "SimulatedWorld") -> None:
        self.world, self.cloud, self.clock = world, world.cloud, world.clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        simulated = self.cloud.apps.world.clock
        simulated.advance(max(0.0, self.clock.now() - simulated.now()))
        self.world.meanwhile(request)
        return await self.cloud.transport.handle_async_request(request)


class SimulatedWorld:
    """A cluster and three clouds. Accounts are called as the clouds; the gateway's must be asked for by name."""

    def __init__(self, profile: str = "documented", **switches: str | float) -> None:
        self.cloud = in_process(Config(clock="manual"))
        self.clouds = self.cloud.apps.world
        self.clouds.switches = self.switches = Noticing()
        self.clouds.limiter = Limiter(self.switches)
        self.meanwhile: Callable[[httpx.Request], None] = lambda _: None
        self.clouds.switches.profile(profile)  # type: ignore[arg-type]  # it refuses another word
        for name, value in switches.items():
            self.clouds.switches.set(name, value)
        self.clock = TickingClock(self.clouds.now())
        self.server = FakeApiServer(self.clock, Points())
        self.reader = FakeReader()
        self.accounts = [self._account(name) for name in KEYS]
        self.process: Process

    @property
    def met(self) -> AbstractSet[tuple[str, str | float | bool]]:
        """Switches whose value a cloud has acted by, with that value."""
        return self.switches.met

    def start(self) -> Process:
        kinds = {kind.name: kind for kind in KINDS}
        fingerprints = Fingerprints("key-1", Sealed("of the cluster"))
        self.process = Process(
            self.clock, self.server, self.accounts, self.reader, kinds=kinds, fingerprints=fingerprints
        )
        return self.process

    async def restart(self) -> Process:
        await self.process.stop()
        return self.start()

    async def run(self, seconds: float, step: float = 1.0) -> None:
        await self.process.run(seconds, step)

    def change(self, action: str, kind: str, **fields: Any) -> Json:
        """Change a cloud behind everybody's back, as its admin API does."""
        self.clouds.clock.advance(max(0.0, self.clock.now() - self.clouds.now()))
        self.clouds.settle()
        return change(self.clouds, {"action": action, "kind": kind, **fields})

    def asked(self, *operations: str) -> list[Entry]:
        """Requests that reached the clouds, oldest first; of all operations or of these."""
        return [entry for entry in self.clouds.journal.entries if not operations or entry.operation in operations]

    def _account(self, name: str) -> Account:
        endpoint = Endpoint(Vendor(name), getattr(self.cloud, name))
        client = self._client(endpoint)
        return Account(
            AccountRef("ClusterCloudAccount", name),
            {f"{kind.name} {endpoint.base}": client for kind in KINDS},
            endpoint.base,
            PLACE[name],
            default=name != "gateway",
            provider=name,
            task_api=client.tasks if isinstance(client, GcoreClient) else None,
        )

    def _client(self, endpoint: Endpoint) -> Client:
        wire = Wire(self.clock, http=InStep(self))
        key = Sealed(KEYS[endpoint.vendor])
        return connect(endpoint, lambda: key, Gate(self.clock, float(RATE), RATE), wire)
