"""A cloud's own lists, read once for all who ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from caas_operator.core.errors import CloudError, Held
from caas_operator.core.model import JsonObject

MISS_SECONDS = 30.0
"""What is not in a list is looked for again at most this often."""
FAILURE_SECONDS = 5.0
"""A list that could not be read is not asked for again before."""


@dataclass
class SharedList:
    """The rows of one list; it is read when somebody misses something in it."""

    read: Callable[[], Awaitable[Sequence[JsonObject]]]
    now: Callable[[], float] = time.monotonic
    rows: Sequence[JsonObject] = ()
    _read_at: float | None = None
    _failed: tuple[float, CloudError] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self) -> None:
        """Have the rows as they were at most 30 s ago. Raises CloudError."""
        async with self._lock:
            if self._read_at is not None and self.now() - self._read_at <= MISS_SECONDS:
                return
            if self._failed is not None and self.now() - self._failed[0] <= FAILURE_SECONDS:
                raise self._failed[1].with_traceback(None)
            try:
                self.rows = await self.read()
            except Held:
                raise  # nothing was sent
            except CloudError as error:
                self._failed = (self.now(), error)
                raise
            self._read_at, self._failed = self.now(), None

    async def without(self, key: str, value: object) -> Sequence[JsonObject]:
        """All rows, if none of them has this value; none, if one has it or if the list cannot be read."""
        if self._has(key, value):
            return ()
        try:
            await self.refresh()
        except CloudError:
            return ()
        return () if self._has(key, value) else self.rows

    def _has(self, key: str, value: object) -> bool:
        return any(row.get(key) == value for row in self.rows)
