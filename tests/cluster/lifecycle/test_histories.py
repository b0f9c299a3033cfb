"""A hundred steps of users, clouds and crashes on the real API server, and then what should exist in the clouds.

The steps are always the same ones; tests/core/test_histories_property.py makes up others, in one process.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.simulator import JSON
from tests.support.world import CLOUD_KIND, CREATE, DELETE, KINDS, UPDATE, World, condition, world_of

STEPS = 100
NAMES = ("alpha", "beta")
EDITS = {
    "CaasContainer": ("image", "image", ["nginx:1.27", "nginx:1.28", "nginx:1.29"]),
    "InferenceDeployment": ("image", "image", ["nginx:1.27", "nginx:1.28", "nginx:1.29"]),
    "SandboxContainer": ("memoryLimit", "memory_limit", ["1g", "4g", "16g"]),
}
POLICIES = {
    "deletionPolicy": ["Retain", "Delete"],
    "managementPolicy": ["ObserveOnly", "Managed", "Managed"],
    "adoptionPolicy": ["Always", "IfOwned"],
}
LISTS = ("gcore.caas.list", "gcore.inference.list", "openai.containers.list", "gcore.tasks.list")
TROUBLES = {
    "503": ("respond", {"status": 503}),
    "429": ("respond", {"status": 429, "retry_after": 2}),
    "done and unknown": ("do_then_drop", {}),
    "not done and unknown": ("drop", {}),
    "done and 504": ("do_then_respond", {"status": 504}),
}


class History:
    """One run. `left`: names whose resource may have stayed in the cloud by the user's own wish."""

    def __init__(self, world: World) -> None:
        self.world, self.chance = world, random.Random(20)
        self.left: set[tuple[str, str]] = set()
        self.processes = ExitStack()

    def step(self) -> str:
        actions = [self.apply] * 6 + [self.edit] * 5 + [self.policy] * 2 + [self.pause] + [self.delete] * 3
        actions += [self.outsider] * 3 + [self.trouble] * 3 + [self.restart] + [self.wait] * 3 + [self.look_on] * 6
        action = self.chance.choice(actions)
        kind, name = self.chance.choice(KINDS), self.chance.choice(NAMES)
        action(kind, name)
        return f"{action.__name__} {kind} {name}"

    def start(self) -> None:
        self.processes.enter_context(self.world.operating())

    def apply(self, kind: str, name: str) -> None:
        if self.world.get(kind, name) is not None:
            return
        field, _, values = EDITS[kind]
        spec: JSON = {field: self.chance.choice(values)}
        if kind == "SandboxContainer":
            spec["replacePolicy"] = "Recreate"
        if self.chance.random() < 0.3:
            spec["deletionPolicy"] = "Retain"
            self.left.add((kind, name))
        self.world.create(kind, name, **spec)

    def edit(self, kind: str, name: str) -> None:
        field, _, values = EDITS[kind]
        value = self.chance.choice(values)
        if self.world.get(kind, name) is not None:
            with unless_gone():
                self.world.edit(kind, name, **{field: value})

    def policy(self, kind: str, name: str) -> None:
        field = self.chance.choice(sorted(POLICIES))
        if self.world.get(kind, name) is None or (field == "adoptionPolicy" and kind == "SandboxContainer"):
            return
        value = self.chance.choice(POLICIES[field])
        with unless_gone():
            self.world.edit(kind, name, **{field: value})
        if value in ("Retain", "ObserveOnly"):
            self.left.add((kind, name))

    def pause(self, kind: str, name: str) -> None:
        value = self.chance.choice(["true", None, None])
        if self.world.get(kind, name) is not None:
            with unless_gone():
                self.world.annotate(kind, name, paused=value)

    def delete(self, kind: str, name: str) -> None:
        if self.world.get(kind, name) is not None:
            with unless_gone():
                self.world.delete(kind, name)

    def outsider(self, kind: str, name: str) -> None:
        """Somebody deletes a resource, or changes it."""
        number, found = self.chance.random(), of_name(self.world, kind, name)
        if not found:
            return
        what = {"kind": "sandbox", "id": found[0]["id"]} if kind == "SandboxContainer" else at_gcore(kind, name)
        with unless_gone():
            if kind == "SandboxContainer" or number < 0.5:
                self.world.simulator.change("delete", **what)
            else:
                self.world.simulator.change("mutate", **what, set={"image": "changed:1"})

    def trouble(self, kind: str, name: str) -> None:  # noqa: ARG002 - as the other steps
        effect, fields = TROUBLES[self.chance.choice(sorted(TROUBLES))]
        operation = self.chance.choice([CREATE[kind], DELETE[kind], UPDATE.get(kind, CREATE[kind]), *LISTS])
        if operation in LISTS:
            effect, fields = TROUBLES["503"]
        self.world.simulator.fault(operation, effect, count=1, **fields)

    def restart(self, kind: str, name: str) -> None:  # noqa: ARG002 - as the other steps
        """As a node that dies, and another that takes over."""
        assert self.world.operator is not None
        self.world.operator.kill()
        self.start()

    def wait(self, kind: str, name: str) -> None:  # noqa: ARG002 - as the other steps
        self.world.simulator.advance(self.chance.choice([0.3, 2, 20, 65, 400]))

    def look_on(self, kind: str, name: str) -> None:  # noqa: ARG002 - as the other steps
        """Until the operator has said something of every object as it is by now, or has had the time to."""
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            objects = [obj for kind in KINDS for obj in self.world.objects(kind)]
            if all(obj["status"]["observedGeneration"] == obj["metadata"]["generation"] for obj in objects):
                self.world.simulator.advance(2)
                return

    def calm(self) -> None:
        """All trouble is over."""
        self.world.simulator.clear_faults()
        for kind in KINDS:
            for obj in self.world.objects(kind):
                with unless_gone():
                    self.world.annotate(kind, obj["metadata"]["name"], paused=None)

    def complaints(self) -> list[str]:
        """Let some seconds pass, and hold the clouds against the specs."""
        self.world.simulator.advance(5)
        return [text for kind in KINDS for name in NAMES for text in self.compare(kind, name)]

    def compare(self, kind: str, name: str) -> list[str]:
        obj, found = self.world.get(kind, name), of_name(self.world, kind, name)
        may_stay = (kind, name) in self.left
        if obj is None:
            return [] if may_stay or not found else [f"{kind} {name} is gone and left {found}"]
        if "deletionTimestamp" in obj["metadata"]:
            return [f"{kind} {name} is still being deleted: {obj['status'].get('conditions')}"]
        if obj["spec"].get("managementPolicy") == "ObserveOnly":
            return ["finalizer under ObserveOnly"] if obj["metadata"].get("finalizers") else []
        if kind == "SandboxContainer" and (complete := condition(obj, "Complete")):
            own = [one for one in found if one["id"] == obj["status"].get("externalId")]
            return [f"{kind} {name} is {complete['reason']} and lives"] if own else []
        ready = condition(obj, "Ready")
        current = ready and ready["status"] == "True" and ready["observedGeneration"] == obj["metadata"]["generation"]
        if not current:
            return [f"{kind} {name} is not Ready: {obj['status'].get('conditions')}"]
        return self.differs(kind, name, obj, found)

    def differs(self, kind: str, name: str, obj: JSON, found: list[JSON]) -> list[str]:
        field, wire, _ = EDITS[kind]
        if kind == "SandboxContainer":
            own = [one for one in found if one["id"] == obj["status"]["externalId"]]
        else:
            own = found
        if len(own) != 1 or (len(found) != 1 and (kind, name) not in self.left):
            return [f"{kind} {name}: {len(found)} resources, {len(own)} bound"]
        if field in obj["spec"] and own[0][wire] != obj["spec"][field]:
            return [f"{kind} {name}: {field} is {own[0][wire]}, not {obj['spec'][field]}"]
        return []


