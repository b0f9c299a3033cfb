"""The images: Debian's base, the operator and the simulated clouds, and a node of kind. All of them are really built.

Where no registry of images can be reached, debootstrap makes what debian:bookworm-slim is, by the way that one is made.
With E2E_PULL=1, or on a machine with cgroup v2, the published base and kind's published node are used in its place.
"""

import ast
import configparser
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.cluster import build
from tests.e2e.machine import CGROUP_V1, Machine, step

ROOT = Path(__file__).parents[2]
NODE_FILES = Path(__file__).parent / "node"
PULL = bool(os.environ.get("E2E_PULL")) or not CGROUP_V1
"""the node that is built here is made for cgroup v1"""
BASE = "localhost/debian:bookworm-slim"
OPERATOR = "localhost/caas-operator:e2e"
SIMULATOR = "localhost/caas-operator-simulator:e2e"
PREVIOUS_VERSION = "0.0.1"
PREVIOUS = f"localhost/caas-operator:{PREVIOUS_VERSION}"
"""another name of OPERATOR, for a chart that is upgraded"""
TARGETS = {"operator": OPERATOR, "simulator": SIMULATOR}
AS_PUBLISHED = {OPERATOR: ("localhost", "registry.example"), SIMULATOR: ("localhost",)}
"""where the pages say that they are: the same images, under the names that docs/install and deploy/ have"""
PIP_SETTINGS = ("cert", "default-timeout", "extra-index-url", "index-url", "proxy", "timeout", "trusted-host")
# As the published image leaves them out (github.com/debuerreotype/debuerreotype, scripts/.slimify-excludes).
NOT_IN_SLIM = ("doc", "groff", "info", "linda", "lintian", "locale", "man")


def version() -> str:
    found = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def revision(machine: Machine) -> str:
    """The commit; also where the tree is somebody else's, as for root in a user's checkout."""
    asked = machine.tried("git", "-c", "safe.directory=*", "-C", ROOT, "rev-parse", "HEAD")
    return asked.stdout.strip() or "unknown"


def base(machine: Machine) -> str:
    """The stand-in for debian:bookworm-slim."""
    if _exists(machine, BASE):
        return BASE
    with step("Debian's base image"), tempfile.TemporaryDirectory(dir=machine.home) as folder:
        root = Path(folder, "root")
        _exclude(root)
        machine.run("debootstrap", "--variant=minbase", "bookworm", root)
        for name in NOT_IN_SLIM:  # of what came before dpkg could read its settings
            _empty(root / "usr" / "share" / name)
        for name in ("var/cache/apt", "var/lib/apt/lists", "var/log"):
            _empty(root / name)
        _import(machine, root)
    return BASE


def _exclude(root: Path) -> None:
    settings = root / "etc" / "dpkg" / "dpkg.cfg.d" / "docker"
    settings.parent.mkdir(parents=True)
    lines = [*(f"path-exclude /usr/share/{name}/*" for name in NOT_IN_SLIM), "path-include /usr/share/doc/*/copyright"]
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _import(machine: Machine, root: Path) -> None:
    archive = root.with_suffix(".tar")
    machine.run("tar", f"--directory={root}", "--numeric-owner", "--create", f"--file={archive}", ".")
    environment = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    machine.run("podman", "import", "--change", environment, "--change", 'CMD ["bash"]', archive, BASE)


def on_base(machine: Machine) -> list[str]:
    """Arguments of a build, for a Dockerfile whose ARG BASE is the published one."""
    return [] if PULL else [f"--build-arg=BASE={base(machine)}", "--pull-never"]


def operator(machine: Machine) -> list[str]:
    """Build the Dockerfile of the project into OPERATOR and SIMULATOR. Returns all names that they have then."""
    given = [f"--build-arg=VERSION={version()}", f"--build-arg=REVISION={revision(machine)}"]
    for target, name in TARGETS.items():
        with step(f"image {name}"):
            build_image(machine, ROOT, name, f"--target={target}", *on_base(machine), *given, *_secrets(machine))
    machine.run("podman", "tag", OPERATOR, PREVIOUS)
    published = [_tagged(machine, name, place) for name, places in AS_PUBLISHED.items() for place in places]
    # Layers that no image has any more are kept for a day, to make the next build a short one.
    machine.run("podman", "image", "prune", "--force", "--filter=until=24h")
    return [*TARGETS.values(), PREVIOUS, *published]


def _tagged(machine: Machine, name: str, place: str) -> str:
    also = f"{place}/{name.partition('/')[2].partition(':')[0]}:{version()}"
    machine.run("podman", "tag", name, also)
    return also


