"""What the sandbox provider holds, by account (one project of one provider key)."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]

DIRECT = "direct"
"""the account behind the direct API's key; each gateway key has one of its own, named after provider and key"""


@dataclass(slots=True)
class File:
    """A file in a sandbox."""

    id: str
    seq: int
    created_at: int
    path: str
    content: bytes
    source: str = "user"


@dataclass(slots=True)
class Sandbox:
    """A sandbox with all that was asked for, also what no reply shows."""

    id: str
    seq: int
    account: str
    name: str
    created_at: int
    last_active_at: float
    minutes: int
    memory_limit: str
    body: JSON
    """the create body as it reached the provider, secrets included"""
    listed_from: float = 0.0
    expired: bool = False
    deleted: bool = False
    files: dict[str, File] = field(default_factory=dict)
    shown_as: JSON = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int]:
        """Its place in LIST: one that is put there with an age stands among those of its time."""
        return self.created_at, self.seq


Rank = tuple[int, int]


def _rank(sandbox: Sandbox) -> Rank:
    return sandbox.rank


class SandboxState:
    """`listed` holds each account's sandboxes in order of creation; `known` also the deleted ones."""

    def __init__(self) -> None:
        self.listed: dict[str, list[Sandbox]] = {}
        self.known: dict[str, Sandbox] = {}
        self.next_seq = 1

    def add(self, sandbox: Sandbox) -> None:
        self.known[sandbox.id] = sandbox
        insort(self.listed.setdefault(sandbox.account, []), sandbox, key=_rank)

    def unlist(self, sandbox: Sandbox) -> None:
        items = self.listed.get(sandbox.account, [])
        index = bisect_left(items, sandbox.rank, key=_rank)
        if index < len(items) and items[index] is sandbox:
            del items[index]

    def after(self, account: str, last: Rank | None, *, newest_first: bool) -> Iterable[Sandbox]:
        """The account's sandboxes in list order, those up to `last` left out."""
        items = self.listed.get(account, [])
        first, end = 0, len(items)
        if last is not None and newest_first:
            end = bisect_left(items, last, key=_rank)
        elif last is not None:
            first = bisect_right(items, last, key=_rank)
        places = range(end - 1, first - 1, -1) if newest_first else range(first, end)
        return map(items.__getitem__, places)

    def take_seq(self) -> int:
        self.next_seq += 1
        return self.next_seq - 1
