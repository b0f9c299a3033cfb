"""Everything the operator asks of Gcore with one credential."""

from dataclasses import dataclass
from typing import Self

from caas_operator.cloud.call import Call
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.answers import rows
from caas_operator.cloud.gcore.caas import CaasApi, PullSecretApi
from caas_operator.cloud.gcore.directory import PROJECTS, ProjectApi, RegionApi
from caas_operator.cloud.gcore.inference import InferenceApi
from caas_operator.cloud.gcore.registry import RegistryApi
from caas_operator.cloud.gcore.tasks import GcoreTasks
from caas_operator.cloud.transport import Transport


@dataclass(frozen=True, slots=True)
class GcoreClient:
    transport: Transport
    caas: CaasApi
    pull_secrets: PullSecretApi
    inference: InferenceApi
    registry: RegistryApi
    tasks: GcoreTasks
    projects: ProjectApi
    regions: RegionApi

    @classmethod
    def over(cls, transport: Transport) -> Self:
        return cls(
            transport,
            CaasApi(transport),
            PullSecretApi(transport),
            InferenceApi(transport),
            RegistryApi(transport),
            GcoreTasks(transport),
            ProjectApi(transport),
            RegionApi(transport),
        )

    @property
    def gate(self) -> Gate:
        return self.transport.gate

    def now(self) -> float:
        return self.transport.now()

    async def check(self) -> None:
        """Ask whether the credential works, also while the breaker is open, which a good answer closes."""
        await self.transport.call(Call("check", "GET", PROJECTS, params=(("limit", 1),), probe=True), rows)

    async def aclose(self) -> None:
        await self.transport.aclose()
