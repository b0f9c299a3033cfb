"""What the sandbox provider holds, by account (one project of one provider key)."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
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


_SEQ = attrgetter("seq")


class SandboxState:
    """`listed` holds each account's sandboxes in order of creation; `known` also the deleted ones."""

    def __init__(self) -> None:
        self.listed: dict[str, list[Sandbox]] = {}
        self.known: dict[str, Sandbox] = {}
        self.next_seq = 1

    def add(self, sandbox: Sandbox) -> None:
        self.known[sandbox.id] = sandbox
        self.listed.setdefault(sandbox.account, []).append(sandbox)

    def unlist(self, sandbox: Sandbox) -> None:
        items = self.listed.get(sandbox.account, [])
        index = bisect_left(items, sandbox.seq, key=_SEQ)
        if index < len(items) and items[index] is sandbox:
            del items[index]

    def after(self, account: str, seq: int | None, *, newest_first: bool) -> list[Sandbox]:
        """The account's sandboxes in list order, those up to `seq` left out."""
        items = self.listed.get(account, [])
        if seq is None:
            return items[::-1] if newest_first else items
        if newest_first:
            return items[: bisect_left(items, seq, key=_SEQ)][::-1]
        return items[bisect_right(items, seq, key=_SEQ) :]

    def take_seq(self) -> int:
        self.next_seq += 1
        return self.next_seq - 1
