"""Everything one simulation knows. One event loop owns it; nothing here is shared between threads."""

import random
import uuid

from caas_operator.simulator.agenda import Agenda
from caas_operator.simulator.clock import Clock, timestamp
from caas_operator.simulator.config import Config
from caas_operator.simulator.faults import Faults
from caas_operator.simulator.gcore.state import GcoreState
from caas_operator.simulator.journal import Journal
from caas_operator.simulator.limiter import Limiter
from caas_operator.simulator.openai.state import SandboxState
from caas_operator.simulator.switches import Switches


class World:
    """The clouds' common state. `local_urls` maps a cloud's name to the address it is served at, once it is."""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.clock = Clock(self.config.clock)
        self.local_urls: dict[str, str] = {}
        self.faults = Faults()
        self.random = random.Random(self.config.seed)  # noqa: S311 - reproducible ids, not secrets
        self.reset()

    def reset(self) -> None:
        """Start anew: no resources, rules, journal, changed switches or keys. The clock and the ids go on."""
        config = self.config
        self.faults.remove()
        self.agenda = Agenda()
        self.switches = Switches(task_seconds=config.task_seconds)
        self.limiter = Limiter(self.switches)
        self.journal = Journal()
        self.keys: dict[str, list[str]] = {
            "gcore": [config.gcore_api_key],
            "openai": [config.openai_api_key],
            "gateway": [config.gateway_virtual_key],
            "gateway_provider": list(config.gateway_provider_keys),
        }
        self.gcore = GcoreState()
        self.sandboxes = SandboxState()

    def now(self) -> float:
        return self.clock.now()

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        self.agenda.settle(self.clock.now())

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def stamp(self, seconds: float) -> str:
        return timestamp(seconds, self.switches.word("timestamps"))
