"""A real control plane (etcd, API server, on request the controller manager) for a test session or a demo.

    with running_control_plane() as plane:
        plane.kubectl("get", "namespaces")

Each has its own directory, authority and port, so any number can run side by side. Nothing of it outlives the
process that started it, whatever way that ends (see supervisor.py). All state is thrown away.
"""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import build, certificates, components
from tests.cluster.certificates import Credential
from tests.cluster.kubeconfig import write_kubeconfig
from tests.cluster.processes import failure, reserved_port, supervised

START_SECONDS = 120.0  # seen: 3 to 4; much more only where many share few cores
POLL_SECONDS = 0.1
LOG_TAIL_LINES = 30
ADMIN_GROUP = "system:masters"


class ControlPlaneError(Exception):
    """A control plane did not start; the text ends with the last lines of the logs."""


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that answers.

    `kubeconfig` belongs to an admin and holds its certificates inline. `directory` has NAME.log of each component.
    `audit_log` has one JSON object a finished request (audit.k8s.io/v1 Event, level Metadata), written before the
    answer is sent.
    """

    url: str
    ca_file: Path
    kubeconfig: Path
    kubectl_path: Path
    directory: Path
    audit_log: Path | None

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        check: bool = True,
        kubeconfig: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the admin, or as the user of another kubeconfig.

        With `check`, a failure raises CalledProcessError with kubectl's own words as a note.
        """
        command = [str(self.kubectl_path), f"--kubeconfig={kubeconfig or self.kubeconfig}"]
        command += [f"--cache-dir={self.directory / 'kubectl-cache'}", *args]
        environment = {**os.environ, "KUBERC": "off"}  # the user's own ~/.kube has no say and gets no files
        done = subprocess.run(command, input=input, env=environment, capture_output=True, text=True, check=False)
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """Write a kubeconfig for a user with a client certificate; what they may do is up to RBAC."""
        credential = certificates.issue(Credential.read(self.directory / "pki", "ca"), user, groups)
        path = self.directory / f"{uuid.uuid4().hex[:8]}.kubeconfig"
        write_kubeconfig(path, self.url, self.ca_file, credential)
        return path

    def create_namespace(self, prefix: str = "test") -> str:
        """Make a namespace with a name that was never used before, and return the name."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", name)
        return name


@contextmanager
def running_control_plane(
    directory: Path | None = None, *, controller_manager: bool = False, audit: bool = False
) -> Iterator[ControlPlane]:
    """Start a control plane, wait until it answers, and stop it at the end.

    The programs are built first if need be (minutes, once a machine). In a given directory, logs and certificates
    stay behind at the end, and what an earlier control plane left there is discarded; without one, nothing stays.
    Without the controller manager nothing collects garbage, namespaces are never quite deleted, pods cannot be
    created for want of service accounts, and aggregated roles (view, edit, admin) are empty.

    Raises ControlPlaneError, or BuildError from the build.
    """
    names = [*build.CONTROL_PLANE, *([build.CONTROLLER_MANAGER] if controller_manager else [])]
    programs = build.programs(names)
    home = _fresh_directory(directory)
    try:
        with reserved_port() as port:
            plane = _prepare(home, port, programs["kubectl"], audit=audit)
            parts = [
                components.etcd(programs["etcd"]),
                components.api_server(programs["kube-apiserver"], port, audit=audit),
            ]
            if controller_manager:
                parts.append(components.controller_manager(programs[build.CONTROLLER_MANAGER]))
            with supervised(home, parts, remove=directory is None):
                _wait_for_start(plane, controller_manager=controller_manager)
                yield plane
    finally:
        if directory is None:  # the supervisor did this, if it ever ran
            shutil.rmtree(home, ignore_errors=True)


def _fresh_directory(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="control-plane-"))
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("etcd", "pki", "kubectl-cache"):
        with suppress(FileNotFoundError):
            shutil.rmtree(directory / name)
    for log in directory.glob("*.log"):
        log.unlink()
    return directory.resolve()


def _prepare(home: Path, port: int, kubectl_program: Path, *, audit: bool) -> ControlPlane:
    """Write certificates and kubeconfigs, and say what will run."""
    pki = home / "pki"
    pki.mkdir(mode=0o700)
    authority = certificates.new_authority("control-plane")
    authority.write(pki, "ca")
    hosts = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.0.0.1"]
    certificates.issue(authority, "kube-apiserver", hosts=hosts).write(pki, "api-server")
    certificates.write_private(pki / "service-accounts.key", certificates.new_key())
    url = f"https://127.0.0.1:{port}"
    admin = certificates.issue(authority, "admin", [ADMIN_GROUP])
    admin.write(pki, "admin")
    write_kubeconfig(home / "kubeconfig", url, pki / "ca.crt", admin)
    manager = certificates.issue(authority, "system:kube-controller-manager")
    write_kubeconfig(pki / "controller-manager.kubeconfig", url, pki / "ca.crt", manager)
    if audit:
        policy = json.dumps(components.AUDIT_POLICY)
        (home / "audit-policy.json").write_text(policy, encoding="utf-8")
    return ControlPlane(
        url=url,
        ca_file=pki / "ca.crt",
        kubeconfig=home / "kubeconfig",
        kubectl_path=kubectl_program,
        directory=home,
        audit_log=home / "audit.log" if audit else None,
    )


def _wait_for_start(plane: ControlPlane, *, controller_manager: bool) -> None:
    ask = _asker(plane)
    _wait_for(ask, "/readyz", plane)
    if controller_manager:  # the first visible thing that it does
        _wait_for(ask, "/api/v1/namespaces/default/serviceaccounts/default", plane)


def _asker(plane: ControlPlane) -> Callable[[str], bool]:
    """A function that tells whether the admin's GET of a path is answered with 200."""
    trust = ssl.create_default_context(cafile=str(plane.ca_file))
    pki = plane.directory / "pki"
    trust.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    address = plane.url.removeprefix("https://")

    def ask(path: str) -> bool:
        connection = http.client.HTTPSConnection(address, timeout=5, context=trust)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    return ask


def _wait_for(ask: Callable[[str], bool], path: str, plane: ControlPlane) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ask(path):
        if stopped := failure(plane.directory):
            raise ControlPlaneError(stopped + _logs(plane.directory))
        if time.monotonic() > deadline:
            raise ControlPlaneError(f"no answer to {path} in {START_SECONDS:.0f} s" + _logs(plane.directory))
        time.sleep(POLL_SECONDS)


def _logs(directory: Path) -> str:
    parts = []
    for log in sorted(directory.glob("*.log")):
        if log.name != "audit.log":
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
            parts += ["", f"--- {log.name}", *lines]
    return "\n".join(parts)
