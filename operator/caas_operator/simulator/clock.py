"""The simulated time: real time plus an offset, or a time that only moves when told to."""

import time
from datetime import UTC, datetime

from caas_operator.simulator.config import ClockKind


class Clock:
    """Seconds since the epoch, movable by `advance`.

    A manual clock starts at the whole second of its making and stands still between moves.
    """

    def __init__(self, kind: ClockKind = "real") -> None:
        self.kind: ClockKind = kind
        self.offset_seconds = 0.0
        self._start = float(int(time.time()))

    def now(self) -> float:
        base = time.time() if self.kind == "real" else self._start
        return base + self.offset_seconds

    def advance(self, seconds: float) -> None:
        self.offset_seconds += seconds


def timestamp(seconds: float, style: str = "bare") -> str:
    """An ISO time in UTC [DOC-async, TF0].

    `bare` has microseconds and no zone, as real samples; `z` seconds and Z, as the specification's examples.
    """
    moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    if style == "z":
        return moment.isoformat(timespec="seconds") + "Z"
    return moment.isoformat(timespec="microseconds")


def parse_timestamp(text: str) -> float:
    """Seconds since the epoch of an ISO time; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
