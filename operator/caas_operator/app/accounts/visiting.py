"""One pass over an account object: connect it, say in status whether its credential works, hold it while it is used."""

from collections.abc import Callable
from dataclasses import dataclass

from caas_operator.app.accounts.registry import AccountRegistry
from caas_operator.core.conditions import derive
from caas_operator.core.model import FINALIZER, AccountRef, JsonObject, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock
from caas_operator.core.reconciler import Visit
from caas_operator.core.status import reconcile_request
from caas_operator.core.surroundings import Objects

TROUBLE_SECONDS = 10.0
"""How often an account that does not work is tried, and its Secret read."""


@dataclass(frozen=True)
class AccountVisits:
    registry: AccountRegistry
    objects: Objects
    clock: Clock
    resync_seconds: float
    count_users: Callable[[AccountRef, str | None], int]

    async def visit(self, obj: Resource) -> Visit:
        users = self.count_users(AccountRef(obj.kind, obj.name), obj.namespace)
        if obj.deleting and users == 0:
            await self._wear(obj, finalizer=False)
            return Visit()
        outcome = await self.registry.connect(obj)
        if not obj.deleting and (users or self.registry.is_used(obj.key)):
            obj = await self._wear(obj, finalizer=True)
        if obj.deleting:
            told = f"{users} objects still use it: delete them first"
            outcome = Outcome(State.DELETE_BLOCKED, Reason.DELETE_BLOCKED, told)
        await self._tell(obj, outcome)
        works = outcome.state is State.SERVING
        wait = float(obj.spec.get("resyncSeconds") or self.resync_seconds) if works else TROUBLE_SECONDS
        return Visit(again_at=self.clock.now() + wait, outcome=outcome)

    async def _wear(self, obj: Resource, *, finalizer: bool) -> Resource:
        others = tuple(name for name in obj.finalizers if name != FINALIZER)
        wanted = (*others, FINALIZER) if finalizer else others
        if set(wanted) == set(obj.finalizers):
            return obj
        return await self.objects.patch_metadata(obj, annotations={}, finalizers=wanted)

    async def _tell(self, obj: Resource, outcome: Outcome) -> None:
        status: JsonObject = dict(obj.status)
        status["observedGeneration"] = obj.generation
        if requested := reconcile_request(obj):
            status["lastHandledReconcileAt"] = requested
        if (terms := self.registry.terms(obj.key)) is not None:
            status |= {"provider": terms.provider, "endpoint": terms.endpoint.base}
        status["conditions"] = derive(outcome, status.get("conditions", ()), obj.generation, self.clock.now())
        if status != obj.status:
            await self.objects.patch_status(obj, status)
