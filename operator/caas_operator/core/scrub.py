"""Masking secrets in text that came from elsewhere."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

from caas_operator.core.secret import Sealed

MASK = "***"
CUT = "…"
"""Ends a text that was too long."""
SHORTEST = 4
"""Shorter values are words like `no` or `80`; masking those would leave nothing to read."""
_FRAGMENT = 8
_LONG_SECRET = 12
_SEARCHED = 4096


def conceal(text: str, values: Iterable[Sealed]) -> str:
    """`text`, which was put on one line and perhaps cut, without the values of 4 characters or more."""
    if not text:
        return text
    secrets = {value.reveal() for value in values}
    lines = {" ".join(secret.split()) for secret in secrets}
    secrets = {secret for secret in secrets | lines if len(secret.strip()) >= SHORTEST}
    if CUT in text:
        for secret in secrets:
            text = _mask_cut(text, secret)
    return scrub(text, secrets)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Mask every secret: as it is, as JSON, a URL or repr() write it, and pieces of long ones.

    Clouds repeat what they were sent, and often cut it. Very short values are masked only where they stand
    alone.
    """
    longest_first = sorted({s for s in secrets if s.strip()}, key=len, reverse=True)
    for secret in longest_first:
        for form in dict.fromkeys((secret, secret.strip(), *_written_forms(secret))):
            if len(form) < SHORTEST:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", MASK, text)
            else:
                text = text.replace(form, MASK)
    # Only when no secret is whole any more: pieces of one may be in another, which would not be known then.
    for secret in longest_first:
        if len(secret) >= _LONG_SECRET:
            text = _mask_fragments(text, secret)
    return text


def _written_forms(secret: str) -> tuple[str, ...]:
    if len(secret) > _SEARCHED:
        return ()
    return json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")


def _mask_cut(text: str, secret: str) -> str:
    """The beginning of a secret right before a cut."""
    *heads, rest = text.split(CUT)
    masked = []
    for head in heads:
        size = next((n for n in range(min(len(secret), len(head)), 2, -1) if head.endswith(secret[:n])), 0)
        masked.append(head[: len(head) - size] + MASK if size else head)
    return CUT.join((*masked, rest))


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
