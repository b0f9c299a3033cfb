"""What a process has used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """`cpu`: seconds on a core, user and system, exact to a hundredth. `rss`, `peak_rss`: MB (10^6 bytes)."""

    cpu: float
    rss: float
    peak_rss: float


def usage(pid: int) -> Usage:
    """Raises FileNotFoundError when there is no such process."""
    proc = Path("/proc", str(pid))
    # The second field is the program's name and may hold anything; what follows the last parenthesis is numbers.
    fields = (proc / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    memory = dict(line.split(":", 1) for line in (proc / "status").read_text(encoding="utf-8").splitlines())
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(cpu, _megabytes(memory["VmRSS"]), _megabytes(memory["VmHWM"]))


def _megabytes(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) * 1024 / 1e6
