"""The cluster: a real kind, one node, started and ended as its users do it."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane
from tests.e2e import images, traces
from tests.e2e.machine import E2eError, Machine, say, step

NAME = "caas-operator"
NODE = f"{NAME}-control-plane"
NETWORK = "kind"
START_SECONDS = 180
STAY_INSIDE = images.NODE_FILES / "files" / "usr" / "local" / "bin" / "stay-inside"


def up(machine: Machine) -> ControlPlane:
    """Start the cluster, unless it is there and answers."""
    build.programs([*build.CONTROL_PLANE, build.KIND, build.HELM])
    if is_up(machine):
        say(f"the cluster {NAME} is there already")
        return plane(machine)
    if not images.PULL and not Path("/sys/fs/cgroup/cpu").is_dir():
        raise E2eError("the node that is built here needs cgroup v1; E2E_PULL=1 takes kind's published one")
    image = [] if images.PULL else [f"--image={images.node(machine)}"]
    with step("cluster"):
        down(machine)
        traces.remember(machine)
        # A network of kind's own making would have IPv6, for which Podman lets the whole machine forward.
        machine.run("podman", "network", "create", NETWORK)
        flags = [f"--name={NAME}", "--config=-", f"--wait={START_SECONDS}s", *image]
        machine.run("kind", "create", "cluster", *flags, input=json.dumps(_config()))
        if images.PULL:
            inside(machine, "sh", "-s", input=STAY_INSIDE.read_text(encoding="utf-8"))
    found = plane(machine)
    with step("cluster's DNS"):
        found.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")
    return found


def _config() -> dict[str, Any]:
    """What kind is told of a node that we built: it brings its network, and images under names of its own."""
    config: dict[str, Any] = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4"}
    if images.PULL:
        return config
    kubelet = {"kind": "KubeletConfiguration", "failCgroupV1": False, "cgroupDriver": "cgroupfs"}
    unsafe = [{"name": "unsafe-no-fsync", "value": "true"}]  # nothing of it is to survive the machine
    control_plane = {
        "kind": "ClusterConfiguration",
        "imageRepository": "localhost",
        "etcd": {"local": {"extraArgs": unsafe}},
    }
    patches = [yaml.safe_dump(kubelet), yaml.safe_dump(control_plane)]
    return {**config, "networking": {"disableDefaultCNI": True}, "kubeadmConfigPatches": patches}


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
