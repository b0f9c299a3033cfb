"""Which address `readinessCheck` asks, and where it asks none; what `exportTo` publishes."""

from typing import Any

import pytest

from caas_operator.core.model import External, Health
from caas_operator.core.ports import Kind
from tests.support.wanted import CONTAINER, DEPLOYMENT, SANDBOX

ADDRESS = "https://hello.example/"
AWAKE, ASLEEP = {"scale": {"min": 1}}, {"scale": {"min": 0}}


def found(address: str = ADDRESS, **wire: Any) -> External:
    return External(id="cntr_1", name="hello", health=Health.SERVING, wire=wire, endpoint=address)


def checked(kind: Kind, seen: External, check: dict[str, str] | None) -> str | None:
    """As asked by an object that only observes, whose spec is nothing else."""
    policy = {"managementPolicy": "ObserveOnly"} | ({} if check is None else {"readinessCheck": check})
    return kind.checked(kind.parse(policy), seen)


@pytest.mark.parametrize("kind", [CONTAINER, DEPLOYMENT], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("check", "address", "url"),
    [
        (None, ADDRESS, None),
        ({}, ADDRESS, "https://hello.example/"),
        ({"path": "/healthz?deep=1"}, ADDRESS, "https://hello.example/healthz?deep=1"),
        ({"path": "/healthz"}, "https://hello.example", "https://hello.example/healthz"),
        ({"path": "/healthz"}, "http://host.example/some/where/", "http://host.example/some/where/healthz"),
        ({"path": "/healthz"}, "", ""),
    ],
)
def test_the_path_is_put_behind_the_address(
    kind: Kind, check: dict[str, str] | None, address: str, url: str | None
) -> None:
    assert checked(kind, found(address, **AWAKE, containers=[AWAKE]), check) == url


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (CONTAINER, ASLEEP),
        (CONTAINER, AWAKE | {"is_api_key_auth": True}),
        (DEPLOYMENT, {"containers": [ASLEEP, ASLEEP]}),
        (DEPLOYMENT, {"containers": [AWAKE], "api_keys": ["key-1"]}),
        (DEPLOYMENT, {"containers": [AWAKE], "auth_enabled": True}),
    ],
)
def test_what_would_have_to_be_woken_or_wants_a_key_is_not_asked(kind: Kind, wire: dict[str, Any]) -> None:
    assert checked(kind, found(**wire), {"path": "/"}) is None


def test_one_region_that_is_awake_is_enough_to_ask() -> None:
    assert checked(DEPLOYMENT, found(containers=[ASLEEP, AWAKE]), {"path": "/"}) == ADDRESS


def test_the_address_is_published_and_of_a_sandbox_the_id() -> None:
    assert CONTAINER.exported(found()) == DEPLOYMENT.exported(found()) == ADDRESS
    assert SANDBOX.exported(found()) == "cntr_1"
    assert SANDBOX.checked(SANDBOX.parse({}), found()) is None
