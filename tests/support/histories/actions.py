"""What users, other people and the clouds do in a history, each at any moment.

All are plain values, so that a failing history can be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from caas_operator.core.errors import CloudError, Conflict, Forbidden, QuotaExceeded, Throttled, Unavailable
from caas_operator.core.identity import pin_of
from caas_operator.core.model import FINALIZER, Health
from tests.support.engine.cloud import Thing, broken_answer, no_answer
from tests.support.histories.cloud import RecordingCloud
from tests.support.histories.world import HistoryWorld

NAMES = ("one", "two")
COMMON: dict[str, list[Any]] = {
    "image": ["a", "b", "c", "bad"],
    "size": [1, 2, None],
    "managementPolicy": ["ObserveOnly", "Managed"],
    "deletionPolicy": ["Retain", "Delete"],
    "deletionProtection": [True, None],
}
FIELDS: dict[str, dict[str, list[Any]]] = {
    "Box": COMMON
    | {
        "suspend": [True, None],
        "name": ["shared", None],
        "adoptionPolicy": ["Always", None],
        "secrets": [["key"], None],
    },
    "Cell": COMMON
    | {
        "expiryPolicy": ["Recreate", "Complete"],
        "replacePolicy": ["Recreate", "Never"],
        "keepAlive": [120.0, None],
        "activeDeadlineSeconds": [300.0, 2000.0, None],
        "ttlSecondsAfterFinished": [60.0, None],
        "files": ["f", None],
    },
}
ERRORS: dict[str, Callable[[], CloudError]] = {
    "no answer": no_answer,
    "502": broken_answer,
    "503": lambda: Unavailable("no", status=503),
    "429": lambda: Throttled("slow down", status=429, retry_after=20.0),
    "quota": lambda: QuotaExceeded("no quota left", status=400),
    "403": lambda: Forbidden("no", status=403),
    "409": lambda: Conflict("busy", status=409, ambiguous=True),
}
AMBIGUOUS = ("no answer", "502")
LATEST = 58.0
"""Seconds after which a request that was cut off has no effect any more; the engine reckons with 60."""


@dataclass(frozen=True)
class Change:
    """One field of spec; `who` counts through the objects that there are."""

    who: int
    pick: int
    value: int

    def __call__(self, world: HistoryWorld) -> None:
        if (uid := at(sorted(world.server.bodies), self.who)) is None:
            return
        body = world.server.bodies[uid]
        fields = FIELDS[body["kind"]]
        name = sorted(fields)[self.pick % len(fields)]
        fixed = body["kind"] == "Cell" and body["spec"].get("replacePolicy") != "Recreate"
        if fixed and name in ("image", "size", "files"):
            name = "replacePolicy"  # the API server refuses such an edit
        world.server.edit(uid, **{name: at(fields[name], self.value)})


@dataclass(frozen=True)
class User:
    """What a user does to an object besides."""

    what: str
    who: int

    def __call__(self, world: HistoryWorld) -> None:
        if (uid := at(sorted(world.server.bodies), self.who)) is None:
            return
        server = world.server
        match self.what:
            case "delete":
                server.delete(uid)
            case "pause":
                server.annotate(uid, paused="true")
            case "resume":
                server.annotate(uid, paused=None)
            case "ask":
                server.annotate(uid, reconcile_requested_at=str(world.clock.now()))
            case "label":
                server.label(uid)
            case "forget the intent":
                # What it was bound by is lost, where status does not say it as well.
                world.told[uid].forced |= pin_of(server.resource(uid)) is None
                server.annotate(uid, create_intent=None)
            case "finalize":
                kept = [one for one in server.finalizers(uid) if one != FINALIZER]
                world.told[uid].forced = True
                server.finalize(uid, *kept)


@dataclass(frozen=True)
class Outsider:
    """What happens to a resource behind our back."""

    kind: str
    what: str
    who: int

    def __call__(self, world: HistoryWorld) -> None:
        cloud = world.recording(self.kind)
        if self.what == "put":
            name = ("one", "two", "shared")[self.who % 3]
            if self.kind == "Cell" or f"1/{name}" not in cloud.things:
                cloud.put(name, image="theirs", size=7, foreign="it is another's" if self.who > 4 else "")
            return
        thing = at(sorted(cloud.living(), key=lambda one: one.id), self.who)
        if thing is not None:
            self._to(cloud, thing, world.clock.now() - thing.created_at)

    def _to(self, cloud: RecordingCloud, thing: Thing, age: float) -> None:
        ours = thing.id not in cloud.theirs
        match self.what:
            case "vanish":
                cloud.vanish(thing)
            case "expire" if not cloud.unique:
                cloud.expire(thing)
            case "edit" if ours:
                cloud.tampered.add(thing.id)
                thing.wire |= {"image": "drifted", "size": 9}
            case "strip" if ours and cloud.unique:
                cloud.tampered.add(thing.id)
                thing.wire["marker"] = None
            case "double" if ours and not cloud.unique and age < 60.0:
                cloud.double(thing)
            case "break":
                thing.health = Health.BROKEN


@dataclass(frozen=True)
class Trouble:
    """How the next call of a verb ends. `late`: seconds after which it is carried out all the same, 0 at once."""

    kind: str
    verb: str
    error: str
    late: float | None = None

    def __call__(self, world: HistoryWorld) -> None:
        done = self.late is not None and self.error in AMBIGUOUS
        lands = self.late if done and self.late else 0.0
        world.recording(self.kind).fail(self.verb, ERRORS[self.error](), done=done, lands_after=lands)


@dataclass(frozen=True)
class Weather:
    """How a cloud is from now on."""

    kind: str
    what: str
    value: float

    def __call__(self, world: HistoryWorld) -> None:
        cloud = world.recording(self.kind)
        match self.what:
            case "outage":
                cloud.always = {verb: no_answer() for verb in ("list", "tasks", "task")}
            case "fair":
                cloud.always = {}
            case "lists lag":
                cloud.list_lag = cloud.delete_lag = self.value
            case "slow tasks":
                cloud.task_seconds = 3.0 + 20.0 * self.value
            case "failing task":
                cloud.task_errors.append("no capacity left")
            case "idle":
                cloud.idle_seconds = 240.0
            case "secret":
                world.reader.put("key", value=str(self.value))
            case "no secret":
                world.reader.contents.clear()


Action = Change | User | Outsider | Trouble | Weather


def at(found: Any, index: int) -> Any:
    """One of them, whatever the index; None of none."""
    return found[index % len(found)] if found else None


WHO = st.integers(0, 7)
KIND = st.sampled_from(("Box", "Cell"))
CHANGES = st.builds(Change, WHO, st.integers(0, 15), st.integers(0, 3))
USERS = st.builds(
    User, st.sampled_from(("delete", "pause", "resume", "ask", "label", "forget the intent", "finalize")), WHO
)
OUTSIDERS = st.builds(
    Outsider, KIND, st.sampled_from(("put", "vanish", "expire", "edit", "strip", "double", "break")), WHO
)
TROUBLES = st.builds(
    Trouble,
    KIND,
    st.sampled_from(("create", "update", "delete", "list", "tasks", "touch", "furnish")),
    st.sampled_from(sorted(ERRORS)),
    st.none() | st.sampled_from((0.0, 1.0, 30.0, LATEST)),
)
LOSSES = st.builds(
    Trouble,
    KIND,
    st.sampled_from(("create", "create", "update", "delete")),
    st.sampled_from(AMBIGUOUS),
    st.sampled_from((None, 0.0, 1.0, 30.0, LATEST)),
)
"""The answer gets lost; nobody knows what was done."""
WEATHER = st.builds(
    Weather,
    KIND,
    st.sampled_from(
        ("outage", "fair", "fair", "lists lag", "slow tasks", "failing task", "idle", "secret", "no secret")
    ),
    st.sampled_from((0.0, 2.0, 8.0)),
)
ANYTHING = CHANGES | USERS | OUTSIDERS | TROUBLES | WEATHER
