"""Where an account's calls go, and which endpoints a tenant may name."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import httpx

from caas_operator.cloud.vendor import Vendor

DEFAULT_URLS = {Vendor.GCORE: "https://api.gcore.com", Vendor.OPENAI: "https://api.openai.com/v1"}
"""What each vendor's own clients take as base: Gcore's root [PY], OpenAI's with its version [SDK]. A gateway
has no default."""
DEFAULT_HOSTS = frozenset({"api.gcore.com", "api.openai.com"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` empty: the vendor's own. `ca_bundle`: certificates (PEM) to trust instead of the public ones."""

    vendor: Vendor
    url: str = ""
    organization: str = ""
    project: str = ""
    ca_bundle: str = ""

    @property
    def base(self) -> str:
        """The address that paths are appended to, without a slash at its end; "" for a gateway without `url`."""
        return (self.url or DEFAULT_URLS.get(self.vendor, "")).rstrip("/")


def allowed_endpoint(url: str, allowed_hosts: Collection[str]) -> str | None:
    """Why a tenant may not name this endpoint, or None if it may.

    https only, and a host of `allowed_hosts`: `host` stands for its port 443 alone, `host:port` for that
    port. Read by the parser that also makes the calls, so that the two cannot differ about the host.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        return "the endpoint holds blanks or characters that no address has"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "the endpoint is not an address"
    if parsed.scheme != "https":
        return "the endpoint must begin with https://"
    if parsed.userinfo or parsed.query or parsed.fragment:
        return "the endpoint must be scheme, host, port and path alone"
    host = parsed.host.lower().rstrip(".")
    port = parsed.port or 443
    allowed = {entry.lower() if _has_port(entry) else f"{entry.lower()}:443" for entry in allowed_hosts}
    if f"{host}:{port}" not in allowed:
        return f"the host {host}:{port} is not among those that endpoints in a namespace may name"
    return None


def _has_port(entry: str) -> bool:
    return re.search(r":\d+$", entry) is not None
