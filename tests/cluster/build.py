"""Builds the programs of a real control plane from published Go modules, once, into the user's cache.

    python -m tests.cluster.build [--with helm] [--print-path]

The modules are pinned with their hashes in `go/`. KUBERNETES_VERSION selects another version, whose modules are then
resolved anew; `--pin` writes those into `go/`. Where KUBEBUILDER_ASSETS names a folder with kube-apiserver, etcd and
kubectl (as envtest's tools make it), its programs are used.

Seen on two cores with nothing cached: API server 4 min (most of it shared with the others), etcd 30 s, kubectl 25 s,
controller manager 1 min, helm 100 s, Argo CD 5 min; 290 MB together, without the last two.
"""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import gobuild
from tests.cluster.toolchain import BuildError, Go, Say, find_go

KUBERNETES_VERSION = os.environ.get("KUBERNETES_VERSION", "1.36.3").removeprefix("v")
ETCD_VERSION = "3.6.8"
HELM_VERSION = "4.3.1"
KIND_VERSION = "0.33.0"
ARGOCD_VERSION = "3.6.1"

CONTROL_PLANE = ("kube-apiserver", "etcd", "kubectl")
CONTROLLER_MANAGER = "kube-controller-manager"
HELM = "helm"
KIND = "kind"
ARGOCD = "argocd"
NODE = (*gobuild.KUBERNETES_COMMANDS["node"], "coredns", "crictl", "pause")
"""what a node of a kind cluster runs, beside the control plane's"""


@dataclass(frozen=True)
class Program:
    """A command of a Go module that is pinned in the folder go/MODULE."""

    package: str
    module: str
    ldflags: str = "-s -w"

    @property
    def recipe(self) -> str:
        """What decides about the binary; a built one is kept as long as this stays the same."""
        pinned = gobuild.pinned_modules(self.module, KUBERNETES_VERSION)
        return "\n".join([self.package, self.ldflags, *(pinned or [KUBERNETES_VERSION])])


def _kubernetes(name: str, module: str = "kubernetes") -> Program:
    major, minor = KUBERNETES_VERSION.split(".")[:2]
    variables = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor}
    stamps = [f"-X k8s.io/component-base/version.{key}={value}" for key, value in variables.items()]
    return Program(f"k8s.io/kubernetes/cmd/{name}", module, " ".join(["-s -w", *stamps]))


ARGOCD_MODULE = "github.com/argoproj/argo-cd/v3"
PROGRAMS = {
    "kube-apiserver": _kubernetes("kube-apiserver"),
    "etcd": Program("go.etcd.io/etcd/server/v3", "etcd"),
    "kubectl": _kubernetes("kubectl"),
    CONTROLLER_MANAGER: _kubernetes(CONTROLLER_MANAGER),
    HELM: Program(
        "helm.sh/helm/v4/cmd/helm", "helm", f"-s -w -X helm.sh/helm/v4/internal/version.version=v{HELM_VERSION}"
    ),
    **{name: _kubernetes(name, "node") for name in gobuild.KUBERNETES_COMMANDS["node"]},
    KIND: Program("sigs.k8s.io/kind", "kind"),
    ARGOCD: Program(f"{ARGOCD_MODULE}/cmd", "argocd", f"-s -w -X {ARGOCD_MODULE}/common.version={ARGOCD_VERSION}"),
    "crictl": Program("sigs.k8s.io/cri-tools/cmd/crictl", "kind"),
    "coredns": Program("./cmd/coredns", "kind"),
    "pause": Program("./cmd/pause", "kind"),
}


def cache_directory() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "caas-operator" / "control-plane"


