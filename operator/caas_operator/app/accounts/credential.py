"""The secret values of one account: read from its Secrets, hidden from the logs, replaced in place when they change."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caas_operator.app.accounts.terms import Terms
from caas_operator.app.references import Reader
from caas_operator.app.telemetry import logs
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.secret import Sealed

KEEP_OUT_OF_LOGS = 20
"""Of how many headers of a gateway the values are looked for in every line of the logs."""


@dataclass
class Credential:
    """`version` changes with the Secrets; empty: never read."""

    key: Sealed | None = None
    headers: Mapping[str, Sealed] = field(default_factory=dict)
    version: str = ""

    def take(self, read: "Credential") -> bool:
        """Have the values of `read`, for everybody who holds this one; returns whether they are others."""
        renewed = read.version != self.version
        self.key, self.headers, self.version = read.key, read.headers, read.version
        for value in (self.key, *list(self.headers.values())[:KEEP_OUT_OF_LOGS]):
            if renewed and value is not None:
                logs.redaction.hide(value)
        return renewed


async def read_credential(reader: Reader, terms: Terms) -> Credential | Outcome:
    """What the Secrets of an account hold now; an Outcome says which of them is missing. Raises ClusterError."""
    found, versions = Credential(), []
    for what, ref in (("key", terms.key_ref), ("headers", terms.headers_ref)):
        if ref is None:
            continue
        content = await reader.read("Secret", ref.namespace, ref.name)
        if content is None:
            return not_ready(f"{ref.field}: Secret {ref.namespace}/{ref.name} does not exist")
        if what == "headers":
            found.headers = content.values
        elif ref.key in content.values:
            found.key = content.values[ref.key]
        else:
            return not_ready(f"{ref.field}: Secret {ref.namespace}/{ref.name} has no key {ref.key!r}")
        versions.append(f"{content.uid}/{content.resource_version}")
    found.version = "+".join(versions) or "open"
    return found


def not_ready(message: str) -> Outcome:
    return Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, message, serves=False)
