"""How long a cloud asks us to wait."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?")


def http_date(value: str) -> float | None:
    """A date as HTTP writes it, in seconds since the epoch; None if it is none."""
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait: `retry-after-ms`, or `Retry-After` as a number or as a date.

    A date counts against the answer's own Date, else against `now`.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    when = http_date(value) if value else None
    if when is None:
        return None
    sent = http_date(headers.get("date", ""))
    return max(0.0, when - (now if sent is None else sent))
