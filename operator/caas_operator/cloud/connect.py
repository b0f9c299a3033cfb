"""From an account to a client."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from caas_operator.cloud.auth import Credential, Headers, Identity, no_headers
from caas_operator.cloud.connections import Connection, Connections, connection_maker, trust
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.openai.client import SandboxClient
from caas_operator.cloud.transport import Observe, Transport, observe_nothing
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.ports import Clock

Client = GcoreClient | SandboxClient


@dataclass(frozen=True, slots=True)
class Wire:
    """What all accounts share. `http` takes the place of the network in tests."""

    clock: Clock
    observe: Observe = observe_nothing
    http: Connection | None = None


def connect(
    endpoint: Endpoint, credential: Credential, gate: Gate, wire: Wire, headers: Headers = no_headers
) -> Client:
    """The client of an account; nothing is sent yet.

    Raises InvalidSpec for an endpoint or a caBundle that cannot be used. `credential` and `headers` are asked
    at each call, so a rotated Secret needs no new client, only `gate.close()`.
    """
    transport = _transport(endpoint, credential, gate, wire, headers)
    if endpoint.vendor is Vendor.GCORE:
        return GcoreClient.over(transport)
    return SandboxClient.over(transport)


def _transport(endpoint: Endpoint, credential: Credential, gate: Gate, wire: Wire, headers: Headers) -> Transport:
    identity = Identity(endpoint.vendor, credential, headers, endpoint.organization, endpoint.project)
    connections = Connections(_maker(endpoint, wire.http))
    return Transport(endpoint.base, identity, gate, wire.clock, connections, wire.observe)


def _maker(endpoint: Endpoint, http: Connection | None) -> Callable[[], Connection]:
    url, trusted = _url(endpoint), _trust(endpoint)
    if http is not None:
        return lambda: http
    try:
        return connection_maker(url, trusted)
    except ValueError:
        raise InvalidSpec(
            f"spec.{endpoint.vendor}.endpoint", "cannot be reached through the proxy that is set"
        ) from None


def _url(endpoint: Endpoint) -> httpx.URL:
    field = f"spec.{endpoint.vendor}.endpoint"
    if not endpoint.base:
        raise InvalidSpec(field, "is required")
    try:
        url = httpx.URL(endpoint.base)
    except httpx.InvalidURL:
        raise InvalidSpec(field, "is not an address") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise InvalidSpec(field, "must be http(s)://host[:port][/path] and nothing more")
    return url


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    try:
        return trust(endpoint.ca_bundle)
    except (ssl.SSLError, ValueError):
        raise InvalidSpec("spec.caBundle", "holds no certificate in PEM form") from None
