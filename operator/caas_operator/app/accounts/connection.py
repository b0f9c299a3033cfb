"""One account, connected: its client, its gate, and what was last seen through it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import cast

from caas_operator.app.loops import forever
from caas_operator.app.telemetry import logs
from caas_operator.cloud.connect import Client
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.core.errors import CloudError
from caas_operator.core.inventory import Inventory
from caas_operator.core.model import AccountRef, External, Key
from caas_operator.core.ports import AttachingVerbs, Clock, Defaults, Kind, Verbs
from caas_operator.core.tasks import TaskBoard

logger = logging.getLogger("caas_operator.accounts")

Fetch = Callable[[float | None], Awaitable[Sequence[External]]]


@dataclass
class AccountConnection:
    """Implements the engine's Connection. Another `address` is another connection; all else changes in place."""

    ref: AccountRef
    namespace: str | None
    group: str
    address: Endpoint
    client: Client
    gate: Gate
    clock: Clock
    wake: Callable[[Key], None]
    poll_seconds: float
    resync_seconds: float = 60.0
    defaults: Defaults = field(default_factory=Defaults)
    version: str = ""
    tasks: TaskBoard | None = None
    _verbs: dict[str, Verbs] = field(default_factory=dict)
    _inventories: dict[tuple[str, str], Inventory] = field(default_factory=dict)
    _asked_since: dict[tuple[str, str], float] = field(default_factory=dict)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if isinstance(self.client, GcoreClient):
            self.tasks = TaskBoard(self.client.tasks, self.clock, self.wake)
            board = self.tasks
            self._start("following the tasks", lambda: self._follow_tasks(board))

    @property
    def endpoint(self) -> str:
        return self.address.base

    @property
    def provider(self) -> str:
        return str(self.address.vendor)

    def verbs(self, kind: Kind) -> Verbs:
        if kind.name not in self._verbs:
            self._verbs[kind.name] = kind.verbs(self.client)
        return self._verbs[kind.name]

    def inventory(self, kind: Kind, scope: str) -> Inventory:
        verbs = self.verbs(kind)
        return self._inventory(kind.name, scope, lambda oldest: verbs.list(scope, oldest=oldest))

    def attachments(self, kind: Kind, scope: str) -> Inventory:
        verbs = cast("AttachingVerbs", self.verbs(kind))
        return self._inventory(f"{kind.name} {kind.attached_by}", scope, lambda _: verbs.attachments(scope))

    def _inventory(self, name: str, scope: str, fetch: Fetch) -> Inventory:
        known = self._inventories.get((name, scope))
        if known is None:
            known = Inventory(fetch, self.clock, self.wake)
            self._inventories[name, scope] = known
            self._asked_since[name, scope] = self.clock.now()
            fresh = known
            self._start(f"resync of {name} {scope}", lambda: self._resync(fresh))
        return known

    def inventory_age(self) -> float | None:
        """Seconds since the last complete LIST of the scope that waits longest; None where nobody wants any."""
        wanted = [place for place, inventory in self._inventories.items() if inventory.wanted]
        listed = (max(self._inventories[place].last.begun, self._asked_since[place]) for place in wanted)
        return max((self.clock.now() - when for when in listed), default=None)

    async def close(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.client.aclose()

    def _start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        # In a context of its own: what a loop logs is not about the object whose pass happened to start it.
        self._loops.append(asyncio.create_task(self._forever(name, run), context=Context()))

    async def _forever(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        with logs.about(account=self.group):
            await forever(name, self.clock, run)

    async def _follow_tasks(self, board: TaskBoard) -> None:
        await board.wait_for_work()
        try:
            await board.poll()
        except CloudError as error:
            logger.warning("tasks: %s", error.message, extra={"operation": "tasks"})
        await self.clock.sleep_until(self.clock.now() + self.poll_seconds)

    async def _resync(self, inventory: Inventory) -> None:
        """One LIST a resync, unless somebody has asked for one since or nobody looks there any more."""
        now = self.clock.now()
        due = inventory.last.begun + self.resync_seconds
        if due > now:
            await self.clock.sleep_until(due)
            return
        if inventory.wanted:
            try:
                await inventory.listing(now - self.resync_seconds)
            except CloudError as error:
                # The account's own status says it; converged objects are not written for it.
                logger.warning("list: %s", error.message, extra={"operation": "list"})
            else:
                return
        await self.clock.sleep_until(now + self.resync_seconds)
