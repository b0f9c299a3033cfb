"""What is wanted of the figures. Times are held against what the same machine did in the same run."""

from dataclasses import dataclass

from tests.bench.run import Figures


@dataclass(frozen=True)
class Verdict:
    """`measured` and `goal` in the words of the table; `met` compares the numbers behind them."""

    subject: str
    goal: str
    measured: str
    met: bool


def judged(figures: Figures) -> list[Verdict]:
    return [*_of_burst(figures), *_of_rest(figures), *_of_edits(figures), *_of_memory(figures), *_beside(figures)]


def _of_burst(figures: Figures) -> list[Verdict]:
    made, reading, rate = figures.burst.objects, figures.burst.reading, figures.rate.status_patches
    writes = reading.writes + reading.others
    limit = 1.25 * writes / rate + 2
    return [
        _at_most(
            f"{made:,} objects to Ready, seconds (1.25 x {writes:,} writes / {rate:.0f} a second + 2)",
            reading.seconds,
            limit,
            1,
        ),
        _at_most("writes an object", reading.writes / made, 3, 2),
        _at_most("cloud calls an object, shared lists apart", reading.own_calls / made, 1.3, 2),
    ]


def _of_rest(figures: Figures) -> list[Verdict]:
    minutes, again = figures.scale.rounds, figures.restart.reading
    return [
        _at_most(f"writes in {minutes} minutes of steady state", figures.steady.writes, 0, 0),
        _at_most("writes after a restart", again.writes, 0, 0),
    ]


def _of_edits(figures: Figures) -> list[Verdict]:
    return [
        _at_most(
            f"edit while idle to PATCH at the cloud, p99 of {figures.idle.edits}, seconds", figures.idle.p99, 0.25, 3
        ),
        _at_most(
            f"edit in a burst to PATCH at the cloud, p99 of {figures.busy.edits}, seconds", figures.busy.p99, 2, 3
        ),
    ]


def _of_memory(figures: Figures) -> list[Verdict]:
    found = [
        _at_most(f"memory at its peak, {figures.burst.objects:,} objects, MB", figures.burst.reading.peak_rss, 130, 0)
    ]
    if many := figures.existing:
        found.append(
            _at_most(f"memory at its peak, {many.restart.objects:,} objects, MB", many.restart.reading.peak_rss, 256, 0)
        )
    return found


def _beside(figures: Figures) -> list[Verdict]:
    ours = figures.burst.reading.cpu / figures.burst.objects
    theirs = figures.plain.burst.cpu / figures.plain.objects
    return [_at_least("times less CPU an object than plain kopf", theirs / ours, 4, 1)]


def _at_most(subject: str, measured: float, limit: float, digits: int) -> Verdict:
    return Verdict(subject, f"at most {limit:,.{digits}f}", f"{measured:,.{digits}f}", met=measured <= limit)


def _at_least(subject: str, measured: float, limit: float, digits: int) -> Verdict:
    return Verdict(subject, f"at least {limit:,.{digits}f}", f"{measured:,.{digits}f}", met=measured >= limit)
