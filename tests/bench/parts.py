"""The parts of the benchmark, in the order in which they run; each leaves the stage as the next one wants it."""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.fleet import names_of
from tests.bench.seed import seed
from tests.bench.stage import USER, Meter, Reading, Stage
from tests.bench.usage import usage
from tests.support.operator import OperatorProcess

IDLE_GAP_SECONDS = 0.15
BURST_GAP_SECONDS = 0.05
BASELINE_SECONDS = 5.0
LIST = "gcore.caas.list"
RESYNC_SECONDS = 60.5
"""A little more than the accounts' own 60, so that each move of the clock brings exactly one LIST."""


@dataclass(frozen=True)
class Burst:
    objects: int
    reading: Reading
    create_seconds: float
    began_at: float
    ended_at: float


@dataclass(frozen=True)
class Restart:
    """Seconds from the start of the process until /readyz answers, and until nothing is left to do."""

    objects: int
    ready_seconds: float
    quiet_seconds: float
    reading: Reading


@dataclass(frozen=True)
class Latency:
    """Seconds from the API server's answer to an edit until its PATCH is at the cloud."""

    edits: int
    p50: float
    p99: float
    worst: float


@dataclass(frozen=True)
class Existing:
    """A process that starts beside many objects. The edit was made while nobody watched; seconds from the start."""

    restart: Restart
    first_edit_seconds: float


async def burst(stage: Stage, operator: OperatorProcess, names: Sequence[str]) -> Burst:
    """Create objects all at once and wait until the last is Ready."""
    await stage.calm(operator.pid)
    meter, began_at = stage.meter(operator.pid), time.time()
    create_seconds = await stage.fleet.create(list(names))
    await stage.fleet.until_ready(list(names))
    ended, ended_at = stage.fleet.last_ready_at, time.time()
    await stage.calm(operator.pid)
    return Burst(len(names), meter.read(ended), create_seconds, began_at, ended_at)


async def steady(stage: Stage, operator: OperatorProcess, rounds: int) -> Reading:
    """So many resyncs of simulated time, without what it costs to follow the simulator's clock."""
    await stage.calm(operator.pid)
    before = usage(operator.pid).cpu
    await asyncio.sleep(BASELINE_SECONDS)
    per_second = (usage(operator.pid).cpu - before) / BASELINE_SECONDS
    meter = stage.meter(operator.pid)
    for _ in range(rounds):
        listing = asyncio.create_task(stage.calls(LIST))
        await asyncio.sleep(0)
        stage.simulator.advance(RESYNC_SECONDS)
        await listing
        await stage.calm(operator.pid)
    reading = meter.read()
    return Reading(**{**vars(reading), "cpu": max(0.0, reading.cpu - per_second * reading.seconds)})


async def restart(stage: Stage, objects: int, *, resync: bool = False) -> Restart:
    """Start a process beside many objects and watch until it has nothing left to do.

    With `resync` it lives on until after its first LIST for drift, a minute later.
    """
    stage.audit.new_writes()
    counters, began = stage.simulator.counters(), time.perf_counter()
    async with stage.operating() as operator:
        ready = time.perf_counter() - began
        meter = Meter(stage, operator.pid, USER, began, 0.0, counters)
        quiet = await stage.calm(operator.pid) - began
        await stage.fleet.until(lambda: stage.fleet.ready == stage.fleet.known, "all ready")
        if resync:
            await stage.calls(LIST)
        await stage.calm(operator.pid)
        return Restart(objects, ready, quiet, meter.read())


async def edits(stage: Stage, names: Sequence[str], gap: float, done: asyncio.Event | None = None) -> Latency:
    """Edit one object after the other, each once, until all are edited or `done` is set."""
    rng = random.Random(7)
    since, answered = stage.simulator.counters().requests, dict[str, float]()
    for number, name in enumerate(names):
        if done is not None and done.is_set():
            break
        answered[name] = await stage.fleet.edit(name, f"edit-{number}-{time.time_ns()}")
        await asyncio.sleep(gap * (0.5 + rng.random()))
    await stage.fleet.until_ready(list(answered))
    return await latency(stage, answered, since)


async def latency(stage: Stage, answered: dict[str, float], since: int) -> Latency:
    """`answered`: when each edit was; `since`: how many requests the cloud had had by then."""
    offset = float(stage.simulator.call("GET", "/clock")["offset_seconds"])
    entries = await asyncio.to_thread(stage.simulator.journal, "gcore.caas.update", since=since)
    arrived: dict[str, float] = {}
    for entry in entries:
        if entry.name is not None:
            arrived.setdefault(entry.name, entry.time - offset)
    waits = sorted(arrived[name] - at for name, at in answered.items())
    return Latency(len(waits), _quantile(waits, 0.5), _quantile(waits, 0.99), waits[-1])


async def edits_in_burst(
    stage: Stage, operator: OperatorProcess, names: Sequence[str], settled: Sequence[str]
) -> Latency:
    """Edit settled objects while a burst of new ones is on its way."""
    done = asyncio.Event()

    async def make() -> None:
        await stage.fleet.create(list(names))
        await stage.fleet.until_ready(list(names))
        done.set()

    await stage.calm(operator.pid)

    async with asyncio.TaskGroup() as group:
        making = group.create_task(make())
        editing = group.create_task(edits(stage, settled, BURST_GAP_SECONDS, done))
        await making
    return editing.result()


async def delete_all(stage: Stage, operator: OperatorProcess) -> tuple[int, Reading]:
    """How many there were, and what it took until the last was gone from cluster and cloud."""
    await stage.calm(operator.pid)
    names = sorted(stage.fleet.known)
    meter = stage.meter(operator.pid)
    await stage.fleet.delete(names)
    await stage.fleet.until_gone(names)
    ended = time.perf_counter()
    await stage.calm(operator.pid)
    left = stage.simulator.listed("caas")
    assert not left, f"{len(left)} containers are left in the cloud"
    return len(names), meter.read(ended)


async def existing(stage: Stage, objects: int) -> Existing:
    """Many objects that are Ready, and a process that finds them; an edit is waiting for it."""
    names = names_of("fleet", objects)
    await seed(stage, names)
    since, edited = stage.simulator.counters().requests, names[objects // 2]
    await stage.fleet.edit(edited, "while-nobody-watched")
    started = time.time()
    found = await restart(stage, objects, resync=True)
    first = await latency(stage, {edited: started}, since)
    return Existing(found, first.worst)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
