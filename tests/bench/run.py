"""The whole benchmark: every part once, on one stage, in one run."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.beside import Beside, beside
from tests.bench.fleet import names_of
from tests.bench.parts import (
    IDLE_GAP_SECONDS,
    Burst,
    Existing,
    Latency,
    Restart,
    burst,
    delete_all,
    edits,
    edits_in_burst,
    existing,
    restart,
    steady,
)
from tests.bench.server_rate import ServerRate, server_rate
from tests.bench.stage import Reading, Stage, set_up


@dataclass(frozen=True)
class Scale:
    """How many objects a part has; `rounds` are minutes of steady state, `fleet` 0 leaves that part out."""

    burst: int
    edits: int
    rounds: int
    fleet: int
    plain: int
    plain_rounds: int


FULL = Scale(burst=1000, edits=200, rounds=10, fleet=10_000, plain=1000, plain_rounds=3)
QUICK = Scale(burst=100, edits=20, rounds=2, fleet=300, plain=100, plain_rounds=1)


@dataclass(frozen=True)
class Deletion:
    objects: int
    reading: Reading


@dataclass(frozen=True)
class Figures:
    scale: Scale
    rate: ServerRate
    burst: Burst
    idle: Latency
    restart: Restart
    steady: Reading
    busy: Latency
    deletion: Deletion
    plain: Beside
    existing: Existing | None


async def measure(scale: Scale, say: Callable[[str], None]) -> Figures:
    began = time.monotonic()

    def tell(what: str) -> None:
        say(f"{time.monotonic() - began:5.0f} s  {what}")

    async with set_up() as stage:
        tell("the API server's own rate")
        rate = await server_rate(stage, scale.burst)
        tell(f"a burst of {scale.burst} objects, then edits while idle")
        first = names_of("first", scale.burst)
        async with stage.operating() as operator:
            made = await burst(stage, operator, first)
            idle = await edits(stage, first[: scale.edits], IDLE_GAP_SECONDS)
            await stage.calm(operator.pid)
        tell("a restart")
        restarted = await restart(stage, scale.burst)
        tell("steady state; edits in a burst; deletion")
        async with stage.operating(follow_clock=True) as operator:
            still = await steady(stage, operator, scale.rounds)
            busy = await edits_in_burst(stage, operator, names_of("second", scale.burst), first)
            deletion = Deletion(*await delete_all(stage, operator))
        tell(f"a burst of {scale.plain} objects by plain kopf")
        other = await beside(stage, scale.plain, scale.plain_rounds)
        many = await _existing(stage, scale.fleet, tell)
        return Figures(scale, rate, made, idle, restarted, still, busy, deletion, other, many)


async def _existing(stage: Stage, objects: int, tell: Callable[[str], None]) -> Existing | None:
    if not objects:
        return None
    tell(f"{objects} objects, then a process that finds them")
    stage.simulator.reset()
    return await existing(stage, objects)
