"""Asking addresses whether they answer, over real connections to servers of the tests' own."""

import asyncio
import base64
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from caas_operator.cloud.prober import AddressProber, Ip, Lookup, is_public
from caas_operator.core.ports import Reply
from tests.support.tls import tls_front

LOOPBACK = AddressProber.allowing(["127.0.0.0/8"])
Write = Callable[[asyncio.StreamWriter], None]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass
class Server:
    """Answers every request by `write`; `heard` has the requests' heads, `lost` is set when a connection has ended."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(write: Write) -> AsyncIterator[Server]:
    shown = Server()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            shown.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
            write(writer)
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            shown.lost.set()
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    shown.port = server.sockets[0].getsockname()[1]
    try:
        yield shown
    finally:
        server.close()
        await server.wait_closed()


def answering(status: int, *headers: str, body: bytes = b"") -> Write:
    head = "\r\n".join((f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers))
    return lambda writer: writer.write(f"{head}\r\n\r\n".encode() + body)


@pytest.mark.parametrize(
    ("status", "alive"), [(200, True), (204, True), (302, True), (401, False), (404, False), (500, False), (503, False)]
)
async def test_two_and_three_hundreds_are_alive(status: int, alive: bool) -> None:  # noqa: FBT001 - a table
    async with serving(answering(status)) as server:
        assert await LOOPBACK.ask(f"{server.url}/up?deep=1") == Reply(alive, f"HTTP {status}")
    (head,) = server.heard
    assert head.startswith("GET /up?deep=1 HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head.lower()
    assert "authorization" not in head.lower()


async def test_a_redirect_is_alive_and_not_followed() -> None:
    async with serving(answering(200)) as other:
        async with serving(answering(307, f"location: http://localhost:{other.port}/")) as server:
            assert (await LOOPBACK.ask(server.url)).alive
        assert (len(server.heard), len(other.heard)) == (1, 0)


async def test_a_body_is_not_waited_for_and_the_connection_is_closed() -> None:
    """The server promises a body and sends none."""
    async with serving(lambda writer: writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 999999999\r\n\r\n")) as server:
        async with asyncio.timeout(LOOPBACK.seconds / 2):
            assert (await LOOPBACK.ask(server.url)).alive
            await server.lost.wait()


@pytest.mark.parametrize(
    "write",
    [
        lambda _: None,
        lambda writer: writer.write(b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda writer: writer.write(b"HTTP/1.1 200 X\r\nx: "),
    ],
    ids=["nothing", "only 100", "half a head"],
)
async def test_what_answers_slowly_is_given_up(write: Write) -> None:
    async with serving(write) as server:
        prober = AddressProber(LOOPBACK.networks, seconds=0.3)
        async with asyncio.timeout(20):
            assert await prober.ask(server.url) == Reply(alive=False, told="no answer (TimeoutError)")


async def test_an_endless_head_is_given_up() -> None:
    async with serving(lambda writer: writer.write(b"HTTP/1.1 200 X\r\nx: " + b"x" * 2_000_000)) as server:
        reply = await LOOPBACK.ask(server.url)
    assert not reply.alive


async def test_what_does_not_answer_or_is_no_http_is_not_alive() -> None:
    async with serving(lambda writer: writer.write(b"SSH-2.0-x\r\n")) as server:
        assert not (await LOOPBACK.ask(server.url)).alive
    refused = await LOOPBACK.ask(server.url)
    assert (refused.alive, refused.barred, refused.told) == (False, "", "no answer (ConnectError)")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{}", "http://localhost:{}", "http://[::ffff:127.0.0.1]:{}", "http://127.1:{}", "http://0:{}"],
)
async def test_nobody_may_be_asked_here_unless_the_setting_says_so(url: str) -> None:
    async with serving(answering(200)) as server:
        reply = await AddressProber().ask(url.format(server.port))
    assert (reply.alive, server.heard) == (False, [])
    assert reply.barred == "the address is not public and may not be asked (the operator's --readiness-check-networks)"


@pytest.mark.parametrize(
    "url", ["", "hello", "ftp://a.example/", "file:///etc/passwd", "http://", "http://u:p@127.0.0.1/", "http://[x]/"]
)
async def test_what_is_no_address_of_http_is_not_asked(url: str) -> None:
    reply = await LOOPBACK.ask(url)
    assert (reply.alive, reply.told) == (False, "not asked")


def looking_up(*answers: str) -> tuple[Lookup, list[str]]:
    """A resolver that says another thing each time, as that of a name which is rebound."""
    asked: list[str] = []

    async def lookup(name: str) -> list[Ip]:
        asked.append(name)
        return [ipaddress.ip_address(one) for one in answers[len(asked) - 1].split()]

    return lookup, asked


async def test_what_is_asked_is_the_address_that_was_checked() -> None:
    lookup, asked = looking_up("127.0.0.1", "10.0.0.1")
    async with serving(answering(200)) as server:
        prober = AddressProber(LOOPBACK.networks, lookup=lookup)
        assert (await prober.ask(f"http://App.example:{server.port}/")).alive
    assert asked == ["app.example"]
    assert f"host: app.example:{server.port}\r\n" in server.heard[0].lower()


async def test_of_many_addresses_those_that_may_not_be_asked_are_left_out_and_dead_ones_passed_over() -> None:
    lookup, _ = looking_up("10.0.0.1 127.0.0.2 127.0.0.1", "10.0.0.1 169.254.169.254")
    async with serving(answering(200)) as server:
        prober = AddressProber(LOOPBACK.networks, lookup=lookup)
        assert (await prober.ask(f"http://app.example:{server.port}/")).alive
        assert (await prober.ask(f"http://app.example:{server.port}/")).barred


async def test_a_certificate_is_checked_by_the_name_though_the_address_is_asked() -> None:
    lookup, _ = looking_up("127.0.0.1", "127.0.0.1")
    async with serving(answering(200)) as server:
        with tls_front(server.url) as front:
            trusted = base64.b64decode(front.ca_bundle).decode()
            prober = AddressProber(LOOPBACK.networks, lookup=lookup, ca_bundle=trusted)
            by_name = await prober.ask(front.url.replace("127.0.0.1", "app.example"))
            by_address = await prober.ask(front.url)
            untrusted = await LOOPBACK.ask(front.url)
    assert (by_name.alive, by_address.alive, untrusted.alive) == (False, True, False)


async def test_through_a_proxy_a_written_address_is_judged_and_a_name_is_the_proxys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(answering(200)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert (await AddressProber().ask("http://app.example/up")).alive
        assert (await AddressProber().ask("http://127.1/up")).barred
        assert (await AddressProber().ask("http://169.254.169.254/up")).barred
    (head,) = proxy.heard
    assert head.startswith("GET http://app.example/up ")


NOT_PUBLIC = """
0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1
255.255.255.255 168.63.129.16 :: ::1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::a00:1 64:ff9b:1::a00:1 2002:a00:1:: 2001:0:1::1
fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 2001:db8::1
"""
PUBLIC = "1.1.1.1 92.38.1.1 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::"


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_not_of_the_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["::1", "127.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"])
async def test_networks_are_allowed_in_either_form(address: str) -> None:
    lookup, _ = looking_up(address)
    prober = AddressProber.allowing(["::1/128", "127.0.0.0/8", "10.0.0.0/8"])
    asked = AddressProber(prober.networks, seconds=0.2, lookup=lookup)
    assert (await asked.ask("http://app.example:1/")).barred == ""
