import httpcore
import httpx
import pytest

from caas_operator.cloud.connect import Wire, connect
from caas_operator.cloud.connections import connection_maker, trust
from caas_operator.cloud.endpoint import DEFAULT_HOSTS, Endpoint, allowed_endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.secret import Sealed
from tests.support.clock import FakeClock
from tests.support.wire import answer, cloud


async def called(endpoint: Endpoint) -> str:
    """The address of the probe that an account's client makes."""
    clock = FakeClock()
    served = cloud(answer(200, {"count": 0, "results": [], "data": []}))
    wire = Wire(clock, http=httpx.MockTransport(served.handle))
    client = connect(endpoint, lambda: Sealed("t"), Gate(clock, 10.0, 10), wire)
    await client.check()
    await client.aclose()
    return str(served.last.url.copy_with(query=None))


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        (Endpoint(Vendor.GCORE), "https://api.gcore.com/cloud/v1/projects"),
        (Endpoint(Vendor.OPENAI), "https://api.openai.com/v1/containers"),
        (Endpoint(Vendor.GCORE, "https://x.test"), "https://x.test/cloud/v1/projects"),
        (Endpoint(Vendor.GCORE, "https://x.test/"), "https://x.test/cloud/v1/projects"),
        (Endpoint(Vendor.OPENAI, "https://x.test:8443/v1/"), "https://x.test:8443/v1/containers"),
        (Endpoint(Vendor.GATEWAY, "http://bifrost:8080/"), "http://bifrost:8080/openai/v1/containers"),
        (Endpoint(Vendor.GATEWAY, "https://x.test/team/ai"), "https://x.test/team/ai/openai/v1/containers"),
    ],
)
async def test_an_endpoint_is_what_the_clouds_own_clients_take(endpoint: Endpoint, address: str) -> None:
    assert await called(endpoint) == address


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint(Vendor.GATEWAY),
        Endpoint(Vendor.GCORE, "api.gcore.com"),
        Endpoint(Vendor.GCORE, "ftp://api.gcore.com"),
        Endpoint(Vendor.GCORE, "https://"),
        Endpoint(Vendor.GCORE, "https://user:pass@x.test"),
        Endpoint(Vendor.GCORE, "https://x.test?a=b"),
        Endpoint(Vendor.GCORE, "https://x.test:notaport"),
    ],
)
def test_an_endpoint_that_cannot_be_called_is_refused_by_its_field(endpoint: Endpoint) -> None:
    clock = FakeClock()
    with pytest.raises(InvalidSpec) as caught:
        connect(endpoint, lambda: None, Gate(clock, 1.0, 1), Wire(clock))
    assert caught.value.field == f"spec.{endpoint.vendor}.endpoint"
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("bundle", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_bundle_that_is_none_is_refused(bundle: str) -> None:
    clock = FakeClock()
    with pytest.raises(InvalidSpec) as caught:
        connect(Endpoint(Vendor.GCORE, ca_bundle=bundle), lambda: None, Gate(clock, 1.0, 1), Wire(clock))
    assert caught.value.field == "spec.caBundle"


def test_certificates_are_read_once() -> None:
    assert trust() is trust()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.gcore.com", True),
        ("https://API.gcore.com/", True),
        ("https://api.gcore.com.", True),
        ("https://api.gcore.com:443/x", True),
        ("https://api.openai.com/v1", True),
        ("https://ai.corp.test:8443", True),
        ("https://ai.corp.test", False),
        ("https://api.gcore.com:8443", False),
        ("http://api.gcore.com", False),
        ("https://evil.test", False),
        ("https://api.gcore.com.evil.test", False),
        ("https://api.gcore.com@evil.test", False),
        ("https://evil.test#api.gcore.com", False),
        ("https://evil.test\\@api.gcore.com", False),
        ("https://api.gcore.com\\@evil.test", False),
        ("https://evil.test\n.api.gcore.com", False),
        ("https://user@api.gcore.com", False),
        ("https://api.gcore.com?x", False),
        ("https://10.0.0.1", False),
        ("https://[::1]", False),
        ("//api.gcore.com", False),
        ("", False),
    ],
)
def test_a_tenant_may_name_only_hosts_that_are_allowed(url: str, *, allowed: bool) -> None:
    reason = allowed_endpoint(url, DEFAULT_HOSTS | {"ai.corp.test:8443"})
    assert (reason is None) is allowed, reason


@pytest.mark.parametrize(
    ("environment", "url", "proxied"),
    [
        ({"HTTPS_PROXY": "http://proxy.test:3128"}, "https://api.gcore.com", True),
        ({"HTTPS_PROXY": "http://proxy.test:3128"}, "http://gateway.test", False),
        ({"HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": ".gcore.com"}, "https://api.gcore.com", False),
        ({}, "https://api.gcore.com", False),
    ],
)
def test_a_proxy_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, *, proxied: bool
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = connection_maker(httpx.URL(url), trust())()
    assert isinstance(made, httpx.AsyncHTTPTransport)
    assert isinstance(made._pool, httpcore.AsyncHTTPProxy) is proxied


def test_a_proxy_that_is_not_served_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.test")
    monkeypatch.setenv("NO_PROXY", "")
    clock = FakeClock()
    with pytest.raises(InvalidSpec):
        connect(Endpoint(Vendor.GCORE), lambda: None, Gate(clock, 1.0, 1), Wire(clock))
