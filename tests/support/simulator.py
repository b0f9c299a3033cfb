"""The simulator as a real subprocess, with a typed client of its admin API.

with running_simulator(task_seconds=0.2) as simulator:
    simulator.fault("gcore.caas.create", "drop", count=1)
    ...
    assert simulator.counters().created["caas"] == 1
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

JSON = dict[str, Any]
START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Urls:
    """`openai` ends in /v1, the others have no path and no trailing slash."""

    gcore: str
    openai: str
    gateway: str
    admin: str


@dataclass(frozen=True)
class Keys:
    gcore: str = "gcore-key"
    openai: str = "sk-openai"
    gateway: str = "sk-bf-gateway"


@dataclass(frozen=True)
class Entry:
    """One journalled request; `outcome` is in_flight, answered or dropped, `done` what the cloud carried out."""

    seq: int
    time: float
    cloud: str
    operation: str
    method: str
    path: str
    query: str
    body: Any
    name: str | None
    names: tuple[str, ...]
    headers: dict[str, str]
    status: int | None
    outcome: str
    done: bool


@dataclass(frozen=True)
class Counters:
    requests: int
    in_flight: int
    peak_in_flight: int
    operations: dict[str, int]
    statuses: dict[str, int]
    created: dict[str, int]
    activity: dict[str, int]

    def calls(self, *operations: str) -> int:
        """Requests of these operations together; no operation: of all."""
        return sum(self.operations.get(name, 0) for name in operations) if operations else self.requests

    def minus(self, earlier: Self) -> dict[str, int]:
        """Requests by operation since an earlier reading, without those that did not change."""
        grown = {name: n - earlier.operations.get(name, 0) for name, n in self.operations.items()}
        return {name: n for name, n in grown.items() if n}


@dataclass
class Clouds:
    """A running simulator, wherever it runs. All calls go to its admin API and fail loudly.

    `urls` are those that an operator uses; `_http` leads to the admin API.
    """

    urls: Urls
    keys: Keys
    _http: httpx.Client = field(repr=False)

    def call(self, method: str, path: str, body: object = None, **params: str | int) -> JSON:
        content = None if body is None else json.dumps(body)
        answer = self._http.request(method, path, content=content, params=params)
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        parsed: JSON = answer.json()
        return parsed

    # --- time ---

    def now(self) -> float:
        """Simulated seconds since the epoch."""
        return float(self.call("GET", "/clock")["epoch_seconds"])

    def advance(self, seconds: float) -> float:
        """Move the clock; what is due by then has happened when this returns. Answers the new time."""
        return float(self.call("POST", "/clock", {"advance_seconds": seconds})["epoch_seconds"])

    # --- misbehaviour ---

    def fault(self, operation: str, effect: str, **fields: object) -> int:
        """Add a rule and answer its id; `caas_operator.simulator.faults` has the effects.

        Fields: name, count, skip, status, body, headers, retry_after, seconds, when, text, set.
        """
        rule = {"operation": operation, "effect": effect, **fields}
        return int(self.call("POST", "/faults", rule)["ids"][0])

    def faults(self) -> list[JSON]:
        return list(self.call("GET", "/faults")["faults"])

    def release(self, fault: int) -> None:
        """Let go what a hold or task_hold rule holds; it meets nothing more."""
        self.call("POST", f"/faults/{fault}/release")

    def clear_faults(self, fault: int | None = None) -> None:
        self.call("DELETE", "/faults" if fault is None else f"/faults/{fault}")

    def switch(self, name: str, value: str | float) -> None:
        self.call("POST", "/switches", {name: value})

    def switch_value(self, name: str) -> str | float:
        value: str | float = self.call("GET", "/switches")["values"][name]
        return value

    def profile(self, name: str) -> None:
        """Set all switches: documented, opposite or mix."""
        self.call("POST", "/switches", {"profile": name})

    # --- what was asked, what there is ---

    def journal(self, operation: str = "*", *, name: str = "*", since: int = 0) -> list[Entry]:
        """Requests, oldest first, by globs of operation and name (also a sandbox's or task's id)."""
        found = self.call("GET", "/journal", operation=operation, name=name, since=since)["entries"]
        return [Entry(**{**item, "names": tuple(item["names"])}) for item in found]

    def clear_journal(self) -> None:
        """Forget requests and counts."""
        self.call("DELETE", "/journal")

    def record(self, *, on: bool) -> None:
        self.call("POST", "/journal", {"recording": on})

    def counters(self) -> Counters:
        return Counters(**self.call("GET", "/counters"))

    def state(self, *kinds: str) -> JSON:
        """What the clouds hold, all of it or only some kinds.

        Kinds: caas, inference, tasks, sandboxes, pull_secrets, registry_credentials, api_keys,
        inference_secrets, projects, regions, quotas, keys.
        """
        return self.call("GET", "/state", **({"kind": ",".join(kinds)} if kinds else {}))

    def listed(self, kind: str) -> list[JSON]:
        """The resources of one kind; sandboxes without the deleted ones."""
        return [item for item in self.state(kind)[kind] if not item.get("deleted")]

    def change(self, action: str, kind: str, **fields: object) -> JSON:
        """Change a cloud behind everybody's back; see `caas_operator.simulator.admin.changes`."""
        change = {"action": action, "kind": kind, **fields}
        result: JSON = self.call("POST", "/state", change)["results"][0]
        return result

    def reset(self) -> None:
        """No resources, rules, journal or changed switches; the clock keeps its offset."""
        self.call("POST", "/reset")

    # --- waiting ---

    def wait_until(self, holds: Callable[[], object], *, seconds: float = 20.0, every: float = 0.02) -> None:
        """Wait in real time until a condition holds; AssertionError when it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not true within {seconds} s")
            time.sleep(every)


@dataclass
class Simulator(Clouds):
    """A simulator as a subprocess of ours."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL, as a lost machine."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_simulator(*, start_seconds: float = START_SECONDS, **options: object) -> Iterator[Simulator]:
    """A simulator on free loopback ports; options are the command's flags with underscores.

    For example `task_seconds=0.2`, `clock="manual"`, `gateway_provider_key=["one", "two"]`. It is stopped, and
    nothing of it is left, when the block ends or this process dies.
    """
    command = [sys.executable, "-m", "caas_operator.cli.simulate", "--exit-with-parent", *_flags(options)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        urls = Urls(**json.loads(_first_line(process, start_seconds)))
        with httpx.Client(base_url=urls.admin, timeout=60, trust_env=False) as http:
            yield Simulator(urls, _keys(options), http, process)
    finally:
        _stop(process)


def _flags(options: JSON) -> list[str]:
    flags: list[str] = []
    for name, value in options.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            flags += ["--" + name.replace("_", "-"), str(one)]
    return flags


def _keys(options: JSON) -> Keys:
    fresh = Keys()
    return Keys(
        options.get("gcore_api_key", fresh.gcore),
        options.get("openai_api_key", fresh.openai),
        options.get("gateway_virtual_key", fresh.gateway),
    )


def _first_line(process: subprocess.Popen[str], seconds: float) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise AssertionError(f"the simulator did not start within {seconds} s (exit {process.poll()})")
    return line


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