def archive(machine: Machine, *names: str) -> Path:
    """Save images into one archive, what they share once."""
    path = machine.home / "images.tar"
    path.unlink(missing_ok=True)
    machine.run("podman", "save", "--quiet", "--multi-image-archive", f"--output={path}", *names)
    return path


def node(machine: Machine) -> str:
    """The image of a node with our programs; built again when one of its parts changes."""
    programs = build.programs([*build.CONTROL_PLANE, build.CONTROLLER_MANAGER, *build.NODE])
    name = f"localhost/node:{_digest_of_parts()}"
    if _exists(machine, name):
        return name
    from_base = f"--build-arg=BASE={base(machine)}"
    with step("node image"), tempfile.TemporaryDirectory(dir=machine.home) as folder:
        context = Path(folder)
        shutil.copytree(NODE_FILES, context, dirs_exist_ok=True)
        (context / "bin").mkdir()
        for program, path in programs.items():
            put(path, context / "bin" / program)
        names = _control_plane(machine, context, programs["kubeadm"], from_base)
        machine.run("podman", "save", "--quiet", "--multi-image-archive", "--output", context / "images.tar", *names)
        for old in machine.run("podman", "images", "--quiet", "localhost/node").split():
            machine.run("podman", "rmi", "--force", old)
        arguments = [from_base, f"--build-arg=VERSION={build.KUBERNETES_VERSION}", "--pull-never"]
        build_image(machine, context, name, "--target=node", *arguments)
        machine.run("podman", "rmi", *names)
    return name


def _control_plane(machine: Machine, context: Path, kubeadm: Path, from_base: str) -> list[str]:
    """Build what kubeadm asks for, and return its names; they differ in what is started."""
    flags = [f"--kubernetes-version=v{build.KUBERNETES_VERSION}", "--image-repository=localhost"]
    wanted = [*machine.run(kubeadm, "config", "images", "list", *flags).split(), "localhost/pause:node"]
    for target in ("control-plane", "coredns", "pause"):
        build_image(machine, context, f"localhost/{target}:node", f"--target={target}", from_base, "--pull-never")
    for name in wanted:
        own = name.partition("/")[2].partition(":")[0]
        machine.run("podman", "tag", f"localhost/{own if own in {'coredns', 'pause'} else 'control-plane'}:node", name)
    return [*wanted, "localhost/coredns:node", "localhost/control-plane:node"]


def put(path: Path, to: Path) -> None:
    try:
        os.link(path, to)
    except OSError:  # another file system
        shutil.copy(path, to)


def _digest_of_parts() -> str:
    digest = hashlib.sha256(build.KUBERNETES_VERSION.encode())
    for path in sorted(path for path in NODE_FILES.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(NODE_FILES)} {path.stat().st_mode}\n".encode() + path.read_bytes())
    for program in (*build.CONTROL_PLANE, build.CONTROLLER_MANAGER, *build.NODE):
        digest.update(build.PROGRAMS[program].recipe.encode())
    return digest.hexdigest()[:12]


def build_image(machine: Machine, context: Path, name: str, *arguments: str) -> None:
    words = ["buildah", "build", "--layers", "--isolation=chroot", *arguments, f"--tag={name}", str(context)]
    machine.run(*words, seconds=1800)


def _secrets(machine: Machine) -> list[str]:
    """How this machine reaches the registry of Python packages, as the Dockerfile wants to be told."""
    pip = configparser.RawConfigParser()
    pip["global"] = _pip_settings(machine)
    authority = pip["global"].get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    given = [f"--secret=id=pip.conf,src={machine.home / 'pip.conf'}"]
    if authority:
        pip["global"]["cert"] = "/run/secrets/ca.crt"
        given.append(f"--secret=id=ca.crt,src={authority}")
    (machine.home / "pip.conf").touch(mode=0o600)  # a mirror's address may have a password in it
    with (machine.home / "pip.conf").open("w", encoding="utf-8") as file:
        pip.write(file)
    return given


def _pip_settings(machine: Machine) -> dict[str, str]:
    """What this machine's files and environment tell pip about the way to its registry."""
    found: dict[str, str] = {}
    for line in machine.run(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2]
        if key in PIP_SETTINGS:
            found.setdefault(key, str(ast.literal_eval(value)))  # the environment's come first, and win
    return found


def _exists(machine: Machine, name: str) -> bool:
    return machine.tried("podman", "image", "exists", name).returncode == 0


def config(machine: Machine, name: str) -> dict[str, object]:
    """What the image says of itself (Config of `podman image inspect`), and its Size in bytes."""
    found = json.loads(machine.run("podman", "image", "inspect", name))[0]
    return {**found["Config"], "Size": found["Size"]}
