"""Text of a cloud, made fit to be shown: without secrets, without control characters, short."""

from collections.abc import Iterable

from caas_operator.core.scrub import CUT, scrub

MAX_TEXT = 300


def presentable(text: str, secrets: Iterable[str] = (), limit: int = MAX_TEXT) -> str:
    """`text` on one line, at most `limit` characters, without any of `secrets` or a piece of one."""
    # Cut generously first (masking costs length times length), then mask, and only then cut for good.
    line = " ".join(scrub(text[: limit * 4], secrets).split())
    line = "".join(c for c in line if c.isprintable())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + CUT
