import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import build, components
from tests.cluster.control_plane import ControlPlane, ControlPlaneError, running_control_plane

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0

# Holds a control plane until it is ended, and another process that was forked meanwhile, so has its open files too.
HOLDER = """
import json, os, threading
from tests.cluster.control_plane import running_control_plane
with running_control_plane() as plane:
    fork = os.fork()
    if fork:
        print(json.dumps({"directory": str(plane.directory), "fork": fork}), flush=True)
    threading.Event().wait()
"""


@dataclass(frozen=True)
class Holder:
    process: subprocess.Popen[str]
    directory: Path


pytestmark = pytest.mark.usefixtures("control_plane_programs")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def processes_in(directory: Path) -> list[int]:
    """The processes that work in a directory, also when it was removed meanwhile."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((process / "cwd").readlink()).removesuffix(" (deleted)") == str(directory):
                found.append(int(process.name))
    return found


@pytest.fixture
def holder() -> Iterator[Holder]:
    """A Python process that holds a control plane."""
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Holder(process, Path(told["directory"]))
        finally:
            os.kill(told["fork"], signal.SIGKILL)
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_SECONDS)


def test_the_api_answers_as_the_admin_and_refuses_strangers(control_plane: ControlPlane) -> None:
    whoami = control_plane.kubectl("auth", "whoami", "-o", "json")
    assert json.loads(whoami.stdout)["status"]["userInfo"]["username"] == "admin"
    version = json.loads(control_plane.kubectl("version", "-o", "json").stdout)
    assert version["serverVersion"]["gitVersion"].startswith("v1.")
    address = control_plane.url.removeprefix("https://")
    trust = ssl.create_default_context(cafile=str(control_plane.ca_file))
    with contextlib.closing(http.client.HTTPSConnection(address, context=trust)) as stranger:
        stranger.request("GET", "/readyz")
        assert stranger.getresponse().status == http.HTTPStatus.UNAUTHORIZED


def test_another_user_may_do_what_rbac_allows_and_no_more(control_plane: ControlPlane, namespace: str) -> None:
    kubeconfig = control_plane.kubeconfig_for("jane", ["readers"])
    where = f"--namespace={namespace}"
    control_plane.kubectl("create", "role", "read", "--verb=list", "--resource=configmaps", where)
    control_plane.kubectl("create", "rolebinding", "read", "--role=read", "--group=readers", where)
    read, write = ["get", "configmaps", where], ["create", "configmap", "mine", where]
    wait_until(lambda: control_plane.kubectl(*read, kubeconfig=kubeconfig, check=False).returncode == 0)
    refused = control_plane.kubectl(*write, kubeconfig=kubeconfig, check=False)
    assert 'User "jane" cannot create resource "configmaps"' in refused.stderr
    with pytest.raises(subprocess.CalledProcessError) as failed:
        control_plane.kubectl(*write, kubeconfig=kubeconfig)
    assert "cannot create" in failed.value.__notes__[0]


def test_two_side_by_side_know_nothing_of_each_other(control_plane: ControlPlane) -> None:
    with running_control_plane() as other:
        name = other.create_namespace("elsewhere")
        assert other.url != control_plane.url
        assert name in other.kubectl("get", "namespaces", "-o", "name").stdout
        assert name not in control_plane.kubectl("get", "namespaces", "-o", "name").stdout
        mixed = control_plane.kubectl("get", "namespaces", kubeconfig=other.kubeconfig, check=False)
        assert mixed.returncode == 0  # its own kubeconfig is complete
    assert control_plane.kubectl("get", "--raw=/readyz").stdout == "ok"


def test_nothing_is_left_after_an_orderly_end() -> None:
    with running_control_plane() as plane:
        assert len(processes_in(plane.directory)) == 2
        address = ("127.0.0.1", int(plane.url.rpartition(":")[2]))
        socket.create_connection(address).close()
    assert processes_in(plane.directory) == []
    assert not plane.directory.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_nothing_is_left_when_its_holder_is_ended_by(number: signal.Signals, holder: Holder) -> None:
    assert len(processes_in(holder.directory)) == 2
    holder.process.send_signal(number)
    assert holder.process.wait(PATIENCE_SECONDS) != 0
    wait_until(lambda: not processes_in(holder.directory) and not holder.directory.exists())


def test_the_programs_die_with_a_killed_supervisor(holder: Holder) -> None:
    children = processes_in(holder.directory)
    parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in children}
    assert len(parents) == 1
    os.kill(parents.pop(), signal.SIGKILL)
    wait_until(lambda: not processes_in(holder.directory))


def test_a_given_directory_keeps_logs_and_starts_empty_again(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    with running_control_plane(directory) as plane:
        name = plane.create_namespace()
    assert (directory / "kube-apiserver.log").stat().st_size > 0
    with running_control_plane(directory) as plane:
        assert name not in plane.kubectl("get", "namespaces", "-o", "name").stdout
    assert plane.audit_log is None


def test_every_request_is_in_the_audit_log_before_it_is_answered(control_plane: ControlPlane, namespace: str) -> None:
    for number in range(5):
        control_plane.kubectl("create", "configmap", f"map-{number}", f"-n={namespace}")
        assert control_plane.audit_log is not None
        events = [json.loads(line) for line in control_plane.audit_log.read_text().splitlines()]
        ours = [event for event in events if event.get("objectRef", {}).get("namespace") == namespace]
        created = [event["objectRef"]["name"] for event in ours if event["verb"] == "create"]
        assert f"map-{number}" in created


def test_the_controller_manager_collects_garbage_and_empties_namespaces() -> None:
    with running_control_plane(controller_manager=True) as plane:
        name = plane.create_namespace()
        plane.kubectl("create", "configmap", "content", f"-n={name}")
        plane.kubectl("delete", "namespace", name, "--timeout=60s")
        left = plane.kubectl("get", "namespace", name, check=False)
        assert "not found" in left.stderr


def test_what_fails_to_start_shows_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> components.Component:
        return components.Component("kube-apiserver", (str(program), "--no-such-flag"))

    program = build.programs(["kube-apiserver"])["kube-apiserver"]
    monkeypatch.setattr(components, "api_server", broken)
    with (
        pytest.raises(ControlPlaneError, match=r"kube-apiserver exited with status 1[\s\S]*no-such-flag"),
        running_control_plane(tmp_path),
    ):
        pytest.fail("this cannot run")
    assert processes_in(tmp_path) == []


def test_an_exception_inside_stops_it_as_well() -> None:
    class OurError(Exception):
        pass

    with pytest.raises(OurError), running_control_plane() as plane:
        raise OurError
    assert not plane.directory.exists()
    assert processes_in(plane.directory) == []
