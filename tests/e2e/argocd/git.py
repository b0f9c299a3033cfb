"""Repositories that pods of the cluster can fetch: a folder here, and a pod that serves what was committed in it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.control_plane import ControlPlane
from tests.e2e import stage
from tests.e2e.machine import Machine

NAMESPACE = "git"
ROOT = "/srv"
PORT = 9418
"""of git's own protocol"""
AUTHOR = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgSign=false")


@dataclass(frozen=True)
class Repository:
    """`folder` is its work tree here, `name` what it is called there."""

    machine: Machine
    plane: ControlPlane
    folder: Path
    name: str

    @property
    def url(self) -> str:
        return f"git://git.{NAMESPACE}.svc.cluster.local/{self.name}.git"

    def push(self, changes: Mapping[str, str | None] | None = None) -> str:
        """Write files, remove those that are None, commit all that the folder has, and return the commit."""
        for name, text in (changes or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message=what is wanted now")
        there = f"{ROOT}/{self.name}.git"
        script = f"git init --quiet --bare {there}; git -C {there} fast-import --quiet --force"
        execute = ["exec", "--stdin", f"--namespace={NAMESPACE}", "deployment/git", "--", "sh", "-ec", script]
        self.plane.kubectl(*execute, input=self._git("fast-export", "main"))
        return self._git("rev-parse", "main").strip()

    def _git(self, *words: str) -> str:
        return self.machine.run("git", *AUTHOR, *words, cwd=self.folder)


@contextmanager
def serving(plane: ControlPlane, image: str) -> Iterator[None]:
    """Git's own server in a pod, from an image that has git. The repositories go with it."""
    stage.make_namespace(plane, NAMESPACE)
    container = {
        "image": image,
        "command": ["git", "daemon", "--export-all", "--reuseaddr", f"--base-path={ROOT}", f"--port={PORT}", ROOT],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    objects = stage.served("git", container, {"git": PORT})
    plane.kubectl("apply", f"--namespace={NAMESPACE}", "--filename=-", input=json.dumps(objects))
    plane.kubectl("rollout", "status", f"--namespace={NAMESPACE}", "deployment/git", stage.PATIENCE)
    yield
    plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
