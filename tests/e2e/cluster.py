"""The cluster: a real kind, one node, started and ended as its users do it."""

import json
from dataclasses import replace
from typing import Any

import yaml

from tests.cluster import build, components
from tests.cluster.control_plane import ControlPlane
from tests.e2e import images, traces
from tests.e2e.machine import E2eError, Machine, say, step

NAME = "caas-operator"
NODE = f"{NAME}-control-plane"
NETWORK = "kind"
START_SECONDS = 300
LOOKS = ("crictl ps --all", "journalctl --no-pager --lines=40 --unit=kubelet", "tail -n 20 /var/log/pods/*/*/*.log")
"""what tells why a node did not start"""
AUDIT_POLICY = "/etc/kubernetes/audit-policy.json"
AUDIT_LOG = "/var/log/kubernetes/audit.log"
STAY_INSIDE = images.NODE_FILES / "files" / "usr" / "local" / "bin" / "stay-inside"


def up(machine: Machine) -> ControlPlane:
    """Start the cluster, unless it is there and answers."""
    build.programs([*build.CONTROL_PLANE, build.KIND, build.HELM])
    if is_up(machine):
        say(f"the cluster {NAME} is there already")
        return plane(machine)
    image = [] if images.PULL else [f"--image={images.node(machine)}"]
    with step("cluster"):
        down(machine)
        traces.remember(machine)
        # A network of kind's own making would have IPv6, for which Podman lets the whole machine forward.
        machine.run("podman", "network", "create", NETWORK)
        flags = [f"--name={NAME}", "--config=-", f"--wait={START_SECONDS}s", "--retain", *image]
        try:
            machine.run("kind", "create", "cluster", *flags, input=json.dumps(_config(machine)))
        except E2eError:
            _show(machine)
            raise
        if images.PULL:
            inside(machine, "sh", "-s", input=STAY_INSIDE.read_text(encoding="utf-8"))
    found = plane(machine)
    with step("cluster's DNS"):
        found.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", f"--timeout={START_SECONDS}s")
    return found


def _show(machine: Machine) -> None:
    """What is to be seen of a node that did not start, if it ever ran."""
    say(machine.tried("podman", "logs", "--tail=20", NODE).stdout)
    for look in LOOKS:
        say(machine.tried("podman", "exec", NODE, "sh", "-c", look).stdout)


def _config(machine: Machine) -> dict[str, Any]:
    """What kind is told: to write an audit log, and of a node that we built, that it brings its network and images."""
    policy = machine.home / "audit-policy.json"
    policy.write_text(json.dumps(components.AUDIT_POLICY), encoding="utf-8")
    mount = {"hostPath": str(policy), "containerPath": AUDIT_POLICY, "readOnly": True}
    unsafe = [{"name": "unsafe-no-fsync", "value": "true"}]  # nothing of it is to survive the machine
    control_plane = {
        "kind": "ClusterConfiguration",
        "apiServer": _audit(),
        "etcd": {"local": {"extraArgs": unsafe}},
    }
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": "control-plane", "extraMounts": [mount]}],
    }
    if images.PULL:
        return {**config, "kubeadmConfigPatches": [yaml.safe_dump(control_plane)]}
    kubelet = {"kind": "KubeletConfiguration", "failCgroupV1": False, "cgroupDriver": "cgroupfs"}
    patches = [yaml.safe_dump(kubelet), yaml.safe_dump({**control_plane, "imageRepository": "localhost"})]
    return {**config, "networking": {"disableDefaultCNI": True}, "kubeadmConfigPatches": patches}


def _audit() -> dict[str, Any]:
    arguments = {"audit-policy-file": AUDIT_POLICY, "audit-log-path": AUDIT_LOG}
    folder = AUDIT_LOG.rpartition("/")[0]
    volumes = [
        {"name": "audit-policy", "hostPath": AUDIT_POLICY, "mountPath": AUDIT_POLICY, "readOnly": True},
        {"name": "audit-log", "hostPath": folder, "mountPath": folder, "pathType": "DirectoryOrCreate"},
    ]
    return {"extraArgs": [{"name": name, "value": value} for name, value in arguments.items()], "extraVolumes": volumes}


def audited(machine: Machine, plane: ControlPlane, *, after: int = 0) -> ControlPlane:
    """The cluster with a copy of its audit log as it is now, without its first lines."""
    path = machine.home / "audit.log"
    path.write_text(inside(machine, "tail", "-n", f"+{after + 1}", AUDIT_LOG), encoding="utf-8")
    return replace(plane, audit_log=path)


def audit_lines(machine: Machine) -> int:
    return int(inside(machine, "wc", "-l", AUDIT_LOG).split()[0])


def is_up(machine: Machine) -> bool:
    known = machine.tried("kind", "get", "clusters").stdout.split()
    kubectl = build.programs(["kubectl"])["kubectl"]
    return NAME in known and machine.tried(kubectl, "get", "--raw=/readyz").returncode == 0


def plane(machine: Machine) -> ControlPlane:
    """The cluster as tests of a control plane alone know one."""
    kubeconfig = machine.home / "kubeconfig"
    cluster = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))["clusters"][0]["cluster"]
    authority = machine.home / "ca.crt"
    authority.write_text(inside(machine, "cat", "/etc/kubernetes/pki/ca.crt"), encoding="ascii")
    kubectl = build.programs(["kubectl"])["kubectl"]
    return ControlPlane(cluster["server"], authority, kubeconfig, kubectl, machine.home, None)


def load(machine: Machine, *names: str) -> None:
    """Put images into the node's store; pods name them as they are named here, and never pull."""
    with step(f"loading {', '.join(names)}"):
        archive = images.archive(machine, *names)
        machine.run("kind", "load", "image-archive", f"--name={NAME}", archive)
        archive.unlink()


def inside(machine: Machine, *words: str, input: str | None = None) -> str:  # noqa: A002 - as subprocess.run calls it
    """Run a command in the node."""
    return machine.run("podman", "exec", "--interactive", "--privileged", NODE, *words, input=input)


def down(machine: Machine) -> None:
    """End the cluster, and take back what it changed on the machine. What was built stays in the cache."""
    if not (machine.home / "containers.conf").exists():
        return
    if NAME in machine.tried("kind", "get", "clusters").stdout.split():
        with step("ending the cluster"):
            machine.run("kind", "delete", "cluster", f"--name={NAME}")
    if machine.tried("podman", "network", "exists", NETWORK).returncode == 0:
        machine.run("podman", "network", "rm", NETWORK)
    traces.take_back(machine)
    if left := traces.left(machine):
        raise E2eError(f"left behind: {', '.join(left)}")
