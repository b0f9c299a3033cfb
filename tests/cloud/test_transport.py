import asyncio

import httpx
import pytest

from caas_operator.cloud.auth import Identity
from caas_operator.cloud.call import CREATE_TIMEOUT_SECONDS, Call, path_of
from caas_operator.cloud.connections import MAX_CONNECTIONS
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.answers import an_object
from caas_operator.cloud.transport import nothing
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import CloudError, Held, Rejected, Throttled, Unauthenticated, Unavailable
from caas_operator.core.secret import Sealed
from tests.support.clock import FakeClock
from tests.support.wire import Cloud, a_gcore, an_openai, answer, cloud, gcore_error

READ = Call("test.read", "GET", "/read")
WRITE = Call("test.write", "POST", "/write", body={"a": 1})


async def failure(served: Cloud, call: Call, clock: FakeClock | None = None) -> CloudError:
    with pytest.raises(CloudError) as caught:
        await a_gcore(served, clock).transport.call(call, an_object)
    return caught.value


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
        answer(429, None, retry_after="3"),
        answer(500, None),
        answer(503, None, retry_after="3"),
        gcore_error(409, "ConflictError", "exists"),
        httpx.Response(200, content=b"<html>"),
    ],
    ids=repr,
)
async def test_a_mutation_is_sent_once_whatever_happens(broken: httpx.Response | Exception) -> None:
    served = cloud(broken, answer(200, {"late": "success"}))
    await failure(served, WRITE)
    assert len(served.requests) == 1


@pytest.mark.parametrize("broken", [httpx.ReadError("x"), httpx.RemoteProtocolError("x"), httpx.WriteError("x")])
async def test_reading_is_tried_once_more_when_the_connection_breaks(broken: Exception) -> None:
    served = cloud(broken, answer(200, {"a": 1}))
    assert await a_gcore(served).transport.call(READ, an_object) == {"a": 1}

    served = cloud(broken)
    assert (await failure(served, READ)).message == "the connection broke before the answer"
    assert len(served.requests) == 2


@pytest.mark.parametrize(
    "broken", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), answer(500), answer(429)], ids=repr
)
async def test_reading_is_not_tried_again_for_other_reasons(broken: httpx.Response | Exception) -> None:
    served = cloud(broken)
    await failure(served, READ)
    assert len(served.requests) == 1


@pytest.mark.parametrize("content", [b"<html>", b"", b"[1]", b"\xff", b'{"a":', b"[" * 100_000])
async def test_a_success_that_cannot_be_read_may_have_changed_something(content: bytes) -> None:
    error = await failure(cloud(httpx.Response(200, content=content)), WRITE)
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    assert error.message.startswith("the cloud's answer cannot be read: it is not ")


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}"])
async def test_an_answer_that_only_needs_a_status_may_say_anything(content: bytes) -> None:
    served = cloud(httpx.Response(200, content=content))
    await a_gcore(served).transport.call(Call("test.delete", "DELETE", "/x"), nothing)


async def test_a_redirect_is_not_followed() -> None:
    served = cloud(answer(307, None, location="https://elsewhere.test/"))
    error = await failure(served, WRITE)
    assert len(served.requests) == 1
    assert "redirects" in error.message
    assert "elsewhere" not in error.message


async def test_an_answer_without_end_is_cut() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - an async generator
            while True:
                yield b"x" * 10_000_000

    served = cloud(lambda _: httpx.Response(200, stream=Endless()))
    assert (await failure(served, READ)).message == "the cloud's answer cannot be decoded"


async def test_an_exchange_that_takes_too_long_as_a_whole_is_given_up() -> None:
    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - an async generator
            while True:
                yield b" "
                await asyncio.sleep(0.01)

    served = cloud(lambda _: httpx.Response(200, stream=Slow()))
    error = await failure(served, Call("test.create", "POST", "/x", body={}, seconds=0.1))
    assert error.message == "no answer in time"
    assert error.ambiguous


