"""The demo's acts. Each shows its commands and raises DemoFailed unless what it shows is so."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.demo.accounts import lead_to
from tests.demo.cloud import CREATED_BY, created, external_ids, leftovers, scale_of, view
from tests.demo.stage import DemoFailed, Stage

SAMPLES = Path("deploy/samples")
WORKLOADS = [f"{SAMPLES}/{kind}-*.yaml" for kind in ("caascontainer", "inferencedeployment", "sandboxcontainer")]
"""kubectl itself finds what matches."""
KINDS = "caas,infd,sbx"
PATIENCE = "--timeout=60s"
EDITED = "hello"
ARRIVES_WITHIN_SECONDS = 30.0


def apply_all(stage: Stage) -> None:
    """Accounts and samples applied, everything Ready, and the cloud has exactly what status says."""
    stage.screen.step("The accounts of a platform team, led to the simulated clouds")
    accounts = stage.plane.directory / "accounts.yaml"
    for change in lead_to(stage.simulator, SAMPLES / "accounts.yaml", accounts):
        stage.screen.say(change)
    stage.kubectl("apply", "-f", str(accounts))
    stage.kubectl("wait", "--for=condition=Ready", "ccacct", "--all", PATIENCE)
    stage.screen.step("What teams write: every sample of the three kinds")
    stage.kubectl("apply", *(word for files in WORKLOADS for word in ("-f", files)))
    stage.kubectl("wait", "--for=condition=Ready", KINDS, "--all", PATIENCE)
    stage.screen.step("Everything is Ready")
    stage.kubectl("get", "caas-operator", "-A")
    _check_objects(_objects(stage))


def show_cloud(stage: Stage) -> None:
    stage.screen.step("The clouds' own view, asked behind the operator's back")
    stage.screen.say(view(stage.simulator))
    told = sorted(str(obj["status"].get("externalId")) for obj in _objects(stage))
    if told != sorted(external_ids(stage.simulator)):
        raise DemoFailed(f"status names {told}, the clouds have {sorted(external_ids(stage.simulator))}")


def edit(stage: Stage) -> None:
    stage.screen.step("An edit arrives in the cloud")
    before = scale_of(stage.simulator, EDITED)
    wanted = int(before["max"]) + 2
    patch = json.dumps({"spec": {"scale": {"max": wanted}}})
    stage.screen.say(f"in the cloud before: {EDITED} has scale {before}")
    began = time.time()
    stage.kubectl("patch", "caas", EDITED, "--type=merge", "--patch", patch)
    _wait_until(lambda: scale_of(stage.simulator, EDITED)["max"] == wanted, "the edit did not arrive in the cloud")
    sent = stage.simulator.journal("gcore.caas.update", name=EDITED)[-1]
    stage.screen.say(f"in the cloud after:  {EDITED} has scale {scale_of(stage.simulator, EDITED)}")
    stage.screen.say(
        f"{sent.method} {sent.path} came {sent.time - began:.2f} s after kubectl was started;"
        f" the cloud's own task took until {time.time() - began:.2f} s"
    )
    stage.kubectl("wait", "--for=condition=Ready", f"caas/{EDITED}", PATIENCE)
    _check_objects(_objects(stage))


def delete_all(stage: Stage) -> None:
    """All objects deleted, the clouds empty, and nothing was ever created twice."""
    expected = created_for(_objects(stage))
    stage.screen.step("Delete everything")
    stage.kubectl("delete", KINDS, "--all", PATIENCE)
    stage.kubectl("delete", "ccacct", "--all", PATIENCE)
    stage.kubectl("get", "caas-operator", "-A")
    stage.screen.step("The clouds are empty, and nothing was created twice")
    stage.screen.say(view(stage.simulator))
    if left := leftovers(stage.simulator):
        raise DemoFailed(f"the clouds still have {', '.join(left)}")
    counted = created(stage.simulator)
    for cloud, number in sorted(counted.items()):
        stage.screen.say(f"{cloud}: {number} created for {expected.get(cloud, 0)} objects")
    if counted != expected:
        raise DemoFailed(f"created {counted}, but the objects were {expected}")


def created_for(objects: list[dict[str, Any]]) -> dict[str, int]:
    """How many creates each cloud should have seen, by the simulator's names."""
    counts: dict[str, int] = {}
    for obj in objects:
        cloud = CREATED_BY.get(obj["kind"]) or obj["status"]["account"]["provider"]
        counts[cloud] = counts.get(cloud, 0) + 1
    return counts


def _objects(stage: Stage) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(stage.plane.kubectl("get", KINDS, "-A", "-o", "json").stdout)["items"]
    if {item["kind"] for item in items} != {"CaasContainer", "InferenceDeployment", "SandboxContainer"}:
        raise DemoFailed("not every kind has an object")
    return items


def _check_objects(objects: list[dict[str, Any]]) -> None:
    for obj in objects:
        status, name = obj["status"], f"{obj['kind']} {obj['metadata']['name']}"
        ready = next(one for one in status["conditions"] if one["type"] == "Ready")
        if ready["status"] != "True" or ready["observedGeneration"] != obj["metadata"]["generation"]:
            raise DemoFailed(f"{name} is not Ready: {ready}")
        if obj["kind"] != "SandboxContainer" and not status.get("endpoint"):
            raise DemoFailed(f"{name} has no endpoint")


def _wait_until(holds: Callable[[], bool], broken: str) -> None:
    end = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise DemoFailed(broken)
        time.sleep(0.02)
