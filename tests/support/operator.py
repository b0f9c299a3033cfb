"""The operator as its users run it: a process of its own, stopped or killed as a test wants."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.control_plane import ControlPlane
from tests.support.simulator import Simulator

START_SECONDS = 60.0
STOP_SECONDS = 40.0

_started: list[tuple[Path, bool, subprocess.Popen[bytes]]] = []
"""The operators of running tests: their control planes, and whether each means to be alone on it."""


@dataclass
class OperatorProcess:
    """A running operator. Its log (JSON lines) is at `log`; it outlives the process."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """As a node that dies: no handler runs."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As a rollout: SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def records(self) -> list[dict[str, object]]:
        """The log so far; a line that is being written just now is left out."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    def get(self, path: str) -> str:
        """What the operator's own HTTP server answers; raises OSError while it does not."""
        return _get(self._address("health"), path)

    def metrics(self) -> str:
        """What Prometheus would see; needs the flag metrics_address."""
        return _get(self._address("metrics"), "/metrics")

    def _address(self, what: str) -> str:
        for record in self.records():
            message = str(record.get("message", ""))
            if message.startswith((f"{what} is served at ", f"{what} are served at ")):
                return message.split(" served at ")[1].rpartition("/")[0]
        raise ConnectionError("no address yet")

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        end = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the operator ended with {self.process.returncode}:\n{self.tail()}")
            with suppress(OSError):
                self.get("/readyz")
                return
            if time.monotonic() > end:
                raise TimeoutError(f"the operator is not ready after {seconds:.0f} s:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-lines:])


def _get(address: str, path: str) -> str:
    try:
        with urllib.request.urlopen(f"{address}{path}", timeout=5) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise ConnectionError(f"{error.code}: {error.read().decode()}") from error


@contextmanager
def running_operator(
    plane: ControlPlane,
    simulator: Simulator | None = None,
    *,
    follow_clock: bool = True,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str | float] | None = None,
) -> Iterator[OperatorProcess]:
    """Start `caas-operator run` and wait until it is ready; at the end it is stopped, unless a test did so.

    With a simulator, its clock is the operator's. `flags` are those of the command, underscores for dashes.
    One without a Lease for all namespaces is alone on its control plane: another would do its work, sometimes.
    """
    alone = not {"leader_elect", "namespaces"} & (flags or {}).keys()
    others = [other for where, other, process in _started if where == plane.directory and process.poll() is None]
    assert not others or not (alone or any(others)), "another operator watches the same objects"
    given: dict[str, str | float] = {
        "kubeconfig": str(plane.kubeconfig),
        "health_address": "127.0.0.1:0",
        "cluster_id": "test-cluster",
        "task_poll_seconds": 0.3,
    }
    if simulator is not None and follow_clock:
        given["clock_url"] = simulator.urls.admin
    log = plane.directory / f"operator-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "caas_operator.cli.main", "run"]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in {**given, **(flags or {})}.items()]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GCORE_", "OPENAI_", "CAAS_OPERATOR_"))}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stderr=out, stdout=out, env={**clean, **(environment or {})})
    operator = OperatorProcess(process, log)
    started = (plane.directory, alone, process)
    _started.append(started)
    try:
        operator.wait_until_ready()
        yield operator
    finally:
        _started.remove(started)
        if process.poll() is None:
            try:
                operator.stop()
            except subprocess.TimeoutExpired:
                operator.kill()
