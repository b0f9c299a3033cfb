"""The figures for people: what was wanted and what came of it, and the rest of what was measured."""

from collections.abc import Callable, Sequence

from tests.bench.goals import Verdict
from tests.bench.run import Figures
from tests.bench.stage import Reading

Row = Sequence[str]
Table = Callable[[Row, list[Row]], str]


def as_text(figures: Figures, verdicts: list[Verdict], facts: dict[str, str]) -> str:
    return _report(_text_table, figures, verdicts, facts)


def as_markdown(figures: Figures, verdicts: list[Verdict], facts: dict[str, str]) -> str:
    return _report(_markdown_table, figures, verdicts, facts)


def _report(table: Table, figures: Figures, verdicts: list[Verdict], facts: dict[str, str]) -> str:
    parts = [
        table(("", "goal", "measured", ""), [(v.subject, v.goal, v.measured, _word(v)) for v in verdicts]),
        table(("", "seconds", "CPU s", "writes", "cloud calls", "of them lists", "peak MB"), _stretches(figures)),
        table(("plain kopf over ours, an object", "plain kopf", "ours", "ratio"), _ratios(figures)),
        table(("", ""), [*_others(figures), *facts.items()]),
    ]
    return "\n\n".join(parts)


def _word(verdict: Verdict) -> str:
    return "met" if verdict.met else "MISSED"


def _stretches(figures: Figures) -> list[Row]:
    made, deleted, plain, minutes = figures.burst, figures.deletion, figures.plain, figures.scale.rounds
    rows = [
        _row(f"burst of {made.objects:,}", made.reading),
        _row(f"restart beside {figures.restart.objects:,}", figures.restart.reading),
        _row(f"{minutes} simulated minutes of {made.objects:,}", figures.steady),
        _row(f"deletion of {deleted.objects:,}", deleted.reading),
        _row(f"plain kopf: burst of {plain.objects:,}", plain.burst),
        _row(f"plain kopf: {plain.rounds} minutes of {plain.objects:,}", plain.steady),
        _row(f"plain kopf: deletion of {plain.objects:,}", plain.deletion),
    ]
    if many := figures.existing:
        rows.append(_row(f"restart beside {many.restart.objects:,}, one edit, one LIST", many.restart.reading))
    return rows


def _row(name: str, reading: Reading) -> Row:
    calls = sum(reading.calls.values())
    numbers = (f"{reading.writes:,}", f"{calls:,}", f"{reading.lists:,}", f"{reading.peak_rss:.0f}")
    return (name, f"{reading.seconds:.1f}", f"{reading.cpu:.2f}", *numbers)


def _ratios(figures: Figures) -> list[Row]:
    ours, theirs, plain = figures.burst, figures.plain.burst, figures.plain
    mine, other = 1 / ours.objects, 1 / plain.objects
    minute = 1 / (figures.scale.rounds * ours.objects)
    round_ = 1 / (plain.rounds * plain.objects)
    gone = figures.deletion
    return [
        _ratio("CPU of a create, ms", 1000 * theirs.cpu * other, 1000 * ours.reading.cpu * mine),
        _ratio(
            "CPU of a minute of steady state, ms", 1000 * plain.steady.cpu * round_, 1000 * figures.steady.cpu * minute
        ),
        _ratio("CPU of a deletion, ms", 1000 * plain.deletion.cpu * other, 1000 * gone.reading.cpu / gone.objects),
        _ratio("writes of a create", theirs.writes * other, ours.reading.writes * mine),
        _ratio("cloud calls of a create", sum(theirs.calls.values()) * other, sum(ours.reading.calls.values()) * mine),
        _ratio("memory at the burst's peak, kB", 1000 * theirs.peak_rss * other, 1000 * ours.reading.peak_rss * mine),
    ]


def _ratio(name: str, theirs: float, ours: float) -> Row:
    return (name, f"{theirs:.2f}", f"{ours:.2f}", f"{theirs / ours:.1f}" if ours > 0 else "-")


def _others(figures: Figures) -> list[Row]:
    rate, idle, busy, again = figures.rate, figures.idle, figures.busy, figures.restart
    rows = [
        ("status patches a second, API server alone", f"{rate.status_patches:.0f} (creates: {rate.creates:.0f})"),
        ("user's creates of the burst, seconds", f"{figures.burst.create_seconds:.1f}"),
        ("edit while idle, seconds: p50, p99, worst", _times(idle.p50, idle.p99, idle.worst)),
        ("edit in a burst, seconds: p50, p99, worst", _times(busy.p50, busy.p99, busy.worst)),
        ("restart, seconds: ready, quiet", _times(again.ready_seconds, again.quiet_seconds)),
    ]
    if many := figures.existing:
        found = many.restart
        name = f"restart beside {found.objects:,}, seconds: ready, quiet, first edit served"
        rows.append((name, _times(found.ready_seconds, found.quiet_seconds, many.first_edit_seconds)))
    return list(rows)


def _times(*seconds: float) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds)


def _text_table(head: Row, rows: list[Row]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Row) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in ((head, *rows) if any(head) else rows))


def _markdown_table(head: Row, rows: list[Row]) -> str:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))
