"""The same job done by what a user of kopf writes (plain_kopf.py), measured with the same meters.

Its kind is one of its own, with the schema of kopf's documentation (everything is preserved, nothing validated): that
makes its writes cheaper for the API server than ours. Its timer is real time, so its minute is made shorter.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import yaml

from tests.bench.fleet import Fleet, followed, names_of
from tests.bench.plain_kopf import GROUP, PLURAL
from tests.bench.stage import Reading, Stage, in_thread

USER = "plain-kopf"
READY_SECONDS = 60.0
ROUND_SECONDS = 6.0
"""Its resync: long enough for all GETs of a round to be done within it."""
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Container", "plural": PLURAL, "singular": "container"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            name: {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                            for name in ("spec", "status")
                        },
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class Beside:
    """`steady`: so many rounds of its timer for all objects."""

    objects: int
    burst: Reading
    rounds: int
    steady: Reading
    deletion: Reading


async def beside(stage: Stage, objects: int, rounds: int) -> Beside:
    stage.plane.kubectl("apply", "--filename=-", input=yaml.safe_dump(CRD))
    stage.plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"crd/{CRD['metadata']['name']}")  # type: ignore[index]
    names = names_of("plain", objects)
    fleet = Fleet(stage.api, stage.plane.create_namespace(), f"{GROUP}/v1", "Container", PLURAL)
    async with followed(fleet):
        async with in_thread(_plain(stage, resync_seconds=3600)) as process:
            made = await _burst(stage, fleet, process.pid, names)
        async with in_thread(_plain(stage, resync_seconds=ROUND_SECONDS)) as process:
            still = await _steady(stage, process.pid, objects, rounds)
        async with in_thread(_plain(stage, resync_seconds=3600)) as process:
            await stage.calm(process.pid)
            meter = stage.meter(process.pid, USER)
            await fleet.delete(names)
            await fleet.until_gone(names)
            gone = meter.read()
    return Beside(objects, made, rounds, still, gone)


async def _burst(stage: Stage, fleet: Fleet, pid: int, names: list[str]) -> Reading:
    await stage.calm(pid)
    meter = stage.meter(pid, USER)
    await fleet.create(names)
    await fleet.until_ready(names)
    await stage.calm(pid)
    return meter.read(fleet.last_ready_at)


async def _steady(stage: Stage, pid: int, objects: int, rounds: int) -> Reading:
    """From the first GET of the timers on."""
    await stage.calls("gcore.caas.get")
    meter = stage.meter(pid, USER)
    await stage.calls("gcore.caas.get", rounds * objects - 1)
    return meter.read()


@contextmanager
def _plain(stage: Stage, *, resync_seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """As its user runs it."""
    log = stage.plane.directory / f"plain-kopf-{time.monotonic_ns()}.log"
    environment = os.environ | {
        "KUBECONFIG": str(stage.plane.kubeconfig_for(USER, ["system:masters"])),
        "GCORE_URL": stage.simulator.urls.gcore,
        "GCORE_API_KEY": stage.simulator.keys.gcore,
        "RESYNC_SECONDS": str(resync_seconds),
    }
    command = [sys.executable, "-m", "kopf", "run", "--all-namespaces", "-m", "tests.bench.plain_kopf"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        end = time.monotonic() + READY_SECONDS
        while "Initial authentication has finished" not in log.read_text(encoding="utf-8"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"plain_kopf did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
