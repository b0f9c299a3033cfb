"""Clients of the clouds over a handler instead of the network."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from caas_operator.cloud.auth import Headers, no_headers
from caas_operator.cloud.connect import Wire, connect
from caas_operator.cloud.endpoint import Endpoint
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.gcore.client import GcoreClient
from caas_operator.cloud.openai.client import SandboxClient
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.secret import Sealed
from tests.support.clock import FakeClock

TOKEN = "1234$a-permanent-token-of-many-characters"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Cloud:
    """Answers requests in turn, the last answer again and again, and keeps what was asked."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    observed: list[tuple[str, str]] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else _fresh(answer)

    def observe(self, operation: str, status: str, _seconds: float) -> None:
        self.observed.append((operation, status))

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


def _fresh(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def cloud(*answers: Answer) -> Cloud:
    return Cloud(list(answers))


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    """A JSON answer; `retry_after="3"` makes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        return httpx.Response(status, headers=named)
    return httpx.Response(status, json=body, headers=named)


def gcore_error(status: int, name: str, message: str, **more: Any) -> httpx.Response:
    return answer(status, {"exception_class": name, "message": message, "request_id": "4e3e-01", **more})


def openai_error(
    status: int, message: str, code: str | None = None, kind: str = "invalid_request_error"
) -> httpx.Response:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return answer(status, body, x_request_id="req_01")


def a_gcore(served: Cloud, clock: FakeClock | None = None, gate: Gate | None = None) -> GcoreClient:
    client = _connect(Endpoint(Vendor.GCORE, "https://gcore.test/"), served, clock, gate)
    assert isinstance(client, GcoreClient)
    return client


def an_openai(served: Cloud, clock: FakeClock | None = None, gate: Gate | None = None) -> SandboxClient:
    endpoint = Endpoint(Vendor.OPENAI, "https://openai.test/v1", organization="org-1", project="proj_1")
    client = _connect(endpoint, served, clock, gate)
    assert isinstance(client, SandboxClient)
    return client


def a_gateway(
    served: Cloud,
    headers: Mapping[str, str] | None = None,
    credential: Sealed | None = Sealed(TOKEN),  # noqa: B008 - immutable
    clock: FakeClock | None = None,
) -> SandboxClient:
    sealed = {name: Sealed(value) for name, value in (headers or {}).items()}
    endpoint = Endpoint(Vendor.GATEWAY, "https://gateway.test")
    client = _connect(endpoint, served, clock, None, credential=credential, headers=lambda: sealed)
    assert isinstance(client, SandboxClient)
    return client


def _connect(
    endpoint: Endpoint,
    served: Cloud,
    clock: FakeClock | None,
    gate: Gate | None,
    credential: Sealed | None = Sealed(TOKEN),  # noqa: B008 - immutable
    headers: Headers = no_headers,
) -> GcoreClient | SandboxClient:
    clock = clock or FakeClock()
    wire = Wire(clock, served.observe, httpx.MockTransport(served.handle))
    return connect(endpoint, lambda: credential, gate or Gate(clock, 1000.0, 1000), wire, headers)