@contextmanager
def unless_gone() -> Iterator[None]:
    """The operator works meanwhile: what was there a moment ago may not be."""
    try:
        yield
    except AssertionError as error:
        if '"code":404' not in str(error) and "/state: 4" not in str(error):
            raise


def of_name(world: World, kind: str, name: str) -> list[JSON]:
    """What lives in the cloud by the name of an object; a sandbox's goes on with hash and number."""
    found = world.in_cloud(kind)
    if kind == "SandboxContainer":
        return [item for item in found if item["name"].startswith(f"{name}-")]
    return [item for item in found if item["name"] == name]


def at_gcore(kind: str, name: str) -> JSON:
    return {"kind": CLOUD_KIND[kind], "name": name} | ({"region": 76} if kind == "CaasContainer" else {})


@pytest.fixture
def history(control_plane: ControlPlane) -> Iterator[History]:
    with world_of(control_plane, task_seconds=0.5, operate=False) as world:
        history = History(world)
        with history.processes:
            history.start()
            yield history


def test_a_hundred_steps_end_in_what_the_final_specs_ask_for(history: History) -> None:
    steps = [history.step() for _ in range(STEPS)]
    history.calm()
    history.world.wait(lambda: not history.complaints(), seconds=120, told=f"{history.complaints()} after {steps}")
    counters = history.world.simulator.counters()
    assert counters.calls(*CREATE.values()) >= 12, "a history in which something happens"
    assert counters.calls(*DELETE.values(), *UPDATE.values()) >= 6, "the same"
    for kind in KINDS:
        for name in NAMES:
            history.delete(kind, name)
    history.world.wait(
        lambda: history.complaints() == [] and not any(history.world.objects(kind) for kind in KINDS),
        seconds=120,
        told="everything is gone",
    )
