"""Asks public addresses of containers whether they answer, and is not to be talked into asking anything else.

The address comes from the cloud and the path from the user, so that neither may lead into the operator's own network:
a name is looked up first, and what is then asked is the address that was checked. No redirect is followed, no
credential is sent, and of an answer only the status is read.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

import httpx

from caas_operator.cloud.connections import Connection, connection_maker, proxy_of, trust
from caas_operator.core.ports import Reply

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
Lookup = Callable[[str], Awaitable[list[Ip]]]
"""From a name to its addresses. Raises OSError and ValueError."""

_TRIED = 3
"""How many addresses of a name are tried."""
_HEADERS = {"accept": "*/*", "user-agent": f"caas-operator/{version('caas-operator')}"}
_EXTENSIONS = {"timeout": {"connect": CONNECT_SECONDS}}
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Azure's machines reach their own platform there; the other clouds use link-local addresses."""
_NOT_PUBLIC = "is not public and may not be asked (the operator's --readiness-check-networks)"


def is_public(address: Ip) -> bool:
    """Whether an address is one of the internet, by itself and by any IPv4 address inside it."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address.teredo is not None):
        return False
    return address.is_global and not address.is_multicast and address not in _METADATA


def _inner(address: Ip) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in (*_NAT64, _COMPATIBLE)):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def system_lookup(name: str) -> list[Ip]:
    """As the system has it, in its order."""
    return _addresses(await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM))


@dataclass(frozen=True)
class AddressProber:
    """`core.ports.Prober`. `networks` may be asked although they are not public; `seconds` are for one try, all in all.

    `lookup` and `ca_bundle` (PEM) take the place of the system's in tests.
    """

    networks: tuple[Network, ...] = ()
    seconds: float = TOTAL_SECONDS
    lookup: Lookup = system_lookup
    ca_bundle: str = ""

    @classmethod
    def allowing(cls, networks: Iterable[str]) -> Self:
        """As in `10.20.0.0/16`. Raises ValueError."""
        return cls(tuple(ipaddress.ip_network(network) for network in networks))

    async def ask(self, url: str) -> Reply:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL:
            return _barred("is not an address")
        if address.scheme not in ("http", "https") or not address.host or address.userinfo:
            return _barred("is not an address of http or https")
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(address)
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
            # What it says may quote the answer.
            return Reply(alive=False, told=f"no answer ({type(error).__name__})")

    async def _ask(self, url: httpx.URL) -> Reply:
        if proxy_of(url) is not None:
            return await self._through_proxy(url)
        allowed = [one for one in await self.lookup(url.raw_host.decode("ascii")) if self._may_be_asked(one)]
        if not allowed:
            return _barred(_NOT_PUBLIC)
        failure: Exception = OSError()
        for ip in allowed[:_TRIED]:
            try:
                return await _exchange(self._direct(), url, ip)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    def _direct(self) -> Connection:
        return httpx.AsyncHTTPTransport(verify=trust(self.ca_bundle), trust_env=False)

    async def _through_proxy(self, url: httpx.URL) -> Reply:
        """Names are looked up where the proxy is, which has its own say; written addresses are ours to judge."""
        ip = _written(url.host)
        if ip is not None and not self._may_be_asked(ip):
            return _barred(_NOT_PUBLIC)
        return await _exchange(connection_maker(url, trust())(), url, None)

    def _may_be_asked(self, address: Ip) -> bool:
        forms = {address, _inner(address) or address}
        return is_public(address) or any(form in network for network in self.networks for form in forms)


def _barred(why: str) -> Reply:
    return Reply(alive=False, told="not asked", barred=f"the address {why}")


def _written(host: str) -> Ip | None:
    """The address that a host is in itself, in any of the spellings that the system takes (`127.1`)."""
    try:
        return _addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))[0]
    except (OSError, ValueError):
        return None


def _addresses(found: Iterable[tuple[object, object, object, str, tuple[object, ...]]]) -> list[Ip]:
    return [ipaddress.ip_address(str(address[0])) for *_, address in found]


async def _exchange(connection: Connection, url: httpx.URL, ip: Ip | None) -> Reply:
    """One GET, to `ip` where it is given; its TLS and its Host header go by the name all the same."""
    address = url if ip is None else url.copy_with(host=str(ip))
    headers = {**_HEADERS, "host": url.netloc.decode("ascii")}
    extensions = {**_EXTENSIONS, "sni_hostname": url.raw_host.decode("ascii")}
    try:
        answer = await connection.handle_async_request(
            httpx.Request("GET", address, headers=headers, extensions=extensions)
        )
        await answer.aclose()
    finally:
        await connection.aclose()
    return Reply(alive=200 <= answer.status_code < 400, told=f"HTTP {answer.status_code}")
