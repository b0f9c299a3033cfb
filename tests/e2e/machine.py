"""What the machine must have for a kind cluster without Docker, and how commands are run on it.

Everything is kept in one folder of the user's cache, Podman's storage and networks' state included; nothing of an
existing Podman is touched.
"""

import fcntl
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import build

COMMANDS = {
    "podman": "podman",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "git": "git",
    "runc": "runc",
    "iptables": "iptables",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
}
"""command: the Debian package that has it"""
CGROUPS = Path("/sys/fs/cgroup")
CGROUP_V1 = (CGROUPS / "cpu").is_dir()
MOST_PROCESSES = 32768
TAIL_LINES = 30


class E2eError(Exception):
    """What was asked for cannot be had here; the text says what is missing, or repeats a command's last words."""


@dataclass(frozen=True)
class Machine:
    """`home` is our folder in the cache, `environment` what every command gets."""

    home: Path
    environment: Mapping[str, str]

    def run(
        self,
        *words: str | Path,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        cwd: Path | None = None,
        seconds: float = 900.0,
    ) -> str:
        """Run a command and return its stdout. Raises E2eError with the end of what it said."""
        done = self.tried(*words, input=input, cwd=cwd, seconds=seconds)
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
            raise E2eError(f"{_named(words)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def tried(
        self,
        *words: str | Path,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        cwd: Path | None = None,
        seconds: float = 900.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever it ends with. Raises E2eError where it is not there, or does not end in time."""
        try:
            return subprocess.run(
                [str(word) for word in words],
                input=input,
                cwd=cwd,
                env=dict(self.environment),
                timeout=seconds,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise E2eError(f"{words[0]} cannot be run: {error.strerror} ({error.filename})") from None
        except subprocess.TimeoutExpired as error:
            said = b"".join(part for part in (error.stdout, error.stderr) if part)[-2000:].decode(errors="replace")
            raise E2eError(f"{_named(words)} did not end in {seconds:.0f} s:\n{said}") from None


def _named(words: Sequence[str | Path]) -> str:
    return " ".join(str(word) for word in words[:2])


def say(text: str) -> None:
    print(f"e2e: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what begins now, and how long it took."""
    say(f"{what} ...")
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.0f} s")


def home() -> Path:
    return build.cache_directory().parent / "kind"


def machine() -> Machine:
    """The commands' surroundings, as `prepare` made them."""
    folder = home()
    path = [str(build.programs_directory()), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(path),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "KIND_EXPERIMENTAL_PROVIDER": "podman",
        "KUBECONFIG": str(folder / "kubeconfig"),
        "KUBERC": "off",
    }
    return Machine(folder, environment)


def prepare() -> Machine:
    """Install and write what is missing. Raises E2eError where it cannot work."""
    if os.geteuid() != 0:
        raise E2eError("containers with systemd, cgroups and networks of their own need root")
    found = machine()
    _may_have_cgroups()
    _install([package for command, package in COMMANDS.items() if not _there(command, found)], found)
    Path("/lib/modules").mkdir(exist_ok=True)  # kind mounts it, even from a machine that has none
    (found.home / "containers.conf").write_text(_containers_conf(), encoding="utf-8")
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{found.home}/storage"\nrunroot = "{found.home}/run"\n'
    (found.home / "storage.conf").write_text(storage, encoding="utf-8")
    return found


def _may_have_cgroups() -> None:
    """Say at the beginning what Podman would say half an hour later."""
    top = CGROUPS / "memory" if CGROUP_V1 else CGROUPS
    mine = top / f"caas-operator-{os.getpid()}"
    try:
        mine.mkdir()
        mine.rmdir()
    except OSError as error:
        raise E2eError(f"containers need cgroups, and none can be made in {top}: {error.strerror}") from None


def _there(command: str, machine: Machine) -> bool:
    return shutil.which(command, path=machine.environment["PATH"]) is not None


def _install(packages: Sequence[str], machine: Machine) -> None:
    if not packages:
        return
    if not _there("apt-get", machine):
        raise E2eError(f"needed: {', '.join(packages)}; they are installed by themselves on Debian 12 only")
    with step(f"installing {', '.join(packages)}"):
        # A machine that just started may be installing something itself.
        patient = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", *patient]
        machine.run(*apt, "update")
        machine.run(*apt, "install", "--yes", "--no-install-recommends", *packages)


def _containers_conf() -> str:
    """Podman's settings.

    runc: crun 1.8 refuses a machine where cgroup v2 has a controller beside v1. Podman's own limits are higher than a
    root without CAP_SYS_RESOURCE may set. What they are not: part of the cluster's own limits.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    processes = MOST_PROCESSES if most == resource.RLIM_INFINITY else min(most, MOST_PROCESSES)
    return f"""\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
log_driver = "k8s-file"
pids_limit = 0

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"

[network]
network_backend = "netavark"
"""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one of us at a time builds, starts, tests or stops."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is at work; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
