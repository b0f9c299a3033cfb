"""One exchange with a cloud: through the gate, signed, timed, bounded, measured, and with every failure translated."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx

from caas_operator.cloud.auth import Identity
from caas_operator.cloud.call import Call
from caas_operator.cloud.connections import CONNECT_TIMEOUT_SECONDS, Connection, Connections
from caas_operator.cloud.errors import BROKEN, Answer, malformed, translate_answer, translate_exception
from caas_operator.cloud.gate import Gate
from caas_operator.cloud.retry_after import http_date
from caas_operator.cloud.sending import asking
from caas_operator.core.errors import CloudError
from caas_operator.core.ports import Clock

T = TypeVar("T")
Observe = Callable[[str, str, float], None]
"""Told of each exchange: operation, HTTP status or what happened instead of one, seconds."""
Parse = Callable[[Any], T]
"""Makes a value of an answer's JSON (None where there was no body), or raises Malformed."""

UNREADABLE = object()
"""Stands for a body that is not JSON."""
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
_logger = logging.getLogger(__name__)
_PLAIN_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": f"caas-operator/{version('caas-operator')}",
}
_EXTENSIONS = {"timeout": {"connect": CONNECT_TIMEOUT_SECONDS}}


class Malformed(ValueError):
    """A success that lacks what it must have. The text says what is lacking and quotes nothing."""


def nothing(_: Any) -> None:
    """The parser of an answer that says no more than its status."""


def observe_nothing(_operation: str, _status: str, _seconds: float) -> None:
    return


class Transport:
    """The only way out. `url` is the base that paths are appended to; a slash at its end does no harm.

    A GET is tried once more when its connection breaks; nothing else is ever repeated here.
    """

    def __init__(
        self,
        url: str,
        identity: Identity,
        gate: Gate,
        clock: Clock,
        connections: Connections,
        observe: Observe = observe_nothing,
    ) -> None:
        self.identity = identity
        self.gate = gate
        self._base = url.rstrip("/")
        self._clock = clock
        self._connections = connections
        self._observe = observe
        self._last_date = ""
        self.clock_skew = 0.0
        """Seconds that the cloud's clock is ahead of ours, by the last Date header; exact to a second."""

    async def call(self, call: Call, parse: Parse[T]) -> T:
        """Make a call. Raises CloudError only, always without a cause or context: those would quote headers."""
        retries = 1 if call.method == "GET" else 0
        while True:
            ticket = await self.gate.admit(call.scope, urgent=call.urgent, probe=call.probe)
            async with self._connections.one() as connection:
                self.gate.check(call.scope, probe=call.probe)
                result = await self._attempt(connection, call, parse, ticket)
            if not isinstance(result, CloudError):
                return result
            if retries == 0 or result.code != BROKEN:
                raise result
            retries -= 1

    def now(self) -> float:
        """Seconds since the epoch, by the clock that everything here goes by."""
        return self._clock.now()

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _attempt(self, connection: Connection, call: Call, parse: Parse[T], ticket: int) -> T | CloudError:
        started = time.perf_counter()
        result, status = await self._exchange(connection, call, parse)
        seconds = time.perf_counter() - started
        self._observe(call.operation, status, seconds)
        if isinstance(result, CloudError):
            request_id = result.request_id or "-"
            _logger.debug("%s: %s in %.3f s, request id %s", call.operation, status, seconds, request_id)
            self.gate.failed(ticket, result, call.scope, listing=call.listing)
        else:
            self.gate.succeeded(ticket, call.scope, listing=call.listing, probe=call.probe)
        return result

    async def _exchange(self, connection: Connection, call: Call, parse: Parse[T]) -> tuple[T | CloudError, str]:
        """What came of it, and the word for that in metrics."""
        try:
            signed, secrets = self.identity.sign()
        except CloudError as error:
            return type(error)(error.message), "unsigned"
        answer = await self._send(connection, call, signed)
        if isinstance(answer, Exception):
            failure = translate_exception(answer, call.method)
            return failure, failure.code
        self._note_date(answer)
        secrets += [sealed.reveal() for sealed in call.secrets]
        refusal = translate_answer(answer, self.identity.vendor, secrets)
        return (_parsed(answer, parse) if refusal is None else refusal), str(answer.status)

    async def _send(self, connection: Connection, call: Call, signed: dict[str, str]) -> Answer | Exception:
        """Failures are returned, not raised: what is raised from inside an `except` drags the original along."""
        try:
            async with asyncio.timeout(call.seconds):
                with asking(partial(self.gate.check, call.scope, probe=call.probe)):
                    response = await connection.handle_async_request(self._request(call, signed))
                try:
                    content = await _content(response)
                finally:
                    await response.aclose()
        except _FAILURES as failure:
            return failure
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(call.method, response.status_code, headers, _decoded(content), self._clock.now())

    def _request(self, call: Call, signed: dict[str, str]) -> httpx.Request:
        query = f"?{urlencode(call.params)}" if call.params else ""
        headers = _PLAIN_HEADERS | signed
        content, files = None, None
        if call.upload is not None:
            files = {"file": (call.upload.name, call.upload.content)}
        elif call.body is not None:
            content = json.dumps(call.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            headers["content-type"] = "application/json"
        url = f"{self._base}{call.path}{query}"
        return httpx.Request(call.method, url, headers=headers, content=content, files=files, extensions=_EXTENSIONS)

    def _note_date(self, answer: Answer) -> None:
        date = answer.headers.get("date", "")
        if date != self._last_date and (when := http_date(date)) is not None:
            self._last_date = date
            self.clock_skew = when - answer.received_at


async def _content(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise httpx.DecodingError("too long")
    return b"".join(parts)


def _decoded(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return UNREADABLE


def _parsed(answer: Answer, parse: Parse[T]) -> T | CloudError:
    lack = "it is not JSON"
    if parse is nothing or answer.body is not UNREADABLE:
        try:
            return parse(answer.body)
        except Malformed as exc:
            lack = str(exc)
    return malformed(answer.method, answer.status, lack, answer.request_id)
