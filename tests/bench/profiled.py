"""The operator under a sampling profiler: `python -m tests.bench.profiled FILE [caas-operator's own arguments]`.

A timer of consumed CPU time (user and system) interrupts the process, and the handler notes where it was. That costs a
few percent and shows what the processor really did; a deterministic profiler doubles the time of small functions and
counts waiting for the processor as work. FILE gets one JSON object a line: the epoch second, the stack from the outside
in, how often it was seen.
"""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from caas_operator.cli.main import main
from tests.cluster.control_plane import ControlPlane
from tests.support.operator import OperatorProcess

EVERY_SECONDS = 0.004

_samples: Counter[tuple[int, tuple[str, ...]]] = Counter()


@contextmanager
def profiled_operator(plane: ControlPlane, file: Path, flags: Mapping[str, str | float]) -> Iterator[OperatorProcess]:
    """As `running_operator`; the samples are in `file` when the block has ended."""
    log = plane.directory / "profiled.log"
    command = [sys.executable, "-m", __name__, str(file), "run", "--health-address=127.0.0.1:0"]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    with log.open("wb") as out:
        operator = OperatorProcess(subprocess.Popen(command, stdout=out, stderr=out), log)
    try:
        operator.wait_until_ready()
        yield operator
    finally:
        if operator.process.poll() is None:
            operator.stop()


def hot_spots(file: Path, since: float, until: float, rows: int = 60) -> str:
    """Where the CPU time of a stretch went (epoch seconds): functions with all that they called, then alone."""
    within: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for line in file.read_text(encoding="utf-8").splitlines():
        second, stack, count = json.loads(line)
        if since <= second <= until:
            within.update(dict.fromkeys(stack, count))
            alone[stack[-1]] += count
    total = alone.total() or 1
    lines = [f"{total * EVERY_SECONDS:.1f} s of CPU", "", "with what they called"]
    lines += [f"{100 * count / total:5.1f} %  {_short(name)}" for name, count in within.most_common(rows)]
    lines += ["", "alone"]
    lines += [f"{100 * count / total:5.1f} %  {_short(name)}" for name, count in alone.most_common(rows // 2)]
    return "\n".join(lines)


def _short(name: str) -> str:
    path, _, function = name.rpartition(":")
    for root in ("site-packages/", "operator/", "python3.11/"):
        path = path.rpartition(root)[2]
    return f"{path}: {function}"


def _sample(_number: int, frame: FrameType | None) -> None:
    stack = []
    while frame is not None:
        stack.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name}")
        frame = frame.f_back
    _samples[int(time.time()), tuple(reversed(stack))] += 1


def _run(file: Path, argv: list[str]) -> int:
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    try:
        return main(argv)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        lines = [json.dumps([second, stack, count]) for (second, stack), count in _samples.items()]
        file.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2:]))
