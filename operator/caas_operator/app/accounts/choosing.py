"""Which account an object uses. Pure: the accounts that exist in, one of them or the reason for none out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from caas_operator.core.model import AccountRef, Resource
from caas_operator.core.outcome import Outcome, Reason, State

ENVIRONMENT = "Environment"


class Candidate(Protocol):
    """What the choice looks at in an account."""

    @property
    def ref(self) -> AccountRef: ...
    @property
    def namespace(self) -> str | None:
        """The namespace whose objects may use it; None for those that say themselves whom they allow."""
        ...

    @property
    def provider(self) -> str: ...
    @property
    def default(self) -> bool: ...
    def allows(self, namespace: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Rules:
    environment_namespaces: frozenset[str] = frozenset()


def choose(
    obj: Resource, providers: frozenset[str], bound: AccountRef | None, candidates: Iterable[Candidate], rules: Rules
) -> Candidate | Outcome:
    """The account `bound`, or that spec names, or the namespace's default, the cluster's, the environment's."""
    asked = bound or asked_account(obj.spec)
    namespace = obj.namespace or ""
    if asked is not None:
        return _named(asked, namespace, providers, candidates, rules)
    fitting = [one for one in candidates if one.provider in providers and one.default]
    for usable in (
        [one for one in fitting if one.ref.kind == "CloudAccount" and one.namespace == namespace],
        [one for one in fitting if one.ref.kind == "ClusterCloudAccount" and one.allows(namespace)],
        [one for one in fitting if one.ref.kind == ENVIRONMENT and namespace in rules.environment_namespaces],
    ):
        if len(usable) > 1:
            names = " and ".join(sorted(str(one.ref) for one in usable))
            return _not_ready(f"spec.accountRef is absent and two defaults fit: {names}")
        if usable:
            return usable[0]
    return _not_ready(
        f"spec.accountRef is absent and no account for {' or '.join(sorted(providers))} has default: true here"
    )


def _named(
    asked: AccountRef, namespace: str, providers: frozenset[str], candidates: Iterable[Candidate], rules: Rules
) -> Candidate | Outcome:
    for one in candidates:
        if one.ref != asked or (one.ref.kind == "CloudAccount" and one.namespace != namespace):
            continue
        allowed = namespace in rules.environment_namespaces if asked.kind == ENVIRONMENT else one.allows(namespace)
        if not allowed:
            break  # a tenant learns no more of it than of one that does not exist
        if one.provider not in providers:
            told = f"spec.accountRef: {asked} is an account of {one.provider}, not of {' or '.join(sorted(providers))}"
            return Outcome(State.REFUSED, Reason.INVALID_SPEC, told)
        return one
    return _not_ready(f"spec.accountRef: {asked} does not exist or does not allow the namespace {namespace}")


def asked_account(spec: Mapping[str, Any]) -> AccountRef | None:
    """What spec.accountRef names."""
    raw = spec.get("accountRef")
    if not isinstance(raw, dict) or not raw.get("name"):
        return None
    return AccountRef(str(raw.get("kind") or "CloudAccount"), str(raw["name"]))


def _not_ready(message: str) -> Outcome:
    return Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, message)
