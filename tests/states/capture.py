"""Objects in every state, as the real API server gives them, and the files that keep them.

tests/e2e/states/KIND/STATE.yaml holds one object each. What differs from run to run (uids, versions, times, ports, ids)
is replaced, so that making them anew changes a file only where the operator has changed.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.cluster.control_plane import ControlPlane
from tests.states import accounts
from tests.states.scenes import SCENES, Scene
from tests.support.world import KINDS, MERGE, Json, World, world_of

FOLDER = Path(__file__).parents[1] / "e2e" / "states"
NAMESPACE = "team-a"
_VOLATILE = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "00000000-0000-0000-0000-000000000000"),
    (r"\bcntr_[0-9a-f]+\b", "cntr_000000000000"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "2026-01-01T00:00:00Z"),
    (r'(?<="keyId": ")[0-9a-f]+', "0" * 12),
    (r'(": ")[0-9a-f]{32}(?=")', r"\g<1>" + "0" * 32),  # the keyed hashes of appliedSecrets
    (r"\b127\.0\.0\.1:\d+", "127.0.0.1:8000"),
)

States = dict[str, dict[str, Json]]
"""Kind to state to object."""


def kept() -> States:
    found: States = {}
    for path in sorted(FOLDER.glob("*/*.yaml")):
        found.setdefault(path.parent.name, {})[path.stem] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def write(states: States) -> None:
    """All files anew; those of states that are no more go."""
    for path in FOLDER.glob("*/*.yaml"):
        path.unlink()
    for kind, objects in states.items():
        for state, obj in objects.items():
            path = FOLDER / kind / f"{state}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(obj, width=120), encoding="utf-8")


def captured(plane: ControlPlane) -> States:
    """Bring objects into every state, one after the other, and take them down."""
    with world_of(plane, task_seconds=0.3, operate=False) as world:
        found: States = {kind: {} for kind in SCENES}
        for kind in KINDS:
            at = Scene(world, kind, "unvisited")
            at.create()
            found[kind][at.name] = _taken(at)
        found |= accounts.unvisited(world, plain)
        with world.operating():
            for kind, scenes in SCENES.items():
                for state, act in scenes.items():
                    at = Scene(world, kind, state)
                    act(at)
                    found[kind][state] = _taken(at)
            for kind, state, obj in accounts.visited(world, plain):
                found[kind][state] = obj
            for at in (edited := [Scene(world, kind, "refused-edited") for kind in KINDS]):
                SCENES[at.kind]["refused"](at)
        for at in edited:  # and nobody looks
            at.edit(**({"memoryLimit": "4g"} if at.kind == "SandboxContainer" else {"image": "nginx:1.28"}))
            found[at.kind][at.name] = _taken(at)
        return found


def _taken(at: Scene) -> Json:
    """The object as it is now; then it goes, and what was held goes on."""
    obj = at.world.get(at.kind, at.name)
    assert obj is not None
    path = at.world.path(at.kind, at.name)
    at.world.http.delete(path)
    at.world.http.patch(path, json={"metadata": {"finalizers": None}}, headers=MERGE)
    at.world.simulator.clear_faults()
    return plain(obj, at.world)


def plain(obj: Json, world: World) -> Json:
    """Without what differs from run to run."""
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    meta["resourceVersion"] = "1"
    text = json.dumps({**obj, "metadata": meta}).replace(world.namespace, NAMESPACE)
    for pattern, instead in _VOLATILE:
        text = re.sub(pattern, instead, text)
    numbered = rf"(?<=\b{meta['name']}-)[0-9a-f]{{10}}(?=-\d+\b)"  # a sandbox's name has a hash of the uid
    text = re.sub(numbered, "0" * 10, text)
    result: Json = json.loads(text)
    return result


def differences(now: States) -> Iterator[str]:
    """What the files lack, have too much or have otherwise."""
    before = kept()
    for kind in sorted({*before, *now}):
        for state in sorted({*before.get(kind, {}), *now.get(kind, {})}):
            if before.get(kind, {}).get(state) != now.get(kind, {}).get(state):
                yield f"{kind}/{state}"
