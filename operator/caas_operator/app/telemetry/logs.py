"""Structured logs: one JSON object a line, or text for people.

What is being worked on (`about`) is added to every record made inside it, also to those of other libraries; further
fields come by logging's own `extra`. Levels: DEBUG for every step, INFO for what changed in the world, WARNING for what
a person may want to act on, ERROR for what we did not foresee.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any, Literal

from caas_operator.app.telemetry.redaction import Redaction
from caas_operator.core.model import Resource

QUIET = ("kopf.objects", "kopf._core", "kopf._cogs", "kopf.activities", "httpx", "httpcore", "aiohttp")
"""Libraries that tell of every event or request at INFO."""

redaction = Redaction()

_context: ContextVar[Mapping[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - never changed in place
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_BRACKETED = ("kind", "namespace", "name", "object")


@contextmanager
def about(obj: Resource | None = None, **fields: Any) -> Iterator[None]:
    """Adds the object and the fields (`account`, `operation`...) to every log record made inside, tasks included."""
    named = {} if obj is None else object_fields(obj)
    token = _context.set({**_context.get(), **named, **fields})
    try:
        yield
    finally:
        _context.reset(token)


def object_fields(obj: Resource) -> dict[str, Any]:
    fields = {"object": str(obj), "kind": obj.kind, "name": obj.name, "uid": obj.uid}
    return fields | ({"namespace": obj.namespace} if obj.namespace else {})


class JsonFormatter(logging.Formatter):
    """`ts level logger message`, then the context and what `extra` brought, then `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "ts": _when(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Strings before JSON escapes what is in them, the line after it, for a name and its value may be two strings.
        return redaction(json.dumps(_clean(line), default=_clean_text))


class TextFormatter(logging.Formatter):
    """For people: time, level, object and message on a line, what else there is in brackets after them."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        who = f"{fields['object']}: " if "object" in fields else ""
        rest = " ".join(f"{k}={v}" for k, v in fields.items() if k not in {*_BRACKETED, "uid"})
        line = f"{_when(record):%H:%M:%S.%f}"[:12] + f" {record.levelname:<7} {who}{record.getMessage()}"
        line += f" [{rest}]" if rest else ""
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redaction(line)


def configure(form: Literal["json", "text"], level: str, stream: IO[str] | None = None) -> None:
    """Everything logged in this process goes to `stream` (stderr), in one form, redacted."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in tuple(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    extra = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
    return {**_context.get(), **extra}


def _when(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redaction(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return value


def _clean_text(value: object) -> str:
    """What JSON does not know, as text."""
    return redaction(str(value))
