"""The error envelopes of the vendors: what they say, and nothing else of an error's body.

Gcore [DOC-err]: `{exception_class, message, request_id?, info?, invalid_fields?: {field: [message]}}`.
OpenAI [SDK, SPEC]: `{error: {message, type, param, code}}`, request id in the header `x-request-id`.
Gateway [BF:core/schemas]: OpenAI's `error` inside `{type?, is_bifrost_error, status_code?, extra_fields}`.
extra_fields holds the raw request with its secrets, so that nothing of it is read but one number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.vendor import Vendor

_QUOTA_CODES = frozenset({"QuotaLimitExceed", "insufficient_quota", "budget_exceeded"})
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an error says. `codes` from the most to the least telling.

    `status` and `retry_after` (seconds) only where the body says them.
    """

    message: str
    codes: tuple[str, ...] = ()
    request_id: str = ""
    status: int | None = None
    retry_after: float | None = None

    @property
    def code(self) -> str:
        return self.codes[0] if self.codes else ""

    @property
    def quota(self) -> bool:
        return not _QUOTA_CODES.isdisjoint(self.codes)


def read_envelope(vendor: Vendor, body: Any) -> Envelope | None:
    """The vendor's own error envelope, or None where `body` is none: then nothing of it may be repeated."""
    if not isinstance(body, dict):
        return None
    return _read_gcore(body) if vendor is Vendor.GCORE else _read_openai(body)


def _read_gcore(body: Mapping[str, Any]) -> Envelope | None:
    name, message = body.get("exception_class"), body.get("message")
    if not isinstance(name, str):
        return None
    text = message if isinstance(message, str) else ""
    fields = body.get("invalid_fields")
    if isinstance(fields, dict) and fields:
        text = f"{text}: {_invalid_fields(fields)}" if text else _invalid_fields(fields)
    return Envelope(text or name, _words(name), _word(body.get("request_id")))


def _invalid_fields(fields: Mapping[str, Any]) -> str:
    rows = []
    for field, messages in fields.items():
        several = messages if isinstance(messages, list) else [messages]
        rows.append(f"{field}: {', '.join(m for m in several if isinstance(m, str))}")
    return "; ".join(rows)


def _read_openai(body: Mapping[str, Any]) -> Envelope | None:
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    codes = _words(error.get("code"), body.get("type"), error.get("type"))
    message = error.get("message")
    text = message if isinstance(message, str) and message else (codes[0] if codes else "")
    extra = body.get("extra_fields")
    wait = extra.get("retry_after_ms") if isinstance(extra, dict) else None
    return Envelope(
        text,
        codes,
        status=_body_status(body),
        retry_after=wait / 1000 if isinstance(wait, int | float) and wait >= 0 else None,
    )


def _body_status(body: Mapping[str, Any]) -> int | None:
    """The status that a gateway's envelope stands for where the HTTP status does not say it [BF:handlers/utils.go]."""
    status = body.get("status_code")
    if isinstance(status, int) and 400 <= status <= 599:
        return status
    return 500 if body.get("is_bifrost_error") is True else 400


def _words(*values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for value in values if (word := _word(value))))


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
