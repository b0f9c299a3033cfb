"""Boxes that need a login beside them: what is attached to a box whose spec says `login: <Secret>`."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from caas_operator.core.attachment import Attachment, attachment_name
from caas_operator.core.errors import Conflict, InvalidSpec, NotFound
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.model import External, Health, Reference
from caas_operator.core.ports import Kind, Naming, Wanted
from caas_operator.core.secret import Sealed
from tests.support.engine.cloud import FakeCloud
from tests.support.engine.kinds import BOX, CELL, FakeVerbs, references
from tests.support.engine.process import Process
from tests.support.engine.world import World

FIELD, DOCUMENT = "login", "document"
Login = dict[str, str]


@dataclass
class PrivateCloud(FakeCloud):
    """`logins` by scope and name. One that a box still names is never taken away: that would be an error of ours."""

    logins: dict[tuple[str, str], Login] = field(default_factory=dict)
    normalises: bool = False

    async def list_logins(self, scope: str) -> list[str]:
        await self._call("attachments")
        self._once("attachments")
        self.points.reach("attachments answered")
        return [name for where, name in self.logins if where == scope]

    async def put_login(self, scope: str, name: str, login: Login, *, new: bool) -> Login:
        await self._call("attach")

        def act() -> Login:
            if new and (scope, name) in self.logins:
                raise Conflict("there is one of that name", status=409, ambiguous=True)
            if not new and (scope, name) not in self.logins:
                raise NotFound("no such login", status=404)
            kept = login | ({"user": login["user"].upper()} if self.normalises else {})
            self.logins[scope, name] = kept
            return kept

        return self._mutate("attach", act)

    async def drop_login(self, scope: str, name: str) -> None:
        await self._call("detach")

        def act() -> None:
            if (scope, name) not in self.logins:
                raise NotFound("no such login", status=404)
            users = [thing.name for thing in self.things.values() if thing.wire.get(FIELD) == name]
            assert not users, f"{name} is taken away while {users} need it"
            del self.logins[scope, name]

        self._mutate("detach", act)


@dataclass(frozen=True)
class BoxVerbs(FakeVerbs):
    cloud: PrivateCloud
    naming: Naming = Naming.UNIQUE

    async def attachments(self, scope: str) -> Sequence[External]:
        names = await self.cloud.list_logins(scope)
        return [External(n, n, Health.SERVING, {"user": self.cloud.logins[scope, n]["user"]}) for n in names]

    async def attach(self, scope: str, wanted: Attachment, found: External | None) -> Mapping[str, str]:
        login = {**wanted.shown, "password": wanted.hidden.reveal()}
        return {"user": (await self.cloud.put_login(scope, wanted.name, login, new=found is None))["user"]}

    async def detach(self, scope: str, name: str) -> None:
        await self.cloud.drop_login(scope, name)


def attachment(wanted: Wanted) -> Attachment | None:
    """The Secret's `document` is `user:password`; one that has none is refused."""
    secret = wanted.spec.get(FIELD)
    if secret is None:
        return None
    document = wanted.inputs.get("Secret", secret, DOCUMENT)
    if document is None:
        raise InvalidSpec(f"spec.{FIELD}", f"Secret {secret} has no {DOCUMENT}")
    user, _, password = document.reveal().partition(":")
    parts = frozenset({Sealed(user), Sealed(password)})
    return Attachment(attachment_name(wanted.marker), {"user": user}, Sealed(password), parts)


def _references(spec: Mapping[str, Any]) -> Sequence[Reference]:
    own = [Reference("Secret", spec[FIELD], None, f"spec.{FIELD}", document=DOCUMENT)] if FIELD in spec else []
    return (*references(spec), *own)


PRIVATE_BOX = dataclasses.replace(
    BOX,
    verbs=BoxVerbs,
    references=_references,
    attached_by=FIELD,
    attachment=attachment,
    applied=lambda spec: [name for name in ("size", FIELD) if name in spec],
)


class PrivateWorld(World):
    """Its boxes may have a login beside them; it begins with a Secret for one."""

    kinds: Mapping[str, Kind] = MappingProxyType({"Box": PRIVATE_BOX, "Cell": CELL})
    boxes: PrivateCloud

    def __init__(self) -> None:
        super().__init__()
        self.reader.put("registry", document="robot:first-password")
        self.fingerprints: Fingerprints | None = Fingerprints("key-1", Sealed("only-ours"))

    def start(self, cluster: str = "c1") -> Process:
        process = super().start(cluster)
        process.reconciler.fingerprints = self.fingerprints
        return process

    def apply(self, kind: str) -> None:
        self.server.apply(kind, "one", image="a", login="registry")

    def rotate(self, password: str = "second-password") -> None:
        self.reader.put("registry", document=f"robot:{password}")

    @property
    def passwords(self) -> list[str]:
        return [login["password"] for login in self.boxes.logins.values()]

    def _cloud(self, *, unique: bool) -> FakeCloud:
        return PrivateCloud(self.clock, self.points, unique)
