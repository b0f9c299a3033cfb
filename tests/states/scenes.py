"""How an object of each kind is brought into each state, on a real API server, by the operator and a simulated cloud.

A scene ends when its object shows the state, and holds what would change it until the object was captured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.foreign import BODIES
from tests.support.world import CLOUD_KIND, CREATE, DELETE, KINDS, UPDATE, Json, World, condition, reason

CAAS, INFD, SBX = KINDS
INTENT = "caas-operator.dev/create-intent"
PAUSED = {"caas-operator.dev/paused": "true"}
LIST = {CAAS: "gcore.caas.list", INFD: "gcore.inference.list", SBX: "openai.containers.list"}
FAILED: Mapping[str, Json] = {
    CAAS: {"status": "Error", "status_message": "image gone"},
    INFD: {"error_message": "image gone"},
}


@dataclass(frozen=True)
class Scene:
    """One object; its name is the state's."""

    world: World
    kind: str
    name: str

    def create(self, annotations: Json | None = None, **spec: Any) -> None:
        self.world.create(self.kind, self.name, annotations=annotations, **spec)

    def serve(self, **spec: Any) -> None:
        self.create(**spec)
        self.world.wait_ready(self.kind, self.name)

    def edit(self, **spec: Any) -> None:
        self.world.edit(self.kind, self.name, **spec)

    def fault(self, operation: Mapping[str, str], effect: str, **fields: object) -> None:
        self.world.simulator.fault(operation[self.kind], effect, **fields)

    def show(self, type_: str, status: str, reason_: str) -> None:
        self.world.wait_condition(self.kind, self.name, type_, status, reason_)

    def until(self, holds: Callable[[Json], object], told: str) -> None:
        self.world.wait(
            lambda: (obj := self.world.get(self.kind, self.name)) and holds(obj), told=f"{self.name}: {told}"
        )

    def relist(self) -> None:
        """Let a resync's time pass, and wait until the operator has looked again."""
        before = self.world.simulator.counters()
        self.world.simulator.advance(61)
        self.world.wait(lambda: self.world.simulator.counters().minus(before).get(LIST[self.kind]), told="a new list")

    def operates(self, verb: str, reason_: str) -> None:
        """The operation was sent, and status says so."""
        self.until(
            lambda obj: obj["status"].get("operation", {}).get("type") == verb and reason(obj) == reason_,
            f"{verb} sent",
        )


def creating(at: Scene) -> None:
    at.fault(CREATE, "task_hold" if at.kind in UPDATE else "hold", name=f"{at.name}*")
    if at.kind == SBX:
        at.create()
        at.until(lambda obj: INTENT in obj["metadata"].get("annotations", {}), "meant")
    else:
        at.create()
        at.operates("Create", "Provisioning")


def serving(at: Scene) -> None:
    at.serve()


def suspended(at: Scene) -> None:
    at.create(suspend=True)
    at.show("Ready", "True", "Suspended")


def updating(at: Scene) -> None:
    at.serve()
    at.fault(UPDATE, "task_hold", name=at.name)
    at.edit(image="nginx:1.28")
    at.until(lambda obj: obj["status"]["operation"]["type"] == "Update" and condition(obj, "Reconciling"), "updating")


def replacing(at: Scene) -> None:
    at.serve(replacePolicy="Recreate", memoryLimit="1g")
    at.fault(DELETE, "hold")
    at.edit(memoryLimit="4g")
    at.show("Reconciling", "True", "Updating")


def retrying_new(at: Scene) -> None:
    at.create(**_absent(at.kind))
    at.show("Ready", "False", "DependencyNotReady")


def retrying_served(at: Scene) -> None:
    at.serve(**({"replacePolicy": "Recreate"} if at.kind == SBX else {}))
    at.edit(**_absent(at.kind))
    at.show("Synced", "False", "DependencyNotReady")


def _absent(kind: str) -> Json:
    """A reference to a Secret that is not there."""
    ref = {"secretKeyRef": {"name": "absent", "key": "key"}}
    if kind == SBX:
        return {"files": [{"path": "token", **ref}]}
    return {"env": [{"name": "TOKEN", "valueFrom": ref}]}


def failed(at: Scene) -> None:
    at.serve()
    change = {"name": at.name, "region": 76, "set": FAILED[at.kind]}
    at.world.simulator.change("mutate", CLOUD_KIND[at.kind], **change)
    at.relist()
    at.show("Ready", "False", "CloudError")


def failed_long(at: Scene) -> None:
    failed(at)
    at.world.simulator.advance(601)
    at.show("Stalled", "True", "ProgressDeadlineExceeded")


def refused(at: Scene) -> None:
    at.fault(CREATE, "respond", name=f"{at.name}*", status=400)
    at.create()
    at.show("Stalled", "True", "InvalidSpec")


