"""A demo that stays: held by a process in the background, found again by what is written in .demo/.

Whoever has `.demo/lock` (an flock, which the kernel drops with its holder) is the one demo that stays. `state.json`
names the holder and its children with the times they were started at, so that no other process is ever ended for them.
"""

import fcntl
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.demo import play
from tests.demo.screen import Screen
from tests.demo.stage import ROOT, Stage, set_up

HOME = Path(os.environ.get("DEMO_HOME") or ROOT / ".demo")
LOCK, STATE, LOG = HOME / "lock", HOME / "state.json", HOME / "demo.log"
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1

HINTS = """\
Another terminal, this folder:

  export KUBECONFIG={kubeconfig}
  alias kubectl={kubectl}      # or your own

  kubectl get caas-operator -A
  kubectl explain caascontainer.spec.scale.triggers.http
  kubectl patch caas hello --type=merge -p '{{"spec":{{"scale":{{"max":5}}}}}}'
  kubectl wait --for=condition=Ready caas,infd,sbx --all
  kubectl delete caas,infd,sbx --all

  curl -i "$(kubectl get caas hello -o 'jsonpath={{.status.endpoint}}')"      # an address that answers
  kubectl get configmap thumbnails-address -o 'jsonpath={{.data.url}}'      # where exportTo put one
  curl -s '{admin}/state?kind=caas,inference,sandboxes'      # the clouds' own view
  tail -f {log}      # the operator's log

End it: make demo-stop"""


def start(screen: Screen) -> int:
    """Start the holder and show what it does until everything is up; refused while another demo stays."""
    HOME.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        if not _take(lock.fileno()):
            screen.end(f"A demo is running already (pid {_state().get('pid', 'unknown')}). End it: make demo-stop")
            return 1
        _tidy()
        command = [sys.executable, "-m", "tests.demo", "hold", *(["--colour"] if screen.colour else [])]
        with LOG.open("wb") as log:
            holder = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],  # it has the lock from here on, for as long as it lives
                start_new_session=True,
            )
    try:
        return _follow(holder)
    except BaseException:
        holder.terminate()
        holder.wait(STOP_SECONDS)
        raise


def _follow(holder: subprocess.Popen[bytes]) -> int:
    """Repeat the holder's words until it is up or has ended."""
    with LOG.open(encoding="utf-8", errors="replace") as log:
        while True:
            ended, up = holder.poll(), _state().get("up", False)
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if ended is not None:
                return ended or 1
            if up:
                return 0
            time.sleep(POLL_SECONDS)


def hold(screen: Screen) -> int:
    """The background's part: set up, play up to the table, and wait to be ended, or for .demo to be removed."""
    _write_state({"pid": os.getpid(), "started": _started(os.getpid())})
    try:
        # With the controller manager, as in a real cluster: namespaces can be deleted, owned objects are collected.
        with set_up(screen, HOME / "control-plane", controller_manager=True) as stage:
            play.apply_all(stage)
            play.show_cloud(stage)
            _hand_over(screen, stage)
            while STATE.exists():
                time.sleep(1)
    finally:
        for path in (STATE, HOME / "kubeconfig", HOME / "kubectl"):
            path.unlink(missing_ok=True)
    return 0


def _hand_over(screen: Screen, stage: Stage) -> None:
    kubeconfig, kubectl = HOME / "kubeconfig", HOME / "kubectl"
    shutil.copyfile(stage.plane.kubeconfig, kubeconfig)
    kubeconfig.chmod(0o600)
    words = [str(stage.plane.kubectl_path), f"--cache-dir={stage.plane.directory / 'kubectl-cache'}"]
    kubectl.write_text(f'#!/bin/sh\nexec {shlex.join(words)} --kubeconfig={shlex.quote(str(kubeconfig))} "$@"\n')
    kubectl.chmod(0o755)
    screen.step("It stays, in the background")
    hints = {"kubeconfig": kubeconfig, "kubectl": kubectl, "admin": stage.simulator.urls.admin}
    screen.say(HINTS.format(**hints, log=stage.operator.log))
    children = {"simulator": stage.simulator.pid, "operator": stage.operator.pid}
    _write_state(
        {
            "pid": os.getpid(),
            "started": _started(os.getpid()),
            "children": [{"name": name, "pid": pid, "started": _started(pid)} for name, pid in children.items()],
            "up": True,
        }
    )


def stop(screen: Screen) -> int:
    """End the demo that stays, if there is one, and everything of it."""
    if not LOCK.exists():
        screen.end("No demo is running.")
        return 0
    with LOCK.open("w") as lock:
        if held := not _take(lock.fileno()):
            holder = _await_state()
            _end(int(holder["pid"]), str(holder["started"]))
            fcntl.flock(lock, fcntl.LOCK_EX)
        left = _state().get("children", [])  # only of a holder that was killed; the control plane ends by itself
        for child in left:
            _end(child["pid"], child["started"])
        _tidy()
    screen.end("The demo is stopped." if held or left else "No demo is running.")
    return 0


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tidy() -> None:
    """Remove all but the lock; only whoever has the lock may."""
    for path in HOME.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != LOCK:
            path.unlink()


def _end(pid: int, started: str) -> None:
    """SIGTERM, later SIGKILL, to this very process; nothing to do if it has ended."""
    try:
        process = os.pidfd_open(pid)  # from here on the number cannot come to mean another process
    except ProcessLookupError:
        return
    try:
        if _started(pid) != started:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
            if select.select([process], [], [], STOP_SECONDS)[0]:
                return
    finally:
        os.close(process)


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _await_state() -> dict[str, Any]:
    """The state of a holder that may be about to write it."""
    end = time.monotonic() + STOP_SECONDS
    while not (state := _state()):
        if time.monotonic() > end:
            raise RuntimeError(f"somebody holds {LOCK}, and {STATE} does not say who")
        time.sleep(POLL_SECONDS)
    return state


def _state() -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def _write_state(state: dict[str, Any]) -> None:
    written = STATE.with_suffix(".new")
    written.write_text(json.dumps(state), encoding="utf-8")
    written.replace(STATE)
