"""Where a process can die: before and after everything that it does to the world."""

from dataclasses import dataclass, field


class Crash(BaseException):
    """The process ends here, as by kill -9: nothing of ours may catch it."""


@dataclass
class Points:
    """Counts the places that are passed; the one numbered `crash_at` is the last."""

    crash_at: int | None = None
    passed: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.crash_at:
            raise Crash(name)

    def survive(self) -> None:
        """From here on nothing crashes any more."""
        self.crash_at = None
