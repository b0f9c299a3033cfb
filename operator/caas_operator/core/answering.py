"""Whether the addresses of fresh resources answer yet: asked beside the passes, so that a slow one delays nobody."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from caas_operator.core.model import Key
from caas_operator.core.ports import Clock, Prober, Reply
from caas_operator.core.schedule import look_again

logger = logging.getLogger("caas_operator.engine")

ASKED_AT_ONCE = 64


@dataclass(slots=True)
class Asked:
    """An address that an object waits for. `reply` is the last one, None before the first."""

    url: str
    generation: int
    reply: Reply | None = None
    asking: asyncio.Task[None] | None = None


@dataclass
class Answers:
    """An address is asked from the first call of `reply` on, with growing waits, until it is alive or forgotten."""

    prober: Prober
    clock: Clock
    wake: Callable[[Key], None]
    _asked: dict[Key, Asked] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ASKED_AT_ONCE))

    def reply(self, key: Key, url: str, generation: int) -> Reply | None:
        """What the address last said to this generation; the object is woken when there is something new to say."""
        asked = self._asked.get(key)
        if asked is None or (asked.url, asked.generation) != (url, generation):
            self.forget(key)
            asked = self._asked[key] = Asked(url, generation)
            asked.asking = asyncio.create_task(self._ask(key, asked))
        return asked.reply

    def forget(self, key: Key) -> None:
        asked = self._asked.pop(key, None)
        if asked is not None and asked.asking is not None:
            asked.asking.cancel()

    async def close(self) -> None:
        ending = [asked.asking for asked in self._asked.values() if asked.asking is not None]
        for key in tuple(self._asked):
            self.forget(key)
        await asyncio.gather(*ending, return_exceptions=True)

    async def _ask(self, key: Key, asked: Asked) -> None:
        since = self.clock.now()
        while True:
            reply = await self._once(asked.url)
            before, asked.reply = asked.reply, reply
            if reply.alive or before is None or before.barred != reply.barred:
                self.wake(key)
            if reply.alive:
                return
            now = self.clock.now()
            await self.clock.sleep_until(now + look_again(now - since))

    async def _once(self, url: str) -> Reply:
        async with self._slots:
            try:
                reply = await self.prober.ask(url)
            except Exception:
                logger.exception("the operator failed to ask %s", url)
                return Reply(alive=False, told="no answer")
        logger.debug("readinessCheck: %s: %s", url, reply.told)
        return reply
