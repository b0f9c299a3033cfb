"""The one place where an answer or a failed exchange becomes an error of `core.errors`."""

import re
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from caas_operator.cloud.envelope import Envelope, read_envelope
from caas_operator.cloud.retry_after import retry_after
from caas_operator.cloud.scrub import presentable
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

BROKEN = "connection-broken"
"""The `code` of a connection that was lost before the answer was complete; a GET may be tried once more."""
TIMEOUT = "timeout"
CONNECT = "cannot-connect"
MALFORMED = "malformed-answer"

_CLASSES: Mapping[int, type[CloudError]] = {
    401: Unauthenticated,
    402: QuotaExceeded,
    403: Forbidden,
    404: NotFound,
    # Not the request's fault, and gone the next time: a proxy's login, a request that came too slowly or too
    # early.
    407: Unavailable,
    408: Unavailable,
    409: Conflict,
    410: NotFound,
    425: Unavailable,
    429: Throttled,
    499: Unavailable,
}
_NOT_SENT: Mapping[type[Exception], str] = {
    httpx.ConnectTimeout: "no answer in time",
    httpx.PoolTimeout: "no connection is free",
    httpx.ConnectError: "",
    httpx.ProxyError: "the proxy refuses",
    httpx.UnsupportedProtocol: "the endpoint is not an http or https address",
    httpx.InvalidURL: "the endpoint is not an address",
}
"""What happens before anything of the request went out, and what to say of it."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `method` is the request's, `headers` are lower case, `received_at` is our clock's."""

    method: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    received_at: float = 0.0

    @property
    def request_id(self) -> str:
        value = self.headers.get("x-request-id", "")
        return value if _REQUEST_ID.fullmatch(value) else ""


def translate_answer(answer: Answer, vendor: Vendor, secrets: Collection[str]) -> CloudError | None:
    """The error that an answer means, or None for a success.

    `answer.body` is the parsed JSON, or None where there is none. `secrets` are all values the request
    carried that must not be repeated. A 2xx is an error if an error envelope is inside (a gateway does that).
    """
    envelope = read_envelope(vendor, answer.body)
    status = answer.status
    if 200 <= status < 300:
        if envelope is None:
            return None
        status = envelope.status or 500
    cls = _error_class(status, envelope)
    shown = envelope.request_id if envelope and envelope.request_id else answer.request_id
    wait = retry_after(answer.headers, answer.received_at)
    if wait is None and envelope is not None:
        wait = envelope.retry_after
    return cls(
        _message(cls, status, envelope, shown, secrets),
        status=status,
        code=presentable(envelope.code, secrets) if envelope else "",
        request_id=presentable(shown, secrets),
        retry_after=wait if status in (429, 503) else None,
        ambiguous=_ambiguous(answer.method, vendor, status, quota=cls is QuotaExceeded),
    )


def malformed(method: str, status: int, what: str, request_id: str = "") -> Unavailable:
    """A success that does not say what it must. `what` describes the lack and never quotes the answer."""
    return Unavailable(
        f"the cloud's answer cannot be read: {what}",
        status=status,
        code=MALFORMED,
        request_id=request_id,
        ambiguous=method != "GET",
    )


def translate_exception(exc: Exception, method: str) -> CloudError:
    """The error that a failed exchange means. The text of `exc` may quote headers, so none of it is used."""
    before = next((words for cls, words in _NOT_SENT.items() if isinstance(exc, cls)), None)
    if before is not None:
        why = _why_not_connected(exc) if isinstance(exc, httpx.ConnectError) else before
        return Unavailable(f"cannot connect: {why}", code=CONNECT)
    mutation = method != "GET"
    if isinstance(exc, httpx.TimeoutException | TimeoutError):
        return Unavailable("no answer in time", code=TIMEOUT, ambiguous=mutation)
    if isinstance(exc, httpx.DecodingError):
        return Unavailable("the cloud's answer cannot be decoded", code=MALFORMED, ambiguous=mutation)
    return Unavailable("the connection broke before the answer", code=BROKEN, ambiguous=mutation)


def _error_class(status: int, envelope: Envelope | None) -> type[CloudError]:
    # Which HTTP status a used up quota has is not documented: class and text decide [DOC-err].
    quota = envelope is not None and (envelope.quota or quota_text(envelope.message))
    if quota and status >= 400 and status not in (401, 404):
        return QuotaExceeded
    if status == 403 and envelope is not None and "access_blocked" in envelope.codes:
        return Unauthenticated  # a gateway's word for a virtual key that it does not know or has switched off [BF]
    if status >= 500 or status < 400:
        return Unavailable
    return _CLASSES.get(status, Rejected)


def _ambiguous(method: str, vendor: Vendor, status: int, *, quota: bool) -> bool:
    """Whether the cloud may have done what it did not confirm."""
    if method == "GET":
        return False
    if status == 429:
        return vendor is Vendor.GATEWAY  # it may have tried another key before
    if quota:
        return status >= 500
    return status < 400 or status >= 500 or status in (409, 499)


def _message(
    cls: type[CloudError], status: int, envelope: Envelope | None, request_id: str, secrets: Collection[str]
) -> str:
    """Ours where the vendor's would quote a token (401) or change from try to try (429), else the vendor's own."""
    code = f" ({presentable(envelope.code, secrets)})" if envelope and envelope.code else ""
    if cls is Unauthenticated:
        return f"the credential is not accepted{code}"
    if cls is Throttled:
        return f"too many requests{code}"
    if 300 <= status < 400:
        return f"HTTP {status}: the endpoint redirects, which is not followed; check the account's endpoint"
    if envelope is None:
        return f"HTTP {status} without a readable error"
    # A message must stay the same from try to try.
    text = envelope.message.replace(request_id, "…") if request_id else envelope.message
    return presentable(text, secrets) or f"HTTP {status}{code}"


def _why_not_connected(exc: BaseException) -> str:
    for cause in _chain(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "the endpoint's certificate is not trusted"
        if isinstance(cause, ssl.SSLError):
            return "the TLS handshake failed"
        if isinstance(cause, socket.gaierror):
            return "the endpoint's host name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "the endpoint refuses connections"
    return "the endpoint cannot be reached"


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException | None] = [exc]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
