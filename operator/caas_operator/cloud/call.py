"""One request, described before it is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from caas_operator.core.errors import Rejected
from caas_operator.core.secret import Sealed

CREATE_TIMEOUT_SECONDS = 60.0
"""No create is under way longer than this after it went out: connecting, sending and reading together."""
READ_TIMEOUT_SECONDS = 60.0
UPLOAD_TIMEOUT_SECONDS = 300.0
CATALOG_TIMEOUT_SECONDS = 15.0
"""For what would be good to know and nobody depends on."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send as the multipart part `file`."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`operation` names it in metrics and logs. `path` begins with `/` and is quoted already, see `path_of`.

    `secrets` are the values in `body` that no error may repeat. `scope` is the collection it belongs to: a
    403 on a `listing` of it holds all calls of the same scope. `urgent` calls overtake others at the gate; a
    `probe` passes an open breaker and, if it succeeds, closes it. `seconds` bound the whole exchange.
    """

    operation: str
    method: str
    path: str
    params: Sequence[tuple[str, str | int]] = ()
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    secrets: Collection[Sealed] = ()
    scope: str = ""
    listing: bool = False
    urgent: bool = False
    probe: bool = False
    seconds: float = READ_TIMEOUT_SECONDS


def path_of(*segments: str | int) -> str:
    """A path made of segments that are data: what is in one can never reach another resource.

    Raises Rejected for an empty one and for dots, which would turn `DELETE /containers/{name}` into another
    call.
    """
    for segment in segments:
        if segment in ("", ".", ".."):
            raise Rejected("a name in the request's path is empty or dots; nothing was sent")
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)
