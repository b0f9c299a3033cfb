"""What the benchmark makes of its figures. The measuring itself is `make bench`."""

import dataclasses
from typing import Any

import pytest

from tests.bench.beside import Beside
from tests.bench.goals import judged
from tests.bench.parts import Burst, Existing, Latency, Restart
from tests.bench.report import as_markdown, as_text
from tests.bench.run import FULL, Deletion, Figures
from tests.bench.server_rate import ServerRate
from tests.bench.stage import Reading

QUIET = Reading(seconds=1, cpu=0.1, writes=0, account_writes=0, events=0, others=0, calls={}, rss=90, peak_rss=100)
BUSY = dataclasses.replace(QUIET, seconds=10, cpu=3, writes=3000, others=1000, calls={"gcore.caas.create": 1000})
PROMPT = Latency(edits=10, p50=0.01, p99=0.02, worst=0.03)
GOOD = Figures(
    scale=FULL,
    rate=ServerRate(status_patches=400, creates=700, rounds=(400,)),
    burst=Burst(1000, BUSY, 4, 0, 10),
    idle=PROMPT,
    restart=Restart(1000, 1, 2, QUIET),
    steady=QUIET,
    busy=PROMPT,
    deletion=Deletion(1000, BUSY),
    plain=Beside(1000, dataclasses.replace(BUSY, cpu=12), 3, QUIET, BUSY),
    existing=Existing(Restart(10_000, 9, 12, QUIET), 10),
)


def burst(**changes: Any) -> Figures:
    made = dataclasses.replace(GOOD.burst, reading=dataclasses.replace(BUSY, **changes))
    return dataclasses.replace(GOOD, burst=made)


def test_figures_that_reach_every_goal_are_met() -> None:
    assert [verdict.subject for verdict in judged(GOOD) if not verdict.met] == []


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (burst(seconds=14.6), "1,000 objects to Ready"),
        (burst(writes=3001), "writes an object"),
        (burst(calls={"gcore.caas.create": 1301}), "cloud calls an object"),
        (burst(peak_rss=131), "memory at its peak, 1,000"),
        (burst(cpu=3.1), "times less CPU"),
        (dataclasses.replace(GOOD, steady=dataclasses.replace(QUIET, writes=1)), "writes in 10 minutes"),
        (
            dataclasses.replace(GOOD, restart=Restart(1000, 1, 2, dataclasses.replace(QUIET, writes=1))),
            "after a restart",
        ),
        (dataclasses.replace(GOOD, idle=dataclasses.replace(PROMPT, p99=0.26)), "edit while idle"),
        (dataclasses.replace(GOOD, busy=dataclasses.replace(PROMPT, p99=2.1)), "edit in a burst"),
        (
            dataclasses.replace(
                GOOD, existing=Existing(Restart(10_000, 9, 12, dataclasses.replace(QUIET, peak_rss=257)), 1)
            ),
            "memory at its peak, 10,000",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_goal_that_is_not_reached_is_told(figures: Figures, missed: str) -> None:
    (verdict,) = [verdict for verdict in judged(figures) if not verdict.met]
    assert missed in verdict.subject


def test_both_reports_have_every_verdict() -> None:
    verdicts = judged(burst(peak_rss=131))
    for report in (as_text(GOOD, verdicts, {"cores": "2"}), as_markdown(GOOD, verdicts, {"cores": "2"})):
        assert all(verdict.subject in report and verdict.measured in report for verdict in verdicts)
        assert report.count("MISSED") == 1
