"""What tests of attachments share."""

from typing import Any

from tests.support.engine.private import PrivateWorld

CALLS = ("attachments", "attach", "detach")


async def ready(world: PrivateWorld, **spec: Any) -> str:
    """A box with a login that is Ready, with all counters at nothing."""
    uid = world.server.apply("Box", "one", **({"image": "a", "login": "registry"} | spec))
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    world.server.writes.clear()
    world.boxes.calls.clear()
    return uid


def asked(world: PrivateWorld) -> dict[str, int]:
    """The calls about logins."""
    return {name: world.boxes.calls[name] for name in CALLS if world.boxes.calls[name]}


def login_of(world: PrivateWorld) -> str | None:
    """What the box names."""
    name: str | None = world.boxes.things["1/one"].wire.get("login")
    return name


def message(world: PrivateWorld, uid: str) -> str:
    return str((world.server.condition(uid, "Ready") or {}).get("message"))
