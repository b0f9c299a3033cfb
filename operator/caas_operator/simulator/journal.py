"""Every request that reached a cloud, and counts of them.

Bodies and credentials are kept in clear on purpose: tests assert what was sent, and that it went nowhere else.
"""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

JSON = dict[str, Any]

HEADERS_KEPT = frozenset(
    {
        "authorization",
        "content-type",
        "openai-organization",
        "openai-project",
        "user-agent",
        "x-api-key",
        "x-bf-api-key",
        "x-bf-api-key-id",
        "x-bf-vk",
        "x-goog-api-key",
    }
)


@dataclass(slots=True)
class Entry:
    """One request. `outcome` is in_flight, answered or dropped; `done` says whether the cloud carried it out."""

    seq: int
    time: float
    cloud: str
    operation: str
    method: str
    path: str
    query: str
    body: bytes
    names: tuple[str, ...]
    headers: dict[str, str]
    status: int | None = None
    outcome: str = "in_flight"
    done: bool = False

    def as_json(self) -> JSON:
        return {
            "seq": self.seq,
            "time": self.time,
            "cloud": self.cloud,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": readable(self.body),
            "name": self.names[0] if self.names else None,
            "names": list(self.names),
            "headers": self.headers,
            "status": self.status,
            "outcome": self.outcome,
            "done": self.done,
        }


def readable(body: bytes) -> object:
    """The parsed JSON of a body, else its text, else None for an empty one."""
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


@dataclass
class Counters:
    """Exact counts since the last reset, also of requests the bounded journal has forgotten."""

    requests: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    activity: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> JSON:
        return {
            "requests": self.requests,
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak_in_flight,
            "operations": dict(self.operations),
            "statuses": dict(self.statuses),
            "created": dict(self.created),
            "activity": dict(self.activity),
        }


class Journal:
    """The newest requests, oldest first, at most `limit` of them; `recording` off keeps only the counts."""

    def __init__(self, limit: int = 200_000) -> None:
        self.entries: deque[Entry] = deque(maxlen=limit)
        self.recording = True
        self.counters = Counters()
        self._seq = 0

    def begin(self, entry: Entry) -> Entry:
        self._seq += 1
        entry.seq = self._seq
        counters = self.counters
        counters.requests += 1
        counters.operations[entry.operation] += 1
        counters.in_flight += 1
        counters.peak_in_flight = max(counters.peak_in_flight, counters.in_flight)
        if self.recording:
            self.entries.append(entry)
        return entry

    def finish(self, entry: Entry, status: int | None) -> None:
        entry.status = status
        entry.outcome = "dropped" if status is None else "answered"
        self.counters.in_flight -= 1
        self.counters.statuses[f"{entry.operation} {status or 'dropped'}"] += 1

    def select(self, operation: str = "*", name: str = "*", since: int = 0) -> list[Entry]:
        """Entries after sequence number `since`, by globs of operation and of any of the names."""
        return [
            entry
            for entry in self.entries
            if entry.seq > since
            and fnmatchcase(entry.operation, operation)
            and (name == "*" or any(fnmatchcase(known, name) for known in entry.names))
        ]

    def clear(self) -> None:
        """Forget all requests and counts, but not those still in flight."""
        self.entries.clear()
        in_flight = self.counters.in_flight
        self.counters = Counters(in_flight=in_flight, peak_in_flight=in_flight)
