"""Ports and processes of a control plane."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster.components import Component

STOP_SECONDS = 10.0


@contextmanager
def reserved_port() -> Iterator[int]:
    """A loopback port that the kernel gives to nobody else; the API server may bind it by SO_REUSEPORT.

    A socket that is bound and never listens takes no connections away. The kernel does not pick a port for anybody
    while another socket is bound to it, reusable or not.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextmanager
def supervised(home: Path, parts: Sequence[Component], *, remove: bool) -> Iterator[subprocess.Popen[bytes]]:
    script = Path(__file__).with_name("supervisor.py")
    order = {"directory": str(home), "remove": remove, "components": [part.as_json() for part in parts]}
    with (home / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    assert supervisor.stdin is not None
    try:
        supervisor.stdin.write(json.dumps(order).encode() + b"\n")
        supervisor.stdin.flush()
        yield supervisor
    finally:
        with suppress(BrokenPipeError):
            supervisor.stdin.write(b"end\n")  # closing alone says nothing while a forked process holds a copy
            supervisor.stdin.close()
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()


def failure(home: Path) -> str:
    """What the supervisor said, which is nothing as long as all components run."""
    return (home / "supervisor.log").read_text(encoding="utf-8").strip()