def assets() -> Path | None:
    """The folder KUBEBUILDER_ASSETS, if it has what the convention asks for."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return None
    absent = [name for name in CONTROL_PLANE if not os.access(Path(folder, name), os.X_OK)]
    if absent:
        raise BuildError(f"KUBEBUILDER_ASSETS={folder} lacks {', '.join(absent)}")
    return Path(folder).resolve()


def programs(names: Iterable[str], say: Say | None = None) -> dict[str, Path]:
    """Where each of the programs is; what is missing is built, which can take minutes. Raises BuildError."""
    found = {name: _existing(name) for name in names}
    to_build = [name for name, path in found.items() if path is None]
    if to_build:
        _build(to_build, say or _say)
    return {name: path or _built(name) for name, path in found.items()}


def missing(names: Iterable[str]) -> list[str]:
    """Which of the programs would have to be built."""
    return [name for name in names if _existing(name) is None]


def source(module: str, of: str, say: Say | None = None) -> Path:
    """The folder with the source of a Go module, one of those that the folder go/MODULE pins. Raises BuildError."""
    say = say or _say
    _home().mkdir(parents=True, exist_ok=True)
    with _lock(say), tempfile.TemporaryDirectory(prefix="unfinished-", dir=_home()) as folder:
        go = find_go(cache_directory(), say)
        gobuild.write_module(module, KUBERNETES_VERSION, Path(folder), go, say)
        return gobuild.downloaded(of, Path(folder), go)


def _existing(name: str) -> Path | None:
    folder = assets()
    if folder and os.access(folder / name, os.X_OK):
        return folder / name
    recipe = _recipe_file(name)
    current = recipe.exists() and recipe.read_text(encoding="utf-8") == PROGRAMS[name].recipe
    return _built(name) if current and _built(name).exists() else None


def _home() -> Path:
    return cache_directory() / KUBERNETES_VERSION


def programs_directory() -> Path:
    """Where what we build is kept."""
    return _home() / "bin"


def _built(name: str) -> Path:
    return programs_directory() / name


def _recipe_file(name: str) -> Path:
    return _home() / "recipes" / name


def _build(names: list[str], say: Say) -> None:
    """Build one after the other under a lock; each is in place, complete, as soon as it is done."""
    for folder in (_built(""), _recipe_file("")):
        folder.mkdir(parents=True, exist_ok=True)
    with _lock(say):
        go = find_go(cache_directory(), say)
        for remains in _home().glob("unfinished-*"):  # of a builder that was killed
            shutil.rmtree(remains, ignore_errors=True)
        for name in names:
            if _existing(name):  # by whoever had the lock before
                continue
            started = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="unfinished-", dir=_home()) as unfinished:
                _build_one(name, Path(unfinished), go, say)
            say(f"{name} built in {time.monotonic() - started:.0f} s")


def _build_one(name: str, unfinished: Path, go: Go, say: Say) -> None:
    program = PROGRAMS[name]
    gobuild.write_module(program.module, KUBERNETES_VERSION, unfinished, go, say)
    gobuild.compile_program(name, program.package, program.ldflags, unfinished, go, say)
    _recipe_file(name).unlink(missing_ok=True)
    (unfinished / name).replace(_built(name))
    _recipe_file(name).write_text(program.recipe, encoding="utf-8")


@contextmanager
def _lock(say: Say) -> Iterator[None]:
    with (cache_directory() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is going on; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(f"control plane: {line}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.build", description=__doc__.splitlines()[0])
    parser.add_argument("--with", dest="extra", choices=[HELM], action="append", default=[])
    parser.add_argument("--print-path", action="store_true", help="print the path of each program")
    parser.add_argument("--pin", action="store_true", help="write KUBERNETES_VERSION's modules into go/")
    options = parser.parse_args(arguments)
    return _interruptible(lambda: _command(options))


def _interruptible(command: Callable[[], int]) -> int:
    """Let SIGTERM stop the compiler in the same way as ctrl-C."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return command()
    except BuildError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("interrupted; what is finished is kept")
        return 130
    finally:
        signal.signal(signal.SIGTERM, previous)


def _command(options: argparse.Namespace) -> int:
    if options.pin:
        gobuild.pin_kubernetes(KUBERNETES_VERSION, find_go(cache_directory(), _say), _say)
    names = [*CONTROL_PLANE, *([] if assets() else [CONTROLLER_MANAGER]), *options.extra]
    to_build = missing(names)
    if to_build:
        _say(f"building {', '.join(to_build)}; once, into {_home()}; about 6 minutes on two cores")
    found = programs(names)
    if options.print_path:
        for name, path in found.items():
            print(f"{name} {path}")
    elif not to_build:
        _say(f"programs ready in {next(iter(found.values())).parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
