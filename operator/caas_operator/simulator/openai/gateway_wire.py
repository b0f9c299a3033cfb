"""What the gateway puts around the provider's replies: extra_fields, cursors, refusals."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from caas_operator.simulator.wire import ApiError, Call

JSON = dict[str, Any]

PROVIDERS = frozenset(
    [
        "openai",
        "azure",
        "anthropic",
        "bedrock",
        "cohere",
        "vertex",
        "vllm",
        "mistral",
        "ollama",
        "groq",
        "sgl",
        "parasail",
        "perplexity",
        "replicate",
        "cerebras",
        "gemini",
        "openrouter",
        "elevenlabs",
        "huggingface",
        "nebius",
        "xai",
    ]
)
"""[SEED-G]; listed is not supported: openai has all operations, azure create, retrieve and delete"""

AZURE_OPERATIONS = frozenset({"gateway.containers.create", "gateway.containers.get", "gateway.containers.delete"})

GOVERNANCE = {
    401: ("virtual_key_required", "A virtual key is required."),
    402: ("budget_exceeded", "The budget of the virtual key is exceeded."),
    403: ("access_blocked", "The virtual key gives no access."),
    429: ("rate_limited", "The rate limit of the virtual key is exceeded."),
    504: ("gateway_timeout", "The upstream did not answer in time."),
}


@dataclass(frozen=True)
class Target:
    """Where a request goes: surface a or b, the provider, and the provider keys to use, in order."""

    surface: str
    provider: str
    keys: tuple[str, ...]

    def account(self, key: str) -> str:
        return f"{self.provider}/{key}"

    def accounts(self) -> tuple[str, ...]:
        return tuple(self.account(key) for key in self.keys)


def request_type(call: Call) -> str:
    """gateway.containers.create is container_create, gateway.files.get is container_file_get (INF)."""
    if call.operation.startswith("gateway.passthrough"):
        return "passthrough"
    _, kind, verb = (*call.operation.split("."), "", "")[:3]
    verb = "retrieve" if verb == "get" else verb
    return f"container_{verb}" if kind == "containers" else f"container_file_{verb}"


def extra_fields(call: Call, provider: str, sent: object, received: object) -> JSON:
    """Container operations carry the raw exchange, so that secrets of a request come back in clear."""
    extra: JSON = {
        "request_type": request_type(call),
        "provider": provider,
        "latency": 700,
        "chunk_index": 0,
    }
    if sent:
        extra["raw_request"] = sent
    if received:
        extra["raw_response"] = received
    return extra


def compact(wire: JSON, *names: str) -> JSON:
    """The reply without those of the named members that are empty or false."""
    return {key: value for key, value in wire.items() if value or key not in names}


def cursor(index: int, native: str) -> str:
    text = json.dumps({"v": 1, "i": index, "c": native}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(call: Call, target: Target) -> tuple[int, str]:
    """Index of the provider key, and that provider's own cursor."""
    text = call.query.get("after", "")
    if not text:
        return 0, ""
    try:
        parsed = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        index, native = int(parsed["i"]), str(parsed["c"])
    except (ValueError, KeyError, TypeError):
        accepted = call.world.switches.word("gateway_last_id_cursor") == "accepted"
        if accepted and len(target.keys) == 1:
            return 0, text
        raise ApiError(500, "", "invalid pagination cursor", param=None, code=None) from None
    if not 0 <= index < len(target.keys):
        raise ApiError(500, "", "invalid pagination cursor", param=None, code=None)
    return index, native


def refused(message: str, code: str | None = None) -> ApiError:
    """A refusal by the gateway itself."""
    return ApiError(400, "invalid_request_error", message, param=None, code=code)


def governance(status: int) -> ApiError:
    kind, message = GOVERNANCE[status]
    return ApiError(status, kind, message, governance=True)
