"""Tables: what each answer and each failure becomes."""

import socket
import ssl
from typing import Any

import httpx
import pytest

from caas_operator.cloud.errors import Answer, translate_answer, translate_exception
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import (
    CloudError,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
    Rejected,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from caas_operator.core.quota import quota_text

GCORE, OPENAI, GATEWAY = Vendor.GCORE, Vendor.OPENAI, Vendor.GATEWAY
JSON = dict[str, Any]


def gcore(name: str, message: str, **more: Any) -> JSON:
    return {"exception_class": name, "message": message, "request_id": "4e3e-01", **more}


def openai(message: str, code: str | None = None, kind: str = "invalid_request_error") -> JSON:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def gateway(message: str, kind: str | None = None, code: str | None = None, **more: Any) -> JSON:
    extra = {"provider": "openai", "raw_request": {"value": "hidden"}}
    error = {"message": message, "code": code}
    return {"type": kind, "is_bifrost_error": False, "error": error, "extra_fields": extra, **more}


def translated(
    vendor: Vendor, status: int, body: Any, method: str = "POST", headers: dict[str, str] | None = None
) -> CloudError:
    named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    error = translate_answer(Answer(method, status, named, body, received_at=1000.0), vendor, ())
    assert error is not None
    return error


ANSWERS: dict[str, tuple[Vendor, int, Any, type[CloudError], str, str, bool]] = {
    # vendor, HTTP status, body -> class, code, message, ambiguous (for a POST)
    "a refused field is named": (
        GCORE, 400, gcore("ValidationError", "Invalid request", invalid_fields={"scale.max": ["Field required"]}),
        Rejected, "ValidationError", "Invalid request: scale.max: Field required", False),
    "several refused fields are all named": (
        GCORE, 400, gcore("ValidationError", "", invalid_fields={"name": ["too long", "bad"], "image": ["required"]}),
        Rejected, "ValidationError", "name: too long, bad; image: required", False),
    "an error class alone stands for a message": (
        GCORE, 400, {"exception_class": "BadRequest"}, Rejected, "BadRequest", "BadRequest", False),
    "a 422 is a refusal": (GCORE, 422, gcore("Unprocessable", "no"), Rejected, "Unprocessable", "no", False),
    "a token's text is not repeated": (
        GCORE, 401, gcore("token_not_valid", "Bad permanent token: 12$ab"),
        Unauthenticated, "token_not_valid", "the credential is not accepted (token_not_valid)", False),
    "a 401 of another layer": (
        GCORE, 401, {"detail": "who?"}, Unauthenticated, "", "the credential is not accepted", False),
    "no capacity is a 403": (
        GCORE, 403, gcore("ForbiddenError", "The region 6 has reached the limit of flavor x"),
        QuotaExceeded, "ForbiddenError", "The region 6 has reached the limit of flavor x", False),
    "not found": (GCORE, 404, gcore("NotFoundError", "keypair not found"),
                  NotFound, "NotFoundError", "keypair not found", False),
    "a name called quota is not a quota": (GCORE, 404, gcore("NotFoundError", "quota exceeded-1 not found"),
                                           NotFound, "NotFoundError", "quota exceeded-1 not found", False),
    "a conflict may be our own success": (GCORE, 409, gcore("ConflictError", "exists"),
                                          Conflict, "ConflictError", "exists", True),
    "quota by class, as a 400": (GCORE, 400, gcore("QuotaLimitExceed", "too much"),
                                 QuotaExceeded, "QuotaLimitExceed", "too much", False),
    "quota by class, as a 409": (GCORE, 409, gcore("QuotaLimitExceed", "too much"),
                                 QuotaExceeded, "QuotaLimitExceed", "too much", False),
    "quota by text, as a 403": (
        GCORE, 403, gcore("ForbiddenError", "Quota limit for caas_container_count exceeded by 1"),
        QuotaExceeded, "ForbiddenError", "Quota limit for caas_container_count exceeded by 1", False),
    "a 429": (GCORE, 429, gcore("RateLimit", "try again in 3.2 s"),
              Throttled, "RateLimit", "too many requests (RateLimit)", False),
    "a 429 without a body": (GCORE, 429, None, Throttled, "", "too many requests", False),
    "a 500": (GCORE, 500, gcore("InternalError", "oops"), Unavailable, "InternalError", "oops", True),
    "a 502 of some proxy": (GCORE, 502, "<html>", Unavailable, "", "HTTP 502 without a readable error", True),
    "a foreign error body is not repeated": (
        GCORE, 400, {"kind": "Status", "message": "secrets is forbidden"},
        Rejected, "", "HTTP 400 without a readable error", False),
    "a redirect": (
        GCORE, 302, None, Unavailable, "",
        "HTTP 302: the endpoint redirects, which is not followed; check the account's endpoint", True),
    "a proxy's 407": (GCORE, 407, None, Unavailable, "", "HTTP 407 without a readable error", False),
    "a request id inside the message is left out": (
        GCORE, 500, gcore("InternalError", "please quote 4e3e-01 when you ask"),
        Unavailable, "InternalError", "please quote … when you ask", True),
    "a value out of bounds": (
        OPENAI, 400, openai("Expected at most 20.", "integer_above_max_value"),
        Rejected, "integer_above_max_value", "Expected at most 20.", False),
    "a type stands for an absent code": (OPENAI, 400, openai("no"), Rejected, "invalid_request_error", "no", False),
    "a rate limit": (OPENAI, 429, openai("Rate limit reached", "rate_limit_exceeded"),
                     Throttled, "rate_limit_exceeded", "too many requests (rate_limit_exceeded)", False),
    "a quota that is used up answers 429": (
        OPENAI, 429, openai("You exceeded your current quota", "insufficient_quota"),
        QuotaExceeded, "insufficient_quota", "You exceeded your current quota", False),
    "a quota by its type": (OPENAI, 429, openai("no money", None, "insufficient_quota"),
                            QuotaExceeded, "insufficient_quota", "no money", False),
    "payment required": (OPENAI, 402, None, QuotaExceeded, "", "HTTP 402 without a readable error", False),
    "overloaded": (OPENAI, 503, openai("overloaded", None, "server_error"),
                   Unavailable, "server_error", "overloaded", True),
    "a virtual key is required": (
        GATEWAY, 401, gateway("need a key", "virtual_key_required"),
        Unauthenticated, "virtual_key_required", "the credential is not accepted (virtual_key_required)", False),
    "a virtual key that gives no access": (
        GATEWAY, 403, gateway("The key is blocked", "access_blocked"),
        Unauthenticated, "access_blocked", "the credential is not accepted (access_blocked)", False),
    "a budget is spent": (GATEWAY, 402, gateway("budget", "budget_exceeded"),
                          QuotaExceeded, "budget_exceeded", "budget", False),
    "a provider is blocked": (GATEWAY, 403, gateway("blocked", "provider_blocked"),
                              Forbidden, "provider_blocked", "blocked", False),
    "a provider cannot list": (GATEWAY, 400, gateway("no list", None, "unsupported_operation"),
                               Rejected, "unsupported_operation", "no list", False),
    "a gateway's 429 may hide a success": (GATEWAY, 429, gateway("slow", "rate_limited"),
                                           Throttled, "rate_limited", "too many requests (rate_limited)", True),
    "a gateway's 504 may hide a success": (GATEWAY, 504, gateway("timeout", "request_timeout"),
                                           Unavailable, "request_timeout", "timeout", True),
    "a gateway's 499 may hide a success": (GATEWAY, 499, gateway("cancelled"), Unavailable, "", "cancelled", True),
    "an error inside a 200 says its own status": (GATEWAY, 200, gateway("gone", status_code=404),
                                                  NotFound, "", "gone", False),
    "an error inside a 200 without a status": (GATEWAY, 200, gateway("bad"), Rejected, "", "bad", False),
    "a gateway's own error inside a 200": (GATEWAY, 200, gateway("oops", is_bifrost_error=True),
                                           Unavailable, "", "oops", True),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_becomes_an_error(case: tuple[Vendor, int, Any, type[CloudError], str, str, bool]) -> None:
    vendor, status, body, kind, code, message, ambiguous = case
    error = translated(vendor, status, body)
    assert (type(error), error.code, error.message, error.ambiguous) == (kind, code, message, ambiguous)
    assert str(error) == message


@pytest.mark.parametrize("status", [302, 409, 429, 500, 503, 504])
@pytest.mark.parametrize("vendor", list(Vendor))
def test_reading_changes_nothing_so_its_failure_is_never_ambiguous(vendor: Vendor, status: int) -> None:
    assert not translated(vendor, status, None, method="GET").ambiguous


@pytest.mark.parametrize("body", [{"tasks": []}, {"error": None, "state": "NEW"}, {"message": "hello"}, [], None])
@pytest.mark.parametrize("vendor", list(Vendor))
def test_a_success_is_no_error(vendor: Vendor, body: Any) -> None:
    assert translate_answer(Answer("POST", 200, {}, body), vendor, ()) is None


def test_a_task_that_failed_is_no_failed_call() -> None:
    assert translate_answer(Answer("GET", 200, {}, {"error": {"message": "x"}}), GCORE, ()) is None


def test_the_request_id_comes_from_the_body_or_from_the_header() -> None:
    assert translated(GCORE, 404, gcore("NotFoundError", "x")).request_id == "4e3e-01"
    assert translated(OPENAI, 404, openai("x"), headers={"x_request_id": "req_9"}).request_id == "req_9"
    assert translated(OPENAI, 404, openai("x")).request_id == ""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 120 "}, 120.0),
        ({"retry_after_ms": "1500", "retry_after": "7"}, 1.5),
        ({"retry_after": "Thu, 01 Jan 1970 00:17:10 GMT"}, 30.0),  # received at 1000
        ({"retry_after": "Fri, 15 Jan 2027 08:01:30 GMT", "date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 90.0),
        ({"retry_after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "9" * 400}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert translated(GCORE, 429, None, headers=headers).retry_after == seconds
    assert translated(OPENAI, 503, None, headers=headers).retry_after == seconds


def test_a_gateway_says_in_its_body_how_long_to_wait() -> None:
    body = gateway("slow", "rate_limited") | {"extra_fields": {"retry_after_ms": 2500}}
    assert translated(GATEWAY, 429, body).retry_after == 2.5


def test_retry_after_counts_only_where_the_cloud_is_too_busy() -> None:
    assert translated(GCORE, 400, None, headers={"retry_after": "9"}).retry_after is None


@pytest.mark.parametrize(
    "text",
    [
        "Quota limit for volume_size exceeded by 20",
        "QuotaLimitExceed: caas_cpu_count",
        "You exceeded your current quota, please check your plan",
        "the quota for GPUs was reached",
        "insufficient_quota",
        "The region 6 has reached the limit of flavor inference-4vcpu-16gib",
    ],
)
def test_a_used_up_quota_is_known_by_its_text(text: str) -> None:
    assert quota_text(text)


@pytest.mark.parametrize("text", ["", "image not found", "Rate limit exceeded", "limit of flavor", "no quotation"])
def test_other_troubles_are_not_taken_for_a_quota(text: str) -> None:
    assert not quota_text(text)


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


FAILURES: dict[str, tuple[Exception, str, bool]] = {
    "refused": (caused(httpx.ConnectError("x"), ConnectionRefusedError()),
                "cannot connect: the endpoint refuses connections", False),
    "an unknown host": (caused(httpx.ConnectError("x"), socket.gaierror()),
                        "cannot connect: the endpoint's host name is not known", False),
    "an untrusted certificate": (caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError()),
                                 "cannot connect: the endpoint's certificate is not trusted", False),
    "a broken handshake": (caused(httpx.ConnectError("x"), ssl.SSLError()),
                           "cannot connect: the TLS handshake failed", False),
    "one of several addresses": (
        caused(httpx.ConnectError("x"), ExceptionGroup("x", [OSError(), ConnectionRefusedError()])),
        "cannot connect: the endpoint refuses connections", False),
    "some other reason": (httpx.ConnectError("x"), "cannot connect: the endpoint cannot be reached", False),
    "connecting takes too long": (httpx.ConnectTimeout("x"), "cannot connect: no answer in time", False),
    "no connection free": (httpx.PoolTimeout("x"), "cannot connect: no connection is free", False),
    "a proxy": (httpx.ProxyError("x"), "cannot connect: the proxy refuses", False),
    "an odd scheme": (httpx.UnsupportedProtocol("x"),
                      "cannot connect: the endpoint is not an http or https address", False),
    "no answer": (httpx.ReadTimeout("x"), "no answer in time", True),
    "the body is not taken": (httpx.WriteTimeout("x"), "no answer in time", True),
    "the whole takes too long": (TimeoutError(), "no answer in time", True),
    "the connection is cut": (httpx.ReadError("x"), "the connection broke before the answer", True),
    "the connection is cut while sending": (httpx.WriteError("x"), "the connection broke before the answer", True),
    "the server goes away": (httpx.RemoteProtocolError("x"), "the connection broke before the answer", True),
    "a socket's own error": (OSError("x"), "the connection broke before the answer", True),
    "bad compression": (httpx.DecodingError("x"), "the cloud's answer cannot be decoded", True),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES.keys())
def test_a_failed_exchange_becomes_an_error(case: tuple[Exception, str, bool]) -> None:
    failure, message, ambiguous = case
    error = translate_exception(failure, "POST")
    assert (type(error), error.message, error.ambiguous) == (Unavailable, message, ambiguous)
    assert error.status is None
    assert not translate_exception(failure, "GET").ambiguous
