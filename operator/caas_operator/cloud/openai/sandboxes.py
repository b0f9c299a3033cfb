"""Sandbox containers: OpenAI's own API, and the same through a gateway of Bifrost's kind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caas_operator.cloud.call import CREATE_TIMEOUT_SECONDS, UPLOAD_TIMEOUT_SECONDS, Call, Upload, path_of
from caas_operator.cloud.openai.paging import list_sandboxes
from caas_operator.cloud.transport import Malformed, Transport, nothing
from caas_operator.core.errors import Rejected
from caas_operator.core.model import JsonObject
from caas_operator.core.secret import Sealed

DEFAULT_PROVIDER = "openai"
_DROPPED = ("network_policy", "skills")
"""Through a gateway these vanish without an error, and with them secrets go where they are stored [BF]."""
UNSUPPORTED = "unsupported_operation"


@dataclass(frozen=True, slots=True)
class SandboxApi:
    """Sandboxes of one credential, direct or (`gateway`) of one provider behind it. All raise CloudError."""

    transport: Transport
    gateway: bool = False

    async def create(self, body: Mapping[str, Any], secrets: Collection[Sealed] = (), provider: str = "") -> JsonObject:
        """The sandbox as the cloud made it, with its `id`. Never repeat it before a look: names are not unique."""
        sent = dict(body)
        if self.gateway:
            self._refuse_what_is_dropped(sent)
            sent["provider"] = provider or DEFAULT_PROVIDER
        call = Call(
            "sandboxes.create",
            "POST",
            self._path(),
            body=sent,
            secrets=secrets,
            scope=self._scope(provider),
            seconds=CREATE_TIMEOUT_SECONDS,
        )
        return await self.transport.call(call, _sandbox)

    async def list(self, oldest: float | None, provider: str = "") -> Sequence[JsonObject]:
        """Sandboxes, newest first, down to those created at `oldest` (seconds since the epoch); None: all.

        Expired ones stay in the list without end, so an end is needed. A gateway with several provider keys
        runs through its keys one after the other, each newest first, and does not say where the next begins:
        what is older than `oldest` may be followed by what is not. There the whole list is read, unless a
        header pins one key.
        """
        call = Call(
            "sandboxes.list",
            "GET",
            self._path(),
            params=(("limit", 100), ("order", "desc"), *self._query(provider)),
            scope=self._scope(provider),
            listing=True,
        )
        ordered = not self.gateway or self.transport.identity.pins_one_key()
        end = oldest if ordered else None
        return await list_sandboxes(self.transport, call, oldest=end, opaque_cursor=self.gateway)

    async def keep_alive(self, sandbox_id: str, provider: str = "") -> JsonObject:
        """Retrieve it, which counts as use and so keeps it alive and billed [G-CI]. Never a way to look."""
        path = self._path(sandbox_id)
        call = Call(
            "sandboxes.keep_alive",
            "GET",
            path,
            params=self._query(provider),
            scope=self._scope(provider),
            urgent=True,
        )
        return await self.transport.call(call, _sandbox)

    async def delete(self, sandbox_id: str, provider: str = "") -> None:
        """Raises NotFound where there is none, which with a changed project or key proves nothing."""
        path = self._path(sandbox_id)
        call = Call(
            "sandboxes.delete",
            "DELETE",
            path,
            params=self._query(provider),
            scope=self._scope(provider),
            urgent=True,
        )
        await self.transport.call(call, nothing)

    async def upload(self, sandbox_id: str, file: Upload, secrets: Collection[Sealed] = ()) -> JsonObject:
        """Put a file into a sandbox; it counts as use. Direct only: a gateway loses the file's name."""
        call = Call(
            "sandboxes.upload",
            "POST",
            self._path(sandbox_id, "files"),
            upload=file,
            secrets=secrets,
            scope=self._scope(""),
            seconds=UPLOAD_TIMEOUT_SECONDS,
        )
        self._refuse_files()
        return await self.transport.call(call, _sandbox)

    async def attach(self, sandbox_id: str, file_id: str) -> JsonObject:
        """Put a file of the Files API into a sandbox; it counts as use. Direct only, as `upload`."""
        call = Call(
            "sandboxes.attach",
            "POST",
            self._path(sandbox_id, "files"),
            body={"file_id": file_id},
            scope=self._scope(""),
        )
        self._refuse_files()
        return await self.transport.call(call, _sandbox)

    def _path(self, *segments: str) -> str:
        root = "/openai/v1/containers" if self.gateway else "/containers"
        return root + path_of(*segments)

    def _query(self, provider: str) -> tuple[tuple[str, str], ...]:
        return (("provider", provider or DEFAULT_PROVIDER),) if self.gateway else ()

    def _scope(self, provider: str) -> str:
        return f"sandboxes/{provider or DEFAULT_PROVIDER}" if self.gateway else "sandboxes"

    def _refuse_what_is_dropped(self, body: Mapping[str, Any]) -> None:
        for field in _DROPPED:
            if field in body:
                raise Rejected(f"{field} cannot be sent through a gateway; nothing was sent", code=UNSUPPORTED)

    def _refuse_files(self) -> None:
        if self.gateway:
            raise Rejected("files cannot be sent through a gateway; nothing was sent", code=UNSUPPORTED)


def _sandbox(body: Any) -> JsonObject:
    """A sandbox or a file of one: an object with an id."""
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not body["id"]:
        raise Malformed("it has no id")
    return body
