"""What has to be there before the process is put together."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from caas_operator.app.accounts.terms import Terms, environment_terms
from caas_operator.app.clock import FollowingClock, SystemClock
from caas_operator.app.settings import Settings, SettingsInvalid
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.ports import Clock
from caas_operator.core.secret import Sealed
from caas_operator.kube.identity import hmac_key
from caas_operator.kube.session import Session, connect

KEY_SECONDS = 300.0
"""How often the key for fingerprints is looked for while there is none."""

EnvironmentAccounts = tuple[tuple[Terms, Sealed], ...]


def environment_accounts(settings: Settings) -> EnvironmentAccounts:
    """The accounts of our own environment, where any namespace may use them. Raises SettingsInvalid."""
    if not settings.environment_account_namespaces:
        return ()
    try:
        return tuple(environment_terms(os.environ))
    except InvalidSpec as error:
        raise SettingsInvalid(str(error)) from None


async def read_fingerprints(session: Session, namespace: str) -> Fingerprints | None:
    """The key for fingerprints of Secrets; where it cannot be had yet, its namespace may come after us."""
    key = await hmac_key(session, namespace)
    return Fingerprints(key.id, key.key) if key else None


@asynccontextmanager
async def running_clock(settings: Settings) -> AsyncIterator[Clock]:
    if settings.clock_url is None:
        yield SystemClock()
        return
    async with FollowingClock(settings.clock_url) as clock:
        yield clock


@asynccontextmanager
async def open_session(settings: Settings) -> AsyncIterator[Session]:
    session = await connect(settings.kubeconfig, settings.context)
    try:
        yield session
    finally:
        await session.close()
