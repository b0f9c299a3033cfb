"""`python -m tests.bench [--quick]`: measure, say what was met and what was missed, leave the figures in a file."""

import argparse
import asyncio
import json
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from tests.bench.fleet import names_of
from tests.bench.goals import judged
from tests.bench.machine import machine
from tests.bench.parts import burst
from tests.bench.profiled import hot_spots
from tests.bench.report import as_markdown, as_text
from tests.bench.run import FULL, QUICK, measure
from tests.bench.stage import set_up

T = TypeVar("T")
FIGURES = Path(".cache", "bench.json")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, for work on the benchmark itself")
    parser.add_argument("--output", type=Path, default=FIGURES, metavar="FILE", help="where the figures go, as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the tables as docs/performance.md has them")
    profile = "no benchmark: one burst under the profiler, samples to FILE, hot spots on the screen"
    parser.add_argument("--profile", type=Path, metavar="FILE", help=profile)
    given = parser.parse_args(argv)
    scale = QUICK if given.quick else FULL
    if given.profile:
        print(uvloop.run(_stoppable(profiled_burst(given.profile.absolute(), scale.burst))))
        return
    figures = uvloop.run(_stoppable(measure(scale, lambda told: print(told, flush=True))))
    verdicts, facts = judged(figures), machine()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": facts, "figures": asdict(figures), "goals": [asdict(one) for one in verdicts]}
    given.output.write_text(json.dumps(document, indent=1), encoding="utf-8")
    print(f"\n{(as_markdown if given.markdown else as_text)(figures, verdicts, facts)}\n\nall figures: {given.output}")


async def profiled_burst(file: Path, objects: int) -> str:
    async with set_up(profile=file) as stage:
        async with stage.operating() as operator:
            made = await burst(stage, operator, names_of("profiled", objects))
        return hot_spots(file, made.began_at, made.ended_at)


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    """A SIGTERM ends it as ctrl-C does: everything that was started is stopped."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    main()
