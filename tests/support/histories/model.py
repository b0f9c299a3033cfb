"""What should exist in the clouds at the end of a history, and what the objects should say of it."""

from caas_operator.core.identity import pin_of
from caas_operator.core.model import FINALIZER, Health
from tests.support.engine.cloud import Thing
from tests.support.histories.cloud import RecordingCloud
from tests.support.histories.world import HistoryWorld, Told

HEALTHY = (Health.SERVING, Health.STOPPED)
SENT = ("image", "size", "suspend")


async def settle(world: HistoryWorld) -> None:
    """All trouble ends, the operator runs, and time passes: more than any backoff, fence or deadline."""
    world.points.survive()
    world.points.then.clear()
    for cloud in (world.boxes, world.cells):
        cloud.calm()
    world.reader.put("key", value="last")
    if not world.up:
        await world.begin()
    world.process.watch_stalls = False
    await world.run(300, step=5)
    for cloud in (world.boxes, world.cells):
        cloud.calm()  # a task that was to fail has failed meanwhile
    await world.run(5000, step=50)


async def restless(world: HistoryWorld) -> str:
    """What the operator goes on doing when there is nothing left to do."""
    world.server.writes.clear()
    before = world.boxes.mutations() + world.cells.mutations()
    await world.run(900, step=30)
    changes = world.boxes.mutations() + world.cells.mutations() - before
    return f"{changes} changes, writes {world.server.writes}" if changes or world.server.writes else ""


async def resume(world: HistoryWorld) -> None:
    for uid in sorted(world.server.bodies):
        world.server.annotate(uid, paused=None)
    await world.run(300, step=5)
    await world.run(5000, step=50)


async def delete_all(world: HistoryWorld) -> None:
    for uid in sorted(world.server.bodies):
        world.server.edit(uid, deletionProtection=None)
        world.server.delete(uid)
    await world.run(300, step=5)
    await world.run(2000, step=50)


def doubles(world: HistoryWorld) -> list[str]:
    """Objects for which our POSTs have made two living resources."""
    found = []
    for told in world.told.values():
        cloud = world.recording(told.kind)
        alive = [one for one in cloud.signed(told.marker) if any(one is made for made in cloud.made)]
        if len(alive) > 1 and not _may_have_left(world, told):
            found.append(f"{told.kind} {told.name}: {alive}")
    return found


def _may_have_left(world: HistoryWorld, told: Told) -> bool:
    """Whether something of the same marker may have been left in the cloud by the user's own wish."""
    same = [one for one in world.told.values() if one.marker == told.marker]
    return any(one.retained or one.observed or one.forced for one in same)


def complaints(world: HistoryWorld) -> list[str]:
    wrong = []
    for uid, told in world.told.items():
        if not told.gone and not told.paused:
            wrong += [f"{told.kind} {told.name} ({uid}): {text}" for text in _of_object(world, uid, told)]
    return wrong + leftovers(world)


def leftovers(world: HistoryWorld) -> list[str]:
    """What is in a cloud and should not be, or was somebody else's and is not as it was."""
    wrong = []
    for cloud in (world.boxes, world.cells):
        for thing in cloud.living():
            marker = cloud.marker_of(thing)
            if thing.id in cloud.orphans:
                continue
            objects = [told for told in world.told.values() if told.marker == marker]
            if marker is None and thing.id not in cloud.theirs and thing.id not in cloud.tampered:
                wrong.append(f"unsigned: {thing}")
            elif marker is not None and not any(not one.gone or one.left or _replaced(cloud, one) for one in objects):
                wrong.append(f"left over: {thing}")
        wrong += _touched(world, cloud)
    return wrong


def _replaced(cloud: RecordingCloud, told: Told) -> bool:
    """Whether what it had was left to expire, as Retain has it."""
    return told.retained and not cloud.unique


def _touched(world: HistoryWorld, cloud: RecordingCloud) -> list[str]:
    wrong = []
    for id_, wire in cloud.theirs.items():
        name = id_.rpartition("/")[2]
        taken = any(id_ in told.pinned or name in told.adopting for told in world.told.values())
        if not taken and (id_ not in cloud.things or cloud.things[id_].wire != wire):
            wrong.append(f"touched what is not ours: {id_} was {wire}, is {cloud.things.get(id_)}")
    return wrong


def _of_object(world: HistoryWorld, uid: str, told: Told) -> list[str]:
    server = world.server
    says = f"Ready {server.says(uid)}, Stalled {server.says(uid, 'Stalled')}, Complete {server.says(uid, 'Complete')}"
    if told.deleting:
        protected = told.spec.get("deletionProtection") and server.says(uid) == "False DeleteBlocked"
        return [] if protected else [f"is stuck in its deletion: {says}"]
    if not told.managed:
        return _observed(world, uid, told, says)
    reason = server.says(uid, "Stalled").removeprefix("True ")
    wrong, excuses = (_of_box if told.kind == "Box" else _of_cell)(world, uid, told)
    if told.spec["image"] == "bad":
        excuses.add("InvalidSpec")
    if reason != "-":
        return [] if reason in excuses else [f"is stalled without a cause: {says}; it may be {excuses or 'nothing'}"]
    return [f"{text}: {says}" for text in wrong]


