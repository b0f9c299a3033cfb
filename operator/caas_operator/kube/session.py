"""One connection pool to the API server, and one way to call it.

Calls go through `kubernetes.aio`'s ApiClient (authentication, token reload, transport) and not through its generated
API classes: those validate every argument and build models of every answer, of which we use a few fields. The library's
parts are untyped in places, hence the `type: ignore`s of this file.
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.connector import Connection
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config.kube_config import KubeConfigLoader

from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed
from caas_operator.kube.credentials import (
    Credentials,
    Identity,
    kubeconfig_paths,
    load_kubeconfig,
    take_identity,
)
from caas_operator.kube.errors import ClusterError, ClusterRefused, ClusterUnavailable, KubeconfigInvalid

FIELD_MANAGER = "caas-operator"
POOL_SIZE = 64
CALL_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5, sock_read=20)
"""Seconds; `total` holds the wait for a connection of the pool too."""
_TOKEN_SECONDS = 60.0
"""How old a token may be before its source is asked again."""

MERGE_PATCH = "application/merge-patch+json"

_logger = logging.getLogger(__name__)

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


class Session:
    """The API server as this process reaches it. Made by `connect`; close it."""

    def __init__(self, api: ApiClient, identity: Identity, connector: aiohttp.TCPConnector) -> None:
        self._api = api
        self._identity = identity
        self._connector = connector

    async def credentials(self) -> Credentials:
        """What another client of the same API server needs now; the token may be another one a minute later."""
        configuration = self._api.configuration
        token = await configuration.get_api_key_with_prefix("BearerToken")
        return Credentials(
            server=configuration.host,
            identity=self._identity,
            authorization=Sealed(token) if token else None,
            insecure=not configuration.verify_ssl,
            tls_server_name=configuration.tls_server_name,
            proxy=configuration.proxy,
        )

    async def client_session(self, *, limit: int) -> aiohttp.ClientSession:
        """A pool of its own for somebody else's requests (the watches); it always carries the current token.

        The caller closes it. `limit` bounds its connections; a watch holds one for as long as it lasts.
        """
        now = await self.credentials()

        async def authorize(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
            authorization = (await self.credentials()).authorization
            if authorization is not None:
                request.headers["Authorization"] = authorization.reveal()
            request.server_hostname = now.tls_server_name
            return await send(request)

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit, ssl=now.ssl_context()),
            middlewares=(authorize,),
            headers={"User-Agent": FIELD_MANAGER},
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=now.proxy,
            read_bufsize=2**21,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> JsonObject:
        """One request and its JSON answer. Raises ClusterRefused or ClusterUnavailable, and never retries.

        `path` holds names that were checked or quoted (see `paths`).
        """
        headers = {"Accept": accept, "Content-Type": content_type}
        try:
            parameters = await self._api.param_serialize(
                method,
                path,
                query_params=list(query.items()) if query else [],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = await self._api.call_api(*parameters, _request_timeout=CALL_TIMEOUT)
            raw: bytes = await answer.read()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientError, OSError, kubernetes_config.ConfigException) as error:
            # A TimeoutError is an OSError; a ConfigException is a pod's token that cannot be read again.
            reason = str(error) or type(error).__name__
            raise ClusterUnavailable(f"no answer from the API server to {method} {path}: {reason}") from error
        if not 200 <= answer.status <= 299:
            raise _refusal(method, path, answer.status, raw)
        return _parsed(method, path, answer.status, raw)

    async def close(self) -> None:
        await self._api.close()  # type: ignore[no-untyped-call]
        await self._connector.close()


@contextmanager
def asking(check: Callable[[], None]) -> Iterator[None]:
    """Calls in here ask `check` when they have a connection and nothing is sent yet; what it raises ends the call."""
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


def _parsed(method: str, path: str, status: int, raw: bytes) -> JsonObject:
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ClusterUnavailable(f"the answer to {method} {path} is no JSON object", status=status)
    return document


def _refusal(method: str, path: str, status: int, raw: bytes) -> ClusterError:
    """The Status object of an error as an exception; what is no Status (a proxy's page) is not repeated."""
    try:
        document: Any = json.loads(raw)
    except ValueError:
        document = None
    said = document if isinstance(document, dict) and document.get("kind") == "Status" else {}
    message = str(said.get("message") or f"HTTP {status} from the API server to {method} {path}")
    passing = status in {401, 408, 429} or status >= 500 or status < 400
    return (ClusterUnavailable if passing else ClusterRefused)(
        message, status=status, reason=str(said.get("reason") or "")
    )


async def connect(kubeconfig: Path | None = None, context: str | None = None) -> Session:
    """A session with the cluster of `kubeconfig`; without one, of the pod we run in, else of kubectl's own default.

    Nothing is sent yet. Raises KubeconfigInvalid.
    """
    configuration = Configuration()
    in_pod = kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ
    try:
        identity = _from_pod(configuration) if in_pod else await _from_kubeconfig(configuration, kubeconfig, context)
    except kubernetes_config.ConfigException as error:
        raise KubeconfigInvalid(str(error)) from error
    connector = aiohttp.TCPConnector(limit=POOL_SIZE, ssl=identity.ssl_context(insecure=not configuration.verify_ssl))
    configuration.proxy = configuration.proxy or _proxy_of_environment(configuration.host)
    configuration.client_session_kwargs = {
        "connector": connector,
        "cookie_jar": aiohttp.DummyCookieJar(),
        # With it, aiohttp reads ~/.netrc and the proxy variables in a thread, twice a request.
        "trust_env": False,
        "request_class": _AskingRequest,
    }
    api = ApiClient(configuration)
    api.user_agent = FIELD_MANAGER
    return Session(api, identity, connector)


class _AskingRequest(aiohttp.ClientRequest):
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if (check := _check.get()) is not None:
            check()
        return await super().send(conn)


def _proxy_of_environment(server: str) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY mean for the API server."""
    url = urlsplit(server)
    if proxy_bypass(url.netloc.rpartition("@")[2]):
        return None
    return getproxies().get(url.scheme)


def _from_pod(configuration: Configuration) -> Identity:
    """The service account; the library reads its token again every minute."""
    kubernetes_config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    ca, configuration.ssl_ca_cert = configuration.ssl_ca_cert, None
    return Identity(ca=Path(ca).read_text(encoding="ascii") if ca else None)


async def _from_kubeconfig(configuration: Configuration, path: Path | None, context: str | None) -> Identity:
    config = load_kubeconfig((path,) if path else kubeconfig_paths())
    identity = take_identity(config, context)
    loader: Any = KubeConfigLoader(config, active_context=context)  # type: ignore[no-untyped-call]
    await loader.load_and_set(configuration)
    configuration.refresh_api_key_hook = _Reload(loader)  # type: ignore[assignment]
    certificate, key = configuration.cert_file, configuration.key_file
    if certificate and key:
        identity = _from_plugin(identity.ca, Path(certificate), Path(key))
        configuration.cert_file = configuration.key_file = None
    return identity


def _from_plugin(ca: str | None, certificate: Path, key: Path) -> Identity:
    """What a credential plugin handed out; the library has written it to files by now."""
    return Identity(ca, certificate.read_text(encoding="ascii"), Sealed(key.read_text(encoding="ascii")))


class _Reload:
    """Asks the kubeconfig's source of tokens (a plugin, a file, OIDC) again when the token is a minute old."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._read_at = time.monotonic()
        self._reading = asyncio.Lock()

    async def __call__(self, configuration: Configuration) -> None:
        if time.monotonic() - self._read_at < _TOKEN_SECONDS:
            return
        async with self._reading:
            if time.monotonic() - self._read_at >= _TOKEN_SECONDS:
                self._read_at = time.monotonic()
                try:
                    await self._loader.load_and_set(configuration)
                except (OSError, kubernetes_config.ConfigException) as error:
                    _logger.warning("the token of the kubeconfig cannot be read again: %s", error)
