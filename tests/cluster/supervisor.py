"""The process between a control plane and whoever asked for it; run as a script, with the standard library alone.

It reads one line of JSON from stdin, `{"directory", "remove", "components": [{"name", "argv"}, ...]}`, starts the
components in that directory, and stops all of them when the first of these happens: stdin has more to read or is
closed (the orderly end), the parent dies in whatever way, SIGTERM, a component exits (said on stderr). With `remove`
the directory goes as well, at the end. Being in a session of its own, it never sees the terminal's ctrl-C. Should it
be killed itself, the kernel kills the components (PR_SET_PDEATHSIG, which is safe here because this process has one
thread: the signal is tied to the thread that forked).
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    parent_pid = os.getppid()
    order = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for component in order["components"]:
            children[component["name"]] = _start(component["name"], component["argv"], order["directory"])
        _wait(children, parent_pid)
    finally:
        _kill(children)
        if order["remove"]:
            shutil.rmtree(order["directory"], ignore_errors=True)


def _start(name: str, argv: list[str], directory: str) -> subprocess.Popen[bytes]:
    with Path(directory, f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509 - unsafe with threads only; none here
        )


def _die_with(supervisor_pid: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor_pid:  # it died between fork and prctl
        os._exit(1)


def _wait(children: dict[str, subprocess.Popen[bytes]], parent_pid: int) -> None:
    """Return when the end is wanted; should a component exit before that, stop the others and say so."""
    try:
        parent = os.pidfd_open(parent_pid)
    except ProcessLookupError:
        return
    if os.getppid() != parent_pid:
        return
    wanted = [sys.stdin.fileno(), parent]
    exits = {os.pidfd_open(child.pid): name for name, child in children.items()}
    ready, _, _ = select.select([*wanted, *exits], [], [])
    if not set(wanted) & set(ready):
        name = exits[ready[0]]
        status = children[name].wait()
        _kill(children)
        print(f"{name} exited with status {status}", file=sys.stderr, flush=True)
        select.select(wanted, [], [])  # the logs are still to be read


def _kill(children: dict[str, subprocess.Popen[bytes]]) -> None:
    # SIGKILL at once: nothing here is to be saved, and an API server without its etcd drains for a minute.
    for child in reversed(children.values()):
        child.kill()
        child.wait()


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
