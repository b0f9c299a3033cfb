"""The image as a container of its own: no network, no capability, a root file system that nobody can write."""

import re

import pytest

from tests.e2e import images
from tests.e2e.machine import Machine

HARDENED = ("--rm", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=none")
LARGEST_MEGABYTES = 280
IMAGES = pytest.mark.parametrize("name", images.TARGETS.values())


def run(here: Machine, *words: str, entrypoint: str = "", image: str = images.OPERATOR) -> str:
    other = [f"--entrypoint={entrypoint}"] if entrypoint else []
    return here.run("podman", "run", *HARDENED, "--read-only-tmpfs=false", *other, image, *words)


def python(here: Machine, code: str) -> str:
    return run(here, "-c", code, entrypoint="/opt/caas-operator/bin/python3").strip()


def test_its_base_is_pinned_by_digest() -> None:
    lines = (images.ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    stages = {line.split()[3] for line in lines if line.startswith("FROM ")}
    assert set(bases) - stages == {"${BASE}"}
    (pinned,) = (line for line in lines if line.startswith("ARG BASE="))
    assert re.fullmatch(r"ARG BASE=docker\.io/library/debian:bookworm-slim@sha256:[0-9a-f]{64}", pinned)


def test_it_runs_the_command_line(here: Machine) -> None:
    assert run(here, "version").strip() == images.version()
    assert "--leader-elect" in run(here, "run", "--help")
    assert "--gcore-port" in run(here, "simulate", "--help", image=images.SIMULATOR)


def test_it_runs_as_a_user_that_is_not_root_and_can_write_nowhere(here: Machine) -> None:
    assert python(here, "import os; print(os.getuid(), os.getgid(), os.getgroups())") == "65532 65532 [65532]"
    code = "import os; print(*(d for d, *_ in os.walk('/') if not d.startswith('/proc') and os.access(d, os.W_OK)))"
    assert set(python(here, code).split()) <= {"/dev/mqueue", "/dev/shm"}  # noqa: S108 - no files, memory of the kernel


def test_nothing_in_it_compiles_or_installs(here: Machine) -> None:
    tools = "gcc cc g++ clang make ld as pip pip3 uv curl wget git"
    found = run(here, "-c", f"for tool in {tools}; do command -v $tool; done; true", entrypoint="/bin/sh")
    assert found == ""
    modules = ["ensurepip", "hatchling", "pip", "setuptools"]
    code = f"from importlib.util import find_spec; print([name for name in {modules} if find_spec(name)])"
    assert python(here, code) == "[]"


def test_it_has_the_locked_packages_and_no_other(here: Machine) -> None:
    code = "import importlib.metadata as m; print(*sorted(f'{d.name}=={d.version}' for d in m.distributions()))"
    has = {name.lower().replace("_", "-") for name in python(here, code).split()}
    locked = (images.ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    wanted = {line.split()[0] for line in locked.splitlines() if line[:1].isalnum() and "sys_platform" not in line}
    assert has - {f"caas-operator=={images.version()}"} <= wanted
    assert {"kopf", "kubernetes", "httpx"} <= {name.partition("==")[0] for name in has}


def test_only_the_simulators_image_has_what_the_simulator_needs(here: Machine) -> None:
    assert python(here, "from importlib.util import find_spec; print(find_spec('starlette'))") == "None"


@IMAGES
def test_it_says_what_it_is(here: Machine, name: str) -> None:
    config = images.config(here, name)
    labels = config["Labels"]
    assert isinstance(labels, dict)
    prefix = "org.opencontainers.image"
    assert labels[f"{prefix}.title"] == "caas-operator"
    assert labels[f"{prefix}.version"] == images.version()
    assert labels[f"{prefix}.licenses"] == "Apache-2.0"
    assert len(labels[f"{prefix}.revision"]) == len(images.revision(here))  # there may be a newer commit meanwhile
    assert config["User"] == "65532:65532"


@IMAGES
def test_it_is_small(here: Machine, name: str) -> None:
    size = images.config(here, name)["Size"]
    assert isinstance(size, int)
    assert size < LARGEST_MEGABYTES * 1e6
