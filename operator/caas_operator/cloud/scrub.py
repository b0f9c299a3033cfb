"""Text of a cloud, made fit to be shown: without secrets, without control characters, short."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MAX_TEXT = 300
MASK = "***"
_FRAGMENT = 8
_LONG_SECRET = 12
_SHORT_SECRET = 4
_SEARCHED = 4096


def presentable(text: str, secrets: Iterable[str] = (), limit: int = MAX_TEXT) -> str:
    """`text` on one line, at most `limit` characters, without any of `secrets` or a piece of one."""
    # Cut generously first (masking costs length times length), then mask, and only then cut for good.
    line = " ".join(scrub(text[: limit * 4], secrets).split())
    line = "".join(c for c in line if c.isprintable())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Mask every secret: as it is, as JSON, a URL or repr() write it, and pieces of long ones.

    Clouds repeat what they were sent, and often cut it. Very short values are masked only where they stand
    alone.
    """
    for secret in sorted({s for s in secrets if s.strip()}, key=len, reverse=True):
        for form in dict.fromkeys((secret, secret.strip(), *_written_forms(secret))):
            if len(form) < _SHORT_SECRET:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", MASK, text)
            else:
                text = text.replace(form, MASK)
        if len(secret) >= _LONG_SECRET:
            text = _mask_fragments(text, secret)
    return text


def _written_forms(secret: str) -> tuple[str, ...]:
    if len(secret) > _SEARCHED:
        return ()
    return json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")


def _mask_fragments(text: str, secret: str) -> str:
    # An echo that was cut shows the beginning or the end: enough to look at of a secret of megabytes.
    searched = secret if len(secret) <= 2 * _SEARCHED else f"{secret[:_SEARCHED]}\n{secret[-_SEARCHED:]}"
    parts: list[str] = []
    at = 0
    while at < len(text):
        end = at + _FRAGMENT
        if end > len(text) or text[at:end] not in searched:
            parts.append(text[at])
            at += 1
            continue
        while end < len(text) and text[at : end + 1] in searched:
            end += 1
        parts.append(MASK)
        at = end
    return "".join(parts)
