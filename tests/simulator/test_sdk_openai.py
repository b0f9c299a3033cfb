"""OpenAI's own SDK as a judge, its types checked strictly; direct and, as far as it can, through the gateway."""

from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.support.simulator import Simulator


def client(url: str, key: str) -> OpenAI:
    return OpenAI(api_key=key, base_url=url, max_retries=0, _strict_response_validation=True)


@pytest.fixture
def sdk(simulator: Simulator) -> Iterator[OpenAI]:
    with client(simulator.urls.openai, simulator.keys.openai) as made:
        yield made


@pytest.fixture
def gateway_sdk(simulator: Simulator) -> Iterator[OpenAI]:
    with client(f"{simulator.urls.gateway}/openai/v1", simulator.keys.gateway) as made:
        yield made


def test_a_container_is_created_read_and_deleted(sdk: OpenAI) -> None:
    made = sdk.containers.create(
        name="box",
        expires_after={"anchor": "last_active_at", "minutes": 5},
        memory_limit="4g",
        network_policy={"type": "allowlist", "allowed_domains": ["example.com"]},
        skills=[{"type": "skill_reference", "skill_id": "skill_1"}],
    )
    assert made.expires_after is not None
    assert (made.expires_after.minutes, made.memory_limit, made.status) == (5, "4g", "running")
    assert made.network_policy is not None
    assert made.network_policy.allowed_domains == ["example.com"]
    assert sdk.containers.retrieve(made.id).id == made.id
    sdk.containers.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        sdk.containers.retrieve(made.id)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_sdk_pages_through_all(sdk: OpenAI, order: str) -> None:
    made = [sdk.containers.create(name=f"box-{n}").id for n in range(7)]
    found = [item.id for item in sdk.containers.list(limit=3, order=order)]  # type: ignore[arg-type]  # a literal
    assert found == (made if order == "asc" else made[::-1])


def test_the_name_filter_of_the_sdk_works(sdk: OpenAI) -> None:
    wanted = sdk.containers.create(name="box").id
    sdk.containers.create(name="other")
    assert [item.id for item in sdk.containers.list(name="box")] == [wanted]


def test_files_are_uploaded_listed_read_and_deleted(sdk: OpenAI) -> None:
    box = sdk.containers.create(name="box").id
    sent = sdk.containers.files.create(box, file=("in.txt", b"hello"))
    assert (sent.path, sent.bytes, sent.source) == ("/mnt/data/in.txt", 5, "user")
    copied = sdk.containers.files.create(box, file_id="file-1")
    assert {item.id for item in sdk.containers.files.list(box, limit=1)} == {sent.id, copied.id}
    assert sdk.containers.files.retrieve(sent.id, container_id=box).id == sent.id
    assert sdk.containers.files.content.retrieve(sent.id, container_id=box).read() == b"hello"
    sdk.containers.files.delete(sent.id, container_id=box)
    with pytest.raises(openai.NotFoundError):
        sdk.containers.files.retrieve(sent.id, container_id=box)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (503, openai.InternalServerError),
    ],
)
def test_refusals_are_the_sdks_error_classes(
    simulator: Simulator, sdk: OpenAI, status: int, error: type[openai.APIStatusError]
) -> None:
    simulator.fault("openai.containers.list", "respond", status=status)
    with pytest.raises(error) as caught:
        sdk.containers.list()
    assert caught.value.request_id
    assert caught.value.message


def test_too_many_minutes_carry_the_observed_code(sdk: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.containers.create(name="a", expires_after={"anchor": "last_active_at", "minutes": 21})
    assert (caught.value.code, caught.value.param) == ("integer_above_max_value", "expires_after.minutes")


def test_the_sdk_makes_a_second_sandbox_when_the_first_answer_is_lost(simulator: Simulator, sdk: OpenAI) -> None:
    simulator.fault("openai.containers.create", "do_then_drop", count=1)
    sdk.with_options(max_retries=1).containers.create(name="box")
    assert simulator.counters().created == {"openai": 2}


def test_the_gateways_replies_pass_the_sdks_types(gateway_sdk: OpenAI) -> None:
    made = gateway_sdk.containers.create(name="box", extra_body={"provider": "openai"})
    assert gateway_sdk.containers.retrieve(made.id).status == "running"
    assert [item.id for item in gateway_sdk.containers.list().data] == [made.id]
    sent = gateway_sdk.containers.files.create(made.id, file=("in.txt", b"hello"))
    assert sent.path == "/mnt/data/file"
    gateway_sdk.containers.delete(made.id)


def test_the_sdk_cannot_page_through_the_gateway(gateway_sdk: OpenAI) -> None:
    for _ in range(3):
        gateway_sdk.containers.create(name="box")
    with pytest.raises(openai.InternalServerError, match="invalid pagination cursor"):
        list(gateway_sdk.containers.list(limit=2))