async def test_creates_are_bounded_by_the_time_that_others_count_on(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[float | None] = []
    timeout = asyncio.timeout

    def spy(seconds: float | None) -> asyncio.Timeout:
        bounds.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr(asyncio, "timeout", spy)
    gcore = a_gcore(cloud(answer(200, {"tasks": ["1"]})))
    await gcore.caas.create(1, 2, {})
    await gcore.inference.create(1, {})
    await an_openai(cloud(answer(200, {"id": "cntr_1"}))).sandboxes.create({})
    assert bounds == [CREATE_TIMEOUT_SECONDS] * 3


async def test_the_credential_is_read_anew_for_each_call() -> None:
    served = cloud(answer(200, {}))
    client = a_gcore(served)
    tokens = iter(("1$old", "2$new"))
    client.transport.identity = Identity(Vendor.GCORE, lambda: Sealed(next(tokens)))
    for _ in range(2):
        await client.transport.call(READ, an_object)
    assert [request.headers["authorization"] for request in served.requests] == ["APIKey 1$old", "APIKey 2$new"]


async def test_the_clouds_clock_is_followed_by_its_date() -> None:
    clock = FakeClock()  # 2027-01-15T08:00:00Z
    served = cloud(answer(200, {}, date="Fri, 15 Jan 2027 07:58:30 GMT"))
    client = a_gcore(served, clock)
    assert client.transport.clock_skew == 0
    await client.transport.call(READ, an_object)
    assert client.transport.clock_skew == -90


async def test_each_exchange_is_measured_once_with_its_status() -> None:
    served = cloud(httpx.ReadError("x"), answer(200, {}), answer(429), httpx.ConnectError("x"))
    client = a_gcore(served)
    await client.transport.call(READ, an_object)
    with pytest.raises(Throttled):
        await client.transport.call(WRITE, an_object)
    client = a_gcore(served)
    with pytest.raises(Unavailable):
        await client.transport.call(WRITE, an_object)
    assert served.observed == [
        ("test.read", "connection-broken"),
        ("test.read", "200"),
        ("test.write", "429"),
        ("test.write", "cannot-connect"),
    ]


async def test_a_429_freezes_the_gate_in_front_of_all_calls() -> None:
    clock = FakeClock()
    gate = Gate(clock, 100.0, 100)
    served = cloud(answer(429, None, retry_after="30"), answer(200, {"tasks": []}))
    client = a_gcore(served, clock, gate)
    with pytest.raises(Throttled):
        await client.caas.create(1, 2, {})
    with pytest.raises(Held):
        await client.caas.delete(1, 2, "web")
    assert len(served.requests) == 1
    await clock.advance(30)
    await client.caas.delete(1, 2, "web")


async def test_a_401_anywhere_stops_all_calls_until_a_probe_finds_the_credential_good() -> None:
    served = cloud(gcore_error(401, "token_not_valid", "no"), gcore_error(401, "token_not_valid", "no"))
    served.answers.append(answer(200, {"count": 0, "results": []}))
    client = a_gcore(served)
    with pytest.raises(Unauthenticated):
        await client.caas.patch(1, 2, "web", {})
    with pytest.raises(Held):
        await client.inference.list(1)
    with pytest.raises(Unauthenticated):
        await client.check()
    await client.check()
    assert await client.inference.list(1) == ()
    assert len(served.requests) == 4


async def test_a_process_that_loses_the_lead_while_it_waits_for_a_connection_sends_nothing() -> None:
    leading = True
    arrived = asyncio.Event()
    release = asyncio.Event()
    posts = 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal posts
        posts += 1
        if posts == MAX_CONNECTIONS:
            arrived.set()
        await release.wait()
        return answer(200, {"tasks": []})

    clock = FakeClock()
    client = a_gcore(cloud(), clock, Gate(clock, 1000.0, 1000, leading=lambda: leading))
    client.transport._connections._make = lambda: httpx.MockTransport(slow)
    calls = [asyncio.create_task(client.caas.create(1, 2, {})) for _ in range(MAX_CONNECTIONS + 5)]
    await asyncio.wait_for(arrived.wait(), 5)
    leading = False
    release.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results[MAX_CONNECTIONS:]] == [Held] * 5
    assert posts == MAX_CONNECTIONS


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_name_that_would_lead_elsewhere_is_not_sent(name: str) -> None:
    served = cloud(answer(200, {"tasks": []}))
    with pytest.raises(Rejected) as caught:
        await a_gcore(served).caas.delete(1, 2, name)
    assert not caught.value.ambiguous
    assert served.requests == []


def test_a_segment_of_a_path_stays_one_segment() -> None:
    assert path_of("a/b", "c?d=e#f", 7, "é") == "/a%2Fb/c%3Fd%3De%23f/7/%C3%A9"


@pytest.mark.parametrize("token", ["", "  \n", "two\nlines", "caf\u00e9"])
async def test_a_credential_that_cannot_be_sent_opens_the_breaker_and_nothing_is_sent(token: str) -> None:
    served = cloud(answer(200, {}))
    client = a_gcore(served)
    client.transport.identity = Identity(Vendor.GCORE, lambda: Sealed(token))
    with pytest.raises(Unauthenticated) as caught:
        await client.transport.call(READ, an_object)
    assert "caf" not in str(caught.value)
    assert served.requests == []
    assert client.gate.blocked() is not None


async def test_the_newline_at_the_end_of_a_secrets_file_is_left_out() -> None:
    served = cloud(answer(200, {"data": [], "has_more": False}))
    client = an_openai(served)
    client.transport.identity = Identity(Vendor.OPENAI, lambda: Sealed("sk-1\n"))
    await client.check()
    assert served.last.headers["authorization"] == "Bearer sk-1"
