"""The fence: whether this process may act on the clouds and write to objects, asked right before each call.

It falls by the passing of time alone, so that a process which was stopped, or whose API server does not answer, finds
it down before another can lead.
"""

from collections.abc import Callable

from caas_operator.core.errors import NotLeading


class Fence:
    """Down until somebody lets through. `now` is a clock that counts also while the process is stopped."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until = float("-inf")

    @classmethod
    def open(cls) -> "Fence":
        """For a process that shares its work with nobody."""
        fence = cls(lambda: 0.0)
        fence.let_through(float("inf"))
        return fence

    def let_through(self, until: float) -> None:
        self._until = until

    def shut(self) -> None:
        self._until = float("-inf")

    def leads(self) -> bool:
        return self._now() < self._until

    def check(self) -> None:
        """Raises NotLeading."""
        if not self.leads():
            raise NotLeading("this process is not the leader")
