"""Our signature on a Gcore resource: `[caas-operator HASH]` at the end of its description."""

import re

from caas_operator.core.errors import InvalidSpec

_SIGNED = re.compile(r"(?s)(?:(?P<text>.*) )?\[caas-operator (?P<marker>[0-9a-z]+)\]")


def split(description: str | None) -> tuple[str, str | None]:
    """The text before the marker, and the marker's hash or None."""
    match = _SIGNED.fullmatch(description or "")
    if match is None:
        return description or "", None
    return match["text"] or "", match["marker"]


def sign(text: str, marker: str) -> str:
    signature = f"[caas-operator {marker}]"
    return f"{text} {signature}" if text else signature


def resign(description: str | None, marker: str, longest: int | None = None) -> str:
    """A description that is not managed, with our marker in place of none or another one.

    Raises InvalidSpec where the text that is there leaves no room; what somebody wrote is not cut.
    """
    signed = sign(split(description)[0], marker)
    if longest is not None and len(signed) > longest:
        raise InvalidSpec(
            "spec.description",
            f"the description in the cloud leaves no room for the operator's marker within {longest} characters: "
            "set spec.description",
        )
    return signed
