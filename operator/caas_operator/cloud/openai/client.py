"""Everything the operator asks of OpenAI, or of a gateway, with one credential."""

from dataclasses import dataclass
from typing import Self

from caas_operator.cloud.call import Call
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.openai.sandboxes import DEFAULT_PROVIDER, SandboxApi
from caas_operator.cloud.transport import Transport, nothing
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import Forbidden, Rejected


@dataclass(frozen=True, slots=True)
class SandboxClient:
    transport: Transport
    sandboxes: SandboxApi

    @classmethod
    def over(cls, transport: Transport) -> Self:
        return cls(transport, SandboxApi(transport, transport.identity.vendor is Vendor.GATEWAY))

    @property
    def gateway(self) -> bool:
        return self.sandboxes.gateway

    @property
    def gate(self) -> Gate:
        return self.transport.gate

    async def check(self) -> None:
        """Ask whether the credential works, also while the breaker is open, which a good answer closes.

        Behind a gateway no provider is known here: one that is blocked or cannot list says that the virtual
        key itself is taken.
        """
        if not self.gateway:
            direct = Call("check", "GET", "/containers", params=(("limit", 1),), probe=True)
            await self.transport.call(direct, nothing)
            return
        params = (("limit", 1), ("provider", DEFAULT_PROVIDER))
        try:
            await self.transport.call(Call("check", "GET", "/openai/v1/containers", params=params, probe=True), nothing)
        except Rejected:
            self.gate.close()
        except Forbidden as error:
            if error.code not in ("provider_blocked", "model_blocked"):
                raise
            self.gate.close()

    async def aclose(self) -> None:
        await self.transport.aclose()
