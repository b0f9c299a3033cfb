"""The registry of accounts: who has to wait for whom."""

from typing import Any

import pytest

from caas_operator.app.accounts.choosing import Rules
from caas_operator.app.accounts.registry import AccountRegistry
from caas_operator.core.model import Resource
from caas_operator.core.outcome import Outcome
from caas_operator.core.surroundings import NotYet
from tests.core.build import resource
from tests.support.engine.kinds import BOX


def account(name: str, namespace: str) -> Resource:
    spec: dict[str, Any] = {"gcore": {"apiKeySecretRef": {"name": "k", "key": "k"}}, "default": True}
    return resource(kind="CloudAccount", uid=name, name=name, namespace=namespace, spec=spec)


@pytest.fixture
def registry() -> AccountRegistry:
    nothing: Any = None
    return AccountRegistry(
        opener=nothing,
        reader=nothing,
        rules=Rules(),
        allowed_hosts=frozenset(),
        labels=nothing,
        wake=lambda _: None,
        visit=lambda _key, _when: None,
        wake_users=lambda _ref, _namespace: None,
    )


def test_without_accounts_there_is_none(registry: AccountRegistry) -> None:
    assert isinstance(registry.find(resource(), BOX, None), Outcome)


def test_an_account_of_the_own_namespace_that_is_new_is_waited_for(registry: AccountRegistry) -> None:
    registry.put(account("new", "team"))
    assert isinstance(registry.find(resource(), BOX, None), NotYet)


def test_an_account_that_another_tenant_makes_keeps_nobody_waiting(registry: AccountRegistry) -> None:
    """Whoever is told "not yet" is woken only by an account that it may use: this one it may not."""
    registry.put(account("new", "others"))
    assert not isinstance(registry.find(resource(), BOX, None), NotYet)
