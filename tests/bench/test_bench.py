"""The benchmark's parts at a small scale: what is counted must be right there too. Times are left to the benchmark."""

import os

from tests.bench.beside import beside
from tests.bench.fleet import names_of
from tests.bench.parts import burst, delete_all, edits, existing, restart, steady
from tests.bench.server_rate import server_rate
from tests.bench.stage import Stage, set_up
from tests.bench.usage import usage

OBJECTS = 20


async def test_the_parts_of_the_benchmark_count_what_the_operator_does(control_plane_programs: None) -> None:
    async with set_up() as stage:
        assert len((await server_rate(stage, OBJECTS)).rounds) == 3
        assert not stage.fleet.known
        await _create_to_delete(stage)
        found = await existing(stage, OBJECTS)
        # The one edit's two; the seeded objects are as the operator would have left them.
        assert found.restart.reading.writes == 2
        plain = await beside(stage, OBJECTS, rounds=1)
        assert plain.burst.calls["gcore.caas.create"] == OBJECTS
        assert plain.burst.writes >= 3 * OBJECTS


async def _create_to_delete(stage: Stage) -> None:
    names = names_of("small", OBJECTS)
    async with stage.operating() as operator:
        made = await burst(stage, operator, names)
        assert (made.reading.writes, made.reading.others) == (3 * OBJECTS, OBJECTS)
        assert made.reading.own_calls == OBJECTS
        assert (await edits(stage, names[:5], 0.05)).edits == 5
    assert (await restart(stage, OBJECTS)).reading.writes == 0
    async with stage.operating(follow_clock=True) as operator:
        still = await steady(stage, operator, 2)
        assert (still.writes, still.own_calls, still.calls["gcore.caas.list"]) == (0, 0, 2)
        count, gone = await delete_all(stage, operator)
        assert (count, gone.writes) == (OBJECTS, 2 * OBJECTS)


def test_usage_is_read_from_the_kernel() -> None:
    before = usage(os.getpid())
    sum(number * number for number in range(1_000_000))
    after = usage(os.getpid())
    assert after.cpu > before.cpu
    assert 0 < after.rss <= after.peak_rss
