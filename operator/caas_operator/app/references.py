"""Secrets and ConfigMaps that specs refer to: each is read once for all who use it, again at every resync."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from caas_operator.core.model import Key, Reference, Resource
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, Inputs
from caas_operator.core.secret import Sealed
from caas_operator.core.surroundings import Resolved
from caas_operator.kube.errors import ClusterError
from caas_operator.kube.references import Content

MISSING_READ_AGAIN = 2.0
"""How long "there is none" is believed, in seconds: people apply a Secret right after what refers to it."""

Kind = Literal["Secret", "ConfigMap"]


class Reader(Protocol):
    async def read(self, kind: Kind, namespace: str, name: str) -> Content | None: ...


@dataclass(frozen=True, slots=True)
class Address:
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(slots=True)
class Entry:
    """The last reading of one Secret or ConfigMap. `failure`: why it could not be read, None where it could."""

    content: Content | None = None
    failure: str | None = None
    read_at: float = 0.0
    users: set[Key] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def version(self) -> str:
        return f"{self.content.uid}/{self.content.resource_version}" if self.content else ""


class ReferenceCache:
    """Implements the engine's References over `reader`."""

    def __init__(self, reader: Reader, clock: Clock, wake: Callable[[Key], None], resync_seconds: float) -> None:
        self._reader = reader
        self._clock = clock
        self._wake = wake
        self._resync = resync_seconds
        self._entries: dict[Address, Entry] = {}
        self._used: dict[Key, frozenset[Address]] = {}

    async def resolve(self, obj: Resource, wanted: Sequence[Reference], *, newer_than: float) -> Resolved | Outcome:
        addresses = {ref: Address(ref.kind, obj.namespace or "", ref.name) for ref in wanted}
        self._use(obj.key, frozenset(addresses.values()))
        values: dict[tuple[str, str], dict[str, Sealed]] = {}
        encoded: set[tuple[str, str, str]] = set()
        for ref, address in addresses.items():
            entry = await self._fresh(address, newer_than, obj.key)
            if (missing := _missing(ref, address, entry)) is not None:
                return Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, missing)
            if entry.content is not None:
                values[ref.kind, ref.name] = {**entry.content.binary, **entry.content.values}
                encoded |= {(ref.kind, ref.name, key) for key in entry.content.binary}
        versions = sorted(f"{address}={self._entries[address].version}" for address in set(addresses.values()))
        return Resolved(
            Inputs(values, frozenset(encoded)),
            hashlib.sha256("\n".join(versions).encode()).hexdigest()[:16] if versions else "",
        )

    def forget(self, key: Key) -> None:
        self._use(key, frozenset())
        self._used.pop(key, None)

    async def run(self) -> None:
        """Read everything in use again, once a resync, and wake who uses what has changed; runs for ever."""
        while True:
            now = self._clock.now()
            for address, entry in tuple(self._entries.items()):
                if entry.users and entry.read_at <= now - self._resync:
                    await self._read(address, entry, now - self._resync)
            await self._clock.sleep_until(now + self._resync / 10)

    async def _fresh(self, address: Address, newer_than: float, reader: Key) -> Entry:
        entry = self._entries[address]
        floor = newer_than
        if entry.content is None:
            floor = max(floor, self._clock.now() - MISSING_READ_AGAIN)
        if entry.read_at <= floor:
            await self._read(address, entry, floor, reader)
        return entry

    async def _read(self, address: Address, entry: Entry, floor: float, reader: Key | None = None) -> None:
        """Read it, unless that has been done since `floor`; a change wakes all who use it but the `reader`."""
        async with entry.lock:
            if entry.read_at > floor:
                return
            begun, before = self._clock.now(), (entry.version, entry.failure)
            try:
                entry.content = await self._reader.read(cast("Kind", address.kind), address.namespace, address.name)
                entry.failure = None
            except ClusterError as error:
                # What was read before stays: the values in the cloud are still right.
                entry.failure = str(error)
            known, entry.read_at = entry.read_at, begun
            if known and (entry.version, entry.failure) != before:
                for key in entry.users - {reader}:
                    self._wake(key)

    def _use(self, key: Key, addresses: frozenset[Address]) -> None:
        before = self._used.get(key, frozenset())
        if before == addresses:
            return
        for address in before - addresses:
            self._entries[address].users.discard(key)
            if not self._entries[address].users:
                del self._entries[address]
        for address in addresses - before:
            self._entries.setdefault(address, Entry()).users.add(key)
        self._used[key] = addresses


def _missing(ref: Reference, address: Address, entry: Entry) -> str | None:
    """What is wrong with a reference, in words that name the field; None if nothing is, or if it is optional."""
    if entry.content is None:
        if entry.failure is not None:
            return f"{ref.field}: {address} cannot be read: {entry.failure}"
        return None if ref.optional else f"{ref.field}: {address} does not exist"
    if ref.key is None or ref.optional or ref.key in entry.content.values or ref.key in entry.content.binary:
        return None
    return f"{ref.field}: {address} has no key {ref.key!r}"
