"""What a cluster of kind and Podman changes on the machine around it, and how that is taken back."""

import json
import re
import shlex
from pathlib import Path

from tests.e2e.machine import Machine

IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
NAMESPACES = "/run/netns"
TABLES = ("filter", "nat")
CHAINS = "NETAVARK"


def remember(machine: Machine) -> None:
    """Write down how the machine is, before a cluster is started on it."""
    before = {
        "ip_forward": IP_FORWARD.read_text(encoding="ascii"),
        "namespaces": NAMESPACES in _mounts(),
        "chains": any(CHAINS in line for table in TABLES for line in _rules(machine, table)),
    }
    _file(machine).write_text(json.dumps(before), encoding="utf-8")


def take_back(machine: Machine) -> None:
    """Let the machine be as it was remembered, and without mounts of ours."""
    if _file(machine).exists():
        before = json.loads(_file(machine).read_text(encoding="utf-8"))
        IP_FORWARD.write_text(before["ip_forward"], encoding="ascii")
        if not before["chains"]:
            _remove_chains(machine)
        if not before["namespaces"] and not any(Path(NAMESPACES).iterdir()):
            machine.tried("umount", NAMESPACES)
        _file(machine).unlink()
    _remove_cgroups()
    for mount in _mounts():
        if Path(mount).is_relative_to(machine.home):
            machine.tried("umount", mount)


def left(machine: Machine) -> list[str]:
    """What is still there of a cluster that was ended."""
    mounts = [mount for mount in _mounts() if Path(mount).is_relative_to(machine.home)]
    cgroups = [str(path) for path in Path("/sys/fs/cgroup").glob("*/libpod_parent")]
    return [*mounts, *cgroups, *(path.name for path in Path("/sys/class/net").glob("podman*"))]


def _file(machine: Machine) -> Path:
    return machine.home / "machine-before.json"


def _mounts() -> list[str]:
    return re.findall(r"^\S+ (\S+) ", Path("/proc/self/mounts").read_text(encoding="utf-8"), re.MULTILINE)


def _rules(machine: Machine, table: str) -> list[str]:
    return machine.run("iptables-save", "--table", table).splitlines()


def _remove_chains(machine: Machine) -> None:
    """Podman's chains outlive its networks, without an address in them."""
    for table in TABLES:
        rules = [line for line in _rules(machine, table) if CHAINS in line]
        for rule in (shlex.split(line) for line in rules if line.startswith("-A ")):
            machine.run("iptables", "--table", table, "--delete", *rule[1:])
        for line in rules:
            if line.startswith(":"):
                machine.run("iptables", "--table", table, "--delete-chain", line[1:].split()[0])


def _remove_cgroups() -> None:
    """Podman leaves the tree in which its containers were; what has a process in it stays."""
    for top in Path("/sys/fs/cgroup").glob("*/libpod_parent"):
        for folder in [*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top]:
            try:
                folder.rmdir()
            except OSError:
                break