def _observed(world: HistoryWorld, uid: str, told: Told, says: str) -> list[str]:
    if FINALIZER in world.server.finalizers(uid):
        return ["has a finalizer under ObserveOnly"]
    cloud = world.recording(told.kind)
    there = f"1/{_name(world, uid)}" in cloud.things if cloud.unique else bool(cloud.signed(told.marker))
    ready = world.server.says(uid).startswith("True")
    if told.spec["image"] == "bad" or _name(world, uid) != told.external_name:
        return []
    if ready and not there:
        return [f"is Ready and not in the cloud: {says}"]
    if there and not ready:
        return [f"is in the cloud and not Ready: {says}"]
    return []


def _of_box(world: HistoryWorld, uid: str, told: Told) -> tuple[list[str], set[str]]:
    """What is wrong with an object that says nothing of it, and which reasons to be Stalled it has."""
    pin = pin_of(world.server.resource(uid))
    name = pin.place.name if pin else told.external_name
    thing, excuses = world.boxes.things.get(f"1/{name}"), set()
    if pin and name != told.external_name:
        excuses.add("ImmutableField")
    if thing and thing.wire.get("marker") != told.marker and not (pin and thing.wire.get("marker") is None):
        adopts = told.spec.get("adoptionPolicy") == "Always" and not thing.wire.get("foreign")
        excuses |= set() if adopts else {"Conflict"}
    if thing and thing.wire.get("marker") is None and thing.id in world.boxes.tampered | set(world.boxes.theirs):
        excuses.add("Conflict")  # unsigned, and perhaps no process has seen there what was ours
    if _rivals(world, uid, name):
        excuses.add("Conflict")
    if not world.server.says(uid).startswith("True"):
        return ["is not Ready"], excuses
    if thing is None:
        return ["is Ready without a resource"], excuses
    return _differences(told, thing, told.marker), excuses


def _rivals(world: HistoryWorld, uid: str, name: str) -> list[str]:
    """Others that hold or may hold the name. There must be one that is not refused itself."""
    others = [
        other
        for other, told in world.told.items()
        if other != uid and told.kind == "Box" and not told.gone and told.managed and _name(world, other) == name
    ]
    return [one for one in others if world.told[one].paused or world.server.says(one, "Stalled") != "True Conflict"]


def _name(world: HistoryWorld, uid: str) -> str:
    pin = pin_of(world.server.resource(uid))
    return pin.place.name if pin else world.told[uid].external_name


def _of_cell(world: HistoryWorld, uid: str, told: Told) -> tuple[list[str], set[str]]:
    alive = world.cells.signed(told.marker)
    id_ = world.server.status(uid).get("externalId")
    thing = world.cells.things.get(id_ or "")
    extra = [one for one in alive if one is not thing and one.id not in world.cells.orphans]
    excuses = set()
    if thing and _differences(told, thing) and told.spec.get("replacePolicy") != "Recreate":
        excuses.add("ImmutableField")
    if extra and not told.retained:
        return [f"has {len(alive)} living resources, {id_} and {extra}"], excuses
    if world.server.says(uid, "Complete") == "True Expired":
        renews = told.spec.get("expiryPolicy") == "Recreate" and not told.spec.get("activeDeadlineSeconds")
        renews = renews and told.spec["image"] != "bad"
        return ["is Complete and lives"] if thing in alive else ["is not renewed"] if renews else [], excuses
    if not world.server.says(uid).startswith("True"):
        return ["is not Ready"], excuses
    if thing not in alive or thing is None:
        return ["is Ready without a resource"], excuses
    return _differences(told, thing), excuses


def _differences(told: Told, thing: Thing, marker: str | None = None) -> list[str]:
    wrong = [
        name
        for name in SENT
        if (name in told.spec or name == "suspend") and (thing.wire.get(name) or False) != told.spec.get(name, False)
    ]
    if told.spec.get("secrets") and thing.wire.get("secret-key") != "last":
        wrong.append("secret")
    if told.spec.get("files") and thing.wire.get("files") != told.spec["files"]:
        wrong.append("files")
    if marker is not None and thing.wire.get("marker") != marker:
        wrong.append("marker")
    if thing.health not in HEALTHY:
        wrong.append(f"health {thing.health}")
    return [f"differs from its spec in {', '.join(wrong)}: {thing}"] if wrong else []