def edit_refused(at: Scene) -> None:
    if at.kind == SBX:  # a gateway would drop the policy without a word
        at.serve(accountRef={"kind": "ClusterCloudAccount", "name": "gateway"}, replacePolicy="Recreate")
        at.edit(networkPolicy={"type": "disabled"})
    else:
        at.serve()
        at.fault(UPDATE, "respond", name=at.name, status=400)
        at.edit(image="nginx:1.28")
    at.show("Stalled", "True", "InvalidSpec")


def conflict(at: Scene) -> None:
    at.world.simulator.change("create", CLOUD_KIND[at.kind], region=76, body={"name": at.name, **BODIES[at.kind]})
    at.create()
    at.show("Stalled", "True", "Conflict")


def immutable(at: Scene) -> None:
    at.serve(commands="sleep 1")
    at.edit(commands=None)
    at.show("Stalled", "True", "ImmutableField")


def immutable_part(at: Scene) -> None:
    at.serve(logging={"enabled": True, "destinationRegionId": 1, "topicName": "logs"})
    at.edit(logging={"topicName": None})
    at.show("Stalled", "True", "ImmutableField")


def immutable_import(at: Scene) -> None:
    made = at.world.simulator.change("create", "sandbox", body={"name": "theirs"})
    at.create(importId=made["id"], deletionPolicy="Retain", memoryLimit="64g")
    at.show("Stalled", "True", "ImmutableField")


def drift(at: Scene) -> None:
    at.world.simulator.change("create", CLOUD_KIND[at.kind], region=76, body={"name": at.name, **BODIES[at.kind]})
    at.create(managementPolicy="ObserveOnly", image="other:2")
    at.show("Synced", "False", "DriftDetected")


def outdated(at: Scene) -> None:
    at.world.create_secret("changing", key="first")
    secret = {"domain": "a.example", "name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "changing", "key": "key"}}}
    at.serve(networkPolicy={"type": "allowlist", "allowedDomains": ["a.example"], "domainSecrets": [secret]})
    at.world.change_secret("changing", key="second")
    at.world.simulator.advance(70)
    at.show("Synced", "False", "DriftDetected")


def paused_new(at: Scene) -> None:
    at.create(PAUSED)
    at.show("Ready", "False", "Paused")


def paused_serving(at: Scene) -> None:
    at.serve()
    at.world.annotate(at.kind, at.name, paused="true")
    at.show("Synced", "Unknown", "Paused")


def paused_edited(at: Scene) -> None:
    paused_serving(at)
    at.edit(**({"ttlSecondsAfterFinished": 60} if at.kind == SBX else {"image": "nginx:1.28"}))
    at.until(lambda obj: (condition(obj, "Synced") or {})["observedGeneration"] == 2, "seen")


def expired(at: Scene) -> None:
    at.serve(expiresAfter={"minutes": 1})
    at.world.simulator.advance(61)
    at.relist()
    at.show("Complete", "True", "Expired")


def expired_recreate(at: Scene) -> None:
    at.serve(expiresAfter={"minutes": 1}, expiryPolicy="Recreate", activeDeadlineSeconds=3600)
    at.fault(CREATE, "hold", name=f"{at.name}*")
    at.world.simulator.advance(61)
    at.relist()
    at.show("Ready", "False", "Expired")
    at.until(lambda obj: '"number":2' in obj["metadata"]["annotations"][INTENT], "the next one is meant")


def deleting(at: Scene) -> None:
    at.serve()
    at.fault(DELETE, "task_hold" if at.kind in UPDATE else "hold")
    at.world.delete(at.kind, at.name)
    if at.kind in UPDATE:
        at.operates("Delete", "Deleting")
    else:
        at.show("Ready", "False", "Deleting")


def delete_blocked(at: Scene) -> None:
    at.serve(deletionProtection=True)
    at.world.delete(at.kind, at.name)
    at.show("Ready", "False", "DeleteBlocked")


Act = Callable[[Scene], None]
COMMON: Mapping[str, Act] = {
    "creating": creating,
    "serving": serving,
    "retrying-new": retrying_new,
    "retrying-served": retrying_served,
    "refused": refused,
    "edit-refused": edit_refused,
    "paused-new": paused_new,
    "paused-serving": paused_serving,
    "paused-edited": paused_edited,
    "deleting": deleting,
    "delete-blocked": delete_blocked,
}
GCORE: Mapping[str, Act] = {
    **COMMON,
    "suspended": suspended,
    "updating": updating,
    "failed": failed,
    "failed-long": failed_long,
    "conflict": conflict,
    "drift": drift,
}
SCENES: Mapping[str, Mapping[str, Act]] = {
    CAAS: {**GCORE, "immutable": immutable},
    INFD: {**GCORE, "immutable": immutable_part},
    SBX: {
        **COMMON,
        "updating": replacing,
        "immutable": immutable_import,
        "drift": outdated,
        "expired": expired,
        "expired-recreate": expired_recreate,
    },
}
"""A sandbox cannot be stopped and has no failure of its own; CEL refuses an edit of what cannot be changed."""
