"""From an account's terms to its connection, and whether the cloud takes its credential."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from caas_operator.app.accounts.connection import AccountConnection
from caas_operator.app.accounts.credential import Credential
from caas_operator.app.accounts.terms import Terms
from caas_operator.cloud.auth import Headers, no_headers
from caas_operator.cloud.connect import Wire, connect
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.health import Health
from caas_operator.core.errors import CloudError
from caas_operator.core.model import Key
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.problems import explain

Called = Callable[[str, str, str, float], None]
"""Told of each call to a cloud: the account, the operation, HTTP status or what happened instead of one, seconds."""


@dataclass(frozen=True)
class Budget:
    """What holds for an account that does not say otherwise, and how often its tasks are looked at."""

    requests_per_second: float
    burst: int
    resync_seconds: float
    poll_seconds: float


@dataclass(frozen=True)
class Opener:
    """What all connections share."""

    wire: Wire
    budget: Budget
    wake: Callable[[Key], None]
    called: Called
    leading: Callable[[], bool] = lambda: True

    def now(self) -> float:
        return self.wire.clock.now()

    def open(self, terms: Terms, credential: Credential, on_change: Callable[[Health], None]) -> AccountConnection:
        """A connection that asks `credential` at each call. Raises InvalidSpec."""
        gate = Gate(self.wire.clock, *self._rate(terms), leading=self.leading, on_change=on_change)
        headers: Headers = (lambda: credential.headers) if terms.provider == "gateway" else no_headers
        wire = replace(self.wire, observe=partial(self.called, terms.group))
        client = connect(terms.endpoint, lambda: credential.key, gate, wire, headers)
        return AccountConnection(
            ref=terms.ref,
            namespace=terms.namespace,
            group=terms.group,
            address=terms.endpoint,
            client=client,
            gate=gate,
            clock=self.wire.clock,
            wake=self.wake,
            poll_seconds=self.budget.poll_seconds,
        )

    def apply(self, connection: AccountConnection, terms: Terms, credential: Credential) -> None:
        """What changes in place."""
        connection.gate.retune(*self._rate(terms))
        connection.resync_seconds = terms.resync_seconds or self.budget.resync_seconds
        connection.defaults = terms.defaults
        connection.version = f"{terms.generation}/{credential.version}"

    def _rate(self, terms: Terms) -> tuple[float, int]:
        return terms.requests_per_second or self.budget.requests_per_second, terms.burst or self.budget.burst


async def probe(connection: AccountConnection) -> Outcome:
    """One cheap call, then what the account's other calls have met. Raises NotLeading."""
    try:
        await connection.client.check()
    except CloudError as error:
        return explain(error, "check", serves=False)
    trouble = connection.gate.health()
    if trouble.error is not None:
        outcome = explain(trouble.error, "list" if trouble.scope else "call", serves=False)
        return replace(outcome, message=f"{trouble.scope}: {outcome.message}") if trouble.scope else outcome
    return Outcome(State.SERVING, Reason.AVAILABLE, f"the credential is taken by {connection.endpoint}")
