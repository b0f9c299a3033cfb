"""Where a process can die: before and after everything that it does to the world."""

from collections.abc import Callable
from dataclasses import dataclass, field


class Crash(BaseException):
    """The process ends here, as by kill -9: nothing of ours may catch it."""


@dataclass
class Points:
    """Counts the places that are passed; the one numbered `crash_at` is the last. `then`: what happens at others."""

    crash_at: int | None = None
    passed: list[str] = field(default_factory=list)
    then: dict[int, Callable[[], None]] = field(default_factory=dict)

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if act := self.then.pop(len(self.passed), None):
            act()
        if len(self.passed) == self.crash_at:
            raise Crash(name)

    def soon(self, places: int, act: Callable[[], None]) -> None:
        """Something happens in the midst of a pass."""
        self.then[len(self.passed) + places] = act

    def survive(self) -> None:
        """From here on nothing crashes any more."""
        self.crash_at = None
