"""Somebody who has a clone and the pages of docs/install, and types what they say, word by word."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import ROOT, Json

PAGES = ROOT / "docs" / "install"
IMAGE = "registry.example/caas-operator:0.1.0"
"""as the pages call it"""
NOTE = 'echo "$(basename $0) $*" >> "$(dirname $0)/noted"'
"""what a command does that stands in for another, which is only noted"""
CLUSTER_WIDE = "crd,clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding"
REMOVE_EVERYTHING = ("upgrade", "sh", "Remove everything")


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The code blocks of a page of docs/install, or of the part of it under a heading."""
    return blocks_of(PAGES / f"{page}.md", language, heading)


def blocks_of(path: Path, language: str, heading: str = "") -> list[str]:
    """The same of any page."""
    text = path.read_text(encoding="utf-8")
    if heading:
        (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found, f"{path.name} {heading} has no block of {language}"
    return [str(each) for each in found]


def removal_of_the_operator_alone() -> str:
    """The page's block, as somebody reads it who did not come with helm."""
    (text,) = blocks("upgrade", "sh", "Remove the operator alone")
    without, count = re.subn(r"^helm .*\n", "", text, flags=re.MULTILINE)
    assert count == 1
    return without


@dataclass(frozen=True)
class Newcomer:
    """Somebody in a clone of the repository; `path` has the commands that are not the machine's own."""

    plane: ControlPlane
    clone: Path
    path: Path
    api_key: str = "made-up"

    def types(self, *commands: str) -> str:
        """Run blocks as they are, each to its end; the first command that fails raises, with what was said."""
        environment = {
            **os.environ,
            "PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.path.parent),
            "KUBECONFIG": str(self.plane.kubeconfig),
            "KUBERC": "off",
            "GCORE_API_KEY": self.api_key,
        }
        said = ""
        for each in commands:
            done = subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", each],
                cwd=self.clone,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{each}\n{done.stdout}{done.stderr}"
            said += done.stdout + done.stderr
        return said

    def writes(self, name: str, text: str) -> None:
        path = self.clone / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edits(self, name: str, changes: Mapping[str, str]) -> None:
        """Replace what a file says; that it does say it is part of it."""
        text = (self.clone / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, f"{name} does not have {old}"
            text = text.replace(old, new)
        self.writes(name, text)

    def get(self, *what: str) -> list[Json]:
        found: list[Json] = json.loads(self.plane.kubectl("get", *what, "-o", "json").stdout)["items"]
        return found

    def images(self) -> list[str]:
        """What the operator's pods are told to run."""
        return [
            container["image"]
            for deployment in self.get("deployment", "-n", "caas-operator")
            for container in deployment["spec"]["template"]["spec"]["containers"]
        ]

    def left(self) -> list[str]:
        """What is still there of us beyond namespaces."""
        names = [each["metadata"]["name"] for each in self.get(CLUSTER_WIDE)]
        return [name for name in names if "caas-operator" in name]

    def noted(self) -> list[str]:
        return (self.path / "noted").read_text(encoding="utf-8").splitlines()


def newcomer(plane: ControlPlane, folder: Path, commands: Mapping[str, str], *, api_key: str = "made-up") -> Newcomer:
    """Somebody in an empty folder with a clone of its own. `commands` are scripts in place of what the machine has.

    There is no registry, and the images are built already: `make` and `docker` are only noted.
    """
    clone, path = folder / "clone", folder / "bin"
    shutil.copytree(ROOT / "deploy", clone / "deploy")
    path.mkdir()
    for name, script in {"make": NOTE, "docker": NOTE, **commands}.items():
        (path / name).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        (path / name).chmod(0o755)
    return Newcomer(plane, clone, path, api_key)


def calls(program: Path) -> str:
    """A script that is this program."""
    return f'exec {shlex.quote(str(program))} "$@"'
