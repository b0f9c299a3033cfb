"""All accounts of the process: from account objects to connections, and from an object to its account."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from caas_operator.app.accounts.choosing import ENVIRONMENT, Rules, asked_account, choose
from caas_operator.app.accounts.connection import AccountConnection
from caas_operator.app.accounts.credential import Credential, not_ready, read_credential
from caas_operator.app.accounts.opening import Opener, probe
from caas_operator.app.accounts.terms import Terms, terms_of
from caas_operator.app.namespaces import Labels
from caas_operator.app.references import Reader
from caas_operator.cloud.health import Health
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import AccountRef, Key, Resource
from caas_operator.core.outcome import Outcome, State
from caas_operator.core.ports import Kind
from caas_operator.core.problems import explain
from caas_operator.core.secret import Sealed
from caas_operator.core.status import is_converged
from caas_operator.core.surroundings import Connection, NotYet
from caas_operator.kube.errors import ClusterError

logger = logging.getLogger("caas_operator.accounts")

ACCOUNT_KINDS = frozenset({"CloudAccount", "ClusterCloudAccount"})
FLIP_SECONDS = 5.0
"""Between two passes over an account because calls fail or succeed again; near a rate limit they do so all the time."""


@dataclass
class Entry:
    """One account. `terms` None: its spec is not known yet, or wrong.

    `connected`: it was tried, with success or without; `missing`: its Secret is gone, what worked last is in memory;
    `used`: a managed object has asked for it; `flip_at`: when its health led to the last pass, or will to the next.
    """

    obj: Resource | None
    terms: Terms | None = None
    connection: AccountConnection | None = None
    credential: Credential = field(default_factory=Credential)
    outcome: Outcome | None = None
    connected: bool = False
    missing: bool = False
    used: bool = False
    flip_at: float = 0.0

    @property
    def ref(self) -> AccountRef:
        if self.obj is not None:
            return AccountRef(self.obj.kind, self.obj.name)
        return self.terms.ref if self.terms else AccountRef(ENVIRONMENT, "")

    @property
    def anywhere(self) -> bool:
        """Whether it is no account of one namespace."""
        return self.obj is None or self.obj.namespace is None

    def within(self, namespace: str) -> bool:
        return self.obj is not None and self.obj.namespace == namespace

    @property
    def up(self) -> bool:
        """Whether its credential works and it is not frozen."""
        if self.connection is None or self.missing or (self.outcome and self.outcome.state is not State.SERVING):
            return False
        gate = self.connection.gate
        return gate.health().error is None and gate.blocked() is None

    @property
    def stamp(self) -> tuple[object, ...]:
        """Changes with what objects can make of the account."""
        return self.connected, self.missing, self.connection, self.connection.version if self.connection else ""


@dataclass
class AccountRegistry:
    """Implements the engine's Accounts. Account objects come in by `put` and `drop`, `connect` is their pass.

    `wake` has an object looked at, `visit` an account at a time; `wake_users` those who use an account or wait for one.
    """

    opener: Opener
    reader: Reader
    rules: Rules
    allowed_hosts: frozenset[str]
    labels: Labels
    wake: Callable[[Key], None]
    visit: Callable[[Key, float], None]
    wake_users: Callable[[AccountRef, str | None], None]
    _entries: dict[Key, Entry] = field(default_factory=dict)
    _waiting: set[Key] = field(default_factory=set)

    def put(self, obj: Resource) -> None:
        entry = self._entries.setdefault(obj.key, Entry(obj))
        entry.obj = obj

    async def drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._changed(entry)
            await self._disconnect(entry)

    async def close(self) -> None:
        for key in tuple(self._entries):
            await self._disconnect(self._entries.pop(key))

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def terms(self, key: Key) -> Terms | None:
        entry = self._entries.get(key)
        return entry.terms if entry else None

    def is_used(self, key: Key) -> bool:
        return key in self._entries and self._entries[key].used

    # -- an object's account ------------------------------------------------------------------------------------------

    def find(self, obj: Resource, kind: Kind, bound: AccountRef | None) -> Connection | Outcome | NotYet:
        namespace, asked = obj.namespace or "", bound or asked_account(obj.spec)
        entries = [one for one in self if asked in (None, one.ref) and (one.anywhere or one.within(namespace))]
        if any(self._unknown(entry, namespace) for entry in entries):
            return self._wait(obj)
        known = {id(entry.terms): entry for entry in entries if entry.terms is not None}
        chosen = choose(obj, kind.providers, bound, (e.terms for e in known.values() if e.terms), self.rules)
        if isinstance(chosen, Outcome):
            wrong = [one for one in entries if one.terms is None and (one.ref == asked or one.within(namespace))]
            if not wrong or chosen.state is State.REFUSED:
                return chosen
            entry = wrong[0]
        else:
            entry = known[id(chosen)]
            self._mark_used(entry, obj)
        if entry.connection is not None and (obj.deleting or not entry.missing):
            return entry.connection
        if is_converged(obj) and not obj.deleting:
            # It is well; the account's trouble shows on the account alone.
            return self._wait(obj)
        return _unusable(entry)

    def _unknown(self, entry: Entry, namespace: str) -> bool:
        if not entry.connected:
            return True
        return entry.terms is not None and entry.terms.by_labels and self.labels.pending(namespace)

    def _wait(self, obj: Resource) -> NotYet:
        self._waiting.add(obj.key)
        return NotYet()

    def _mark_used(self, entry: Entry, obj: Resource) -> None:
        """The first managed object that uses an account makes it wear our finalizer."""
        if not entry.used and entry.obj is not None and obj.spec.get("managementPolicy") != "ObserveOnly":
            entry.used = True
            self.visit(entry.obj.key, self.opener.now())

    # -- an account's pass --------------------------------------------------------------------------------------------

    async def connect(self, obj: Resource) -> Outcome:
        """Make or renew the connection of an account object and see whether the credential works."""
        entry = self._entries.setdefault(obj.key, Entry(obj))
        before, entry.obj = entry.stamp, obj
        try:
            entry.outcome = await self._renew(entry, obj)
        finally:
            entry.connected = True
            if entry.stamp != before:
                self._changed(entry)
            if self._entries.get(obj.key) is not entry:
                await self._disconnect(entry)
        return entry.outcome

    async def connect_environment(self, found: Iterable[tuple[Terms, Sealed]]) -> None:
        """The accounts of the operator's own environment; they have no object and no status."""
        for terms, key in found:
            entry = self._entries.setdefault(Key(ENVIRONMENT, terms.provider), Entry(None, terms))
            outcome = await self._establish(entry, terms, Credential(key, {}, "environment"))
            if outcome is not None:
                logger.error("the account of the environment cannot be used: %s", outcome.message)
            entry.connected = True

    async def _renew(self, entry: Entry, obj: Resource) -> Outcome:
        try:
            terms = terms_of(obj, self.labels.of, self.allowed_hosts)
        except InvalidSpec as error:
            entry.terms = None
            await self._disconnect(entry)
            return explain(error, "spec")
        try:
            read = await read_credential(self.reader, terms)
        except ClusterError as error:
            # What was read before stays: it may well be right still.
            entry.terms = terms
            return not_ready(f"the account's Secret cannot be read: {error}")
        entry.terms, entry.missing = terms, isinstance(read, Outcome)
        if isinstance(read, Outcome):
            return read
        outcome = await self._establish(entry, terms, read)
        if outcome is not None or entry.connection is None:
            return outcome or not_ready("the account has gone")
        return await probe(entry.connection)

    async def _establish(self, entry: Entry, terms: Terms, read: Credential) -> Outcome | None:
        """Have a connection by these terms; an Outcome says why there can be none."""
        renewed = entry.credential.take(read)
        if entry.connection is not None and entry.connection.address != terms.endpoint:
            await self._disconnect(entry)
        if entry.connection is None:
            try:
                entry.connection = self.opener.open(
                    terms, entry.credential, lambda health: self._flipped(entry, health)
                )
            except InvalidSpec as error:
                return explain(error, "spec")
        elif renewed:
            entry.connection.gate.close()
        self.opener.apply(entry.connection, terms, entry.credential)
        return None

    def _flipped(self, entry: Entry, _: Health) -> None:
        if entry.obj is None:
            return
        now = self.opener.now()
        if entry.flip_at <= now:
            entry.flip_at = max(now, entry.flip_at + FLIP_SECONDS)
        self.visit(entry.obj.key, entry.flip_at)

    def _changed(self, entry: Entry) -> None:
        self.wake_users(entry.ref, entry.obj.namespace if entry.obj else None)
        waiting, self._waiting = self._waiting, set()
        for key in waiting:
            self.wake(key)

    async def _disconnect(self, entry: Entry) -> None:
        connection, entry.connection = entry.connection, None
        if connection is not None:
            await connection.close()


def _unusable(entry: Entry) -> Outcome:
    """Of a cluster's account a tenant learns no more than that it does not work."""
    why = entry.outcome.message if entry.outcome and entry.ref.kind == "CloudAccount" else "see its status"
    return not_ready(f"account {entry.ref} cannot be used yet: {why}")
