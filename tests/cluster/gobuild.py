"""One `go build`, watched: which modules go into it, how far it is, why it failed."""

import collections
import json
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.cluster.toolchain import BuildError, Go, Say

PINNED = Path(__file__).parent / "go"
MODULE_FILES = ("go.mod", "go.sum")
KUBERNETES_COMMANDS = {
    "kubernetes": ("kube-apiserver", "kube-controller-manager", "kubectl"),
    "node": ("kube-proxy", "kube-scheduler", "kubeadm", "kubelet"),
}
PROGRESS_SECONDS = 15.0
TAIL_LINES = 30


def pinned_modules(module: str, kubernetes_version: str) -> list[str] | None:
    """The pinned go.mod and go.sum, or None when they are for another version of Kubernetes.

    After them whatever source of our own the module has.
    """
    wanted = f"k8s.io/kubernetes v{kubernetes_version} "
    if module in KUBERNETES_COMMANDS and wanted not in pinned_text(module):
        return None
    return [pinned_text(module, name) for name in _files(module)]


def _files(module: str) -> list[str]:
    sources = sorted(str(path.relative_to(PINNED / module)) for path in (PINNED / module).rglob("*.go"))
    return [*MODULE_FILES, *sources]


def pinned_text(module: str, name: str = "go.mod") -> str:
    return (PINNED / module / name).read_text(encoding="utf-8")


def write_module(module: str, kubernetes_version: str, folder: Path, go: Go, say: Say) -> None:
    """Put into the folder what the module's commands can be built from."""
    pinned = pinned_modules(module, kubernetes_version)
    if pinned is None:
        say(f"resolving the modules of Kubernetes {kubernetes_version}, for which none are pinned")
        _resolve_kubernetes(module, kubernetes_version, folder, go)
        return
    for name, text in zip(_files(module), pinned, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def pin_kubernetes(version: str, go: Go, say: Say) -> None:
    """Replace the pinned modules of Kubernetes by those of a version."""
    say(f"pinning the modules of Kubernetes {version}")
    for module in KUBERNETES_COMMANDS:
        _resolve_kubernetes(module, version, PINNED / module, go)


def _resolve_kubernetes(module: str, version: str, folder: Path, go: Go) -> None:
    """Write a go.mod with the modules that Kubernetes itself is released with.

    Its own go.mod asks for its sibling modules at v0.0.0 and replaces them by folders, which holds for the main
    module alone; v1.X.Y of it goes with v0.X.Y of them.
    """
    for name in MODULE_FILES:
        (folder / name).unlink(missing_ok=True)
    release = f"k8s.io/kubernetes@v{version}"
    answer = json.loads(_run(go, ["mod", "download", "-json", release], folder, "go 1.21"))
    published = Path(answer["GoMod"]).read_text(encoding="utf-8")
    siblings = sorted(set(re.findall(r"^\s+(k8s\.io/\S+) v0\.0\.0$", published, re.MULTILINE)))
    needs = re.search(r"^go \S+$", published, re.MULTILINE)
    assert needs is not None
    lines = [f"module example.invalid/{module}", needs[0]]
    lines += [f"replace {name} => {name} v0.{version.removeprefix('1.')}" for name in siblings]
    go_mod = "\n\n".join(lines) + "\n"
    (folder / "go.mod").write_text(go_mod, encoding="utf-8")
    packages = [f"k8s.io/kubernetes/cmd/{name}@v{version}" for name in KUBERNETES_COMMANDS[module]]
    _run(go, ["get", "-tool", *packages], folder, go_mod)


def downloaded(module: str, folder: Path, go: Go) -> Path:
    """Where Go keeps the source of a module that the go.mod of this folder names."""
    go_mod = (folder / "go.mod").read_text(encoding="utf-8")
    answer = json.loads(_run(go, ["mod", "download", "-json", module], folder, go_mod))
    return Path(answer["Dir"])


def _run(go: Go, arguments: list[str], folder: Path, go_mod: str) -> str:
    command = [str(go.executable), *arguments]
    environment = go.environment_for(go_mod)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"go {arguments[0]} failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def compile_program(name: str, package: str, ldflags: str, folder: Path, go: Go, say: Say) -> None:
    """Build one command into folder/NAME, saying now and then how far it is."""
    go_mod = (folder / "go.mod").read_text(encoding="utf-8")
    command = [str(go.executable), "build", "-mod=readonly", "-v", f"-ldflags={ldflags}", f"-o={name}", package]
    say(f"{name}: building")
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, env=go.environment_for(go_mod), stderr=subprocess.PIPE, text=True
    ) as build:
        log = _Log(build)
        try:
            while log.reader.is_alive():
                log.reader.join(PROGRESS_SECONDS)
                if log.reader.is_alive():
                    say(f"{name}: {time.monotonic() - started:.0f} s, {log.progress()}")
            build.wait()
        except BaseException:
            build.send_signal(signal.SIGINT)  # on which go removes its temporary files
            raise
    if build.returncode:
        raise BuildError(f"{name} could not be built (go exited with {build.returncode}):\n{log.tail()}")


class _Log:
    """What `go build -v` says: a line a module that it fetches, a line a package that it compiles."""

    def __init__(self, build: subprocess.Popen[str]) -> None:
        self.fetched = self.compiled = 0
        self.last: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.reader = threading.Thread(target=self._read, args=(build,), daemon=True)
        self.reader.start()

    def _read(self, build: subprocess.Popen[str]) -> None:
        assert build.stderr is not None
        for line in build.stderr:
            self.last.append(line.rstrip())
            if line.startswith("go: downloading"):
                self.fetched += 1
            elif not line.startswith("go: "):
                self.compiled += 1

    def progress(self) -> str:
        fetched = f"{self.fetched} modules fetched, " if self.fetched else ""
        return f"{fetched}{self.compiled} packages compiled"

    def tail(self) -> str:
        return "\n".join(self.last)
