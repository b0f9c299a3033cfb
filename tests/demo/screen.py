"""What the demo shows: numbered steps with the seconds since the start, the commands, and what they answered."""

import shlex
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

INDENT = "     "


@dataclass
class Screen:
    """Writes to stdout, a line at a time. `colour` (bold and grey) is for terminals."""

    colour: bool = False
    started: float = field(default_factory=time.monotonic)
    steps: int = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def step(self, text: str) -> None:
        self.steps += 1
        self._line(f"\n{self._paint('1', f'{self.steps:2}. {text}')}  {self._paint('2', f'[{self.seconds:.1f} s]')}")

    def say(self, text: str) -> None:
        for line in text.splitlines():
            self._line(f"{INDENT}{line}".rstrip())

    def command(self, words: Sequence[str]) -> None:
        """A command as a person would type it."""
        self._line(f"{INDENT}{self._paint('1', '$ ' + shlex.join(words))}")

    def end(self, text: str) -> None:
        self._line(f"\n{self._paint('1', text)}  {self._paint('2', f'[{self.seconds:.1f} s]')}")

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def _line(self, text: str) -> None:
        print(text, flush=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as kubectl prints them."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
