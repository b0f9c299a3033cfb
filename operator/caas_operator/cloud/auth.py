"""The headers that say who calls."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import Unauthenticated
from caas_operator.core.secret import Sealed

Credential = Callable[[], Sealed | None]
"""The credential in force, asked at every call, so that a rotated Secret needs no new client. None: there is none."""
Headers = Callable[[], Mapping[str, Sealed]]
"""Further headers of a gateway, asked at every call."""

_VALUE = re.compile(r"[\x20-\x7e\t]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "accept-encoding"}
)
PINS_ONE_KEY = frozenset({"x-bf-api-key", "x-bf-api-key-id"})
"""Headers that bind a gateway to one provider key, by name or by id [BF]."""


def no_headers() -> Mapping[str, Sealed]:
    return {}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at one endpoint. `organization` and `project` are OpenAI's and may be empty."""

    vendor: Vendor
    credential: Credential
    headers: Headers = no_headers
    organization: str = ""
    project: str = ""

    def sign(self) -> tuple[dict[str, str], list[str]]:
        """The headers of one call and every secret among them. Raises Unauthenticated where none can be made."""
        sealed = self.credential()
        token = _value(sealed.reveal().strip(), "the credential") if sealed is not None else ""
        if not token and self.vendor is not Vendor.GATEWAY:
            raise Unauthenticated("the credential is missing or empty; nothing was sent")
        further = {_name(n): _value(v.reveal().strip(), "a header") for n, v in self.headers().items()}
        return further | self._signed(token), [secret for secret in (token, *further.values()) if secret]

    def _signed(self, token: str) -> dict[str, str]:
        if self.vendor is Vendor.GCORE:
            return {"authorization": f"APIKey {token}"}
        if self.vendor is Vendor.GATEWAY:
            # An open gateway takes no key; one that wants a login too has `authorization` among the headers.
            return {"x-bf-vk": token} if token else {}
        signed = {"authorization": f"Bearer {token}"}
        if self.organization:
            signed["openai-organization"] = self.organization
        if self.project:
            signed["openai-project"] = self.project
        return signed

    def pins_one_key(self) -> bool:
        return any(name.lower() in PINS_ONE_KEY for name in self.headers())


def _name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise Unauthenticated("a name among the extra headers is none that can be sent; nothing was sent")
    return name.lower()


def _value(value: str, what: str) -> str:
    if not _VALUE.fullmatch(value):
        raise Unauthenticated(f"{what} holds characters that no header can carry; nothing was sent")
    return value
