"""What will happen later. Nothing runs by itself: whoever reads the world first lets everything due happen."""

import heapq
import itertools
from collections.abc import Callable

Happening = Callable[[float], None]


class Agenda:
    """Happenings ordered by their time; two of one time happen in the order they were entered."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Happening]] = []
        self._order = itertools.count()

    def at(self, due: float, happening: Happening) -> None:
        heapq.heappush(self._heap, (due, next(self._order), happening))

    def settle(self, now: float) -> None:
        """Let everything due by `now` happen, each told the time at which it was due."""
        while self._heap and self._heap[0][0] <= now:
            due, _, happening = heapq.heappop(self._heap)
            happening(due)
