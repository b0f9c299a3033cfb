"""The chart, rendered and installed by the real helm."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "caas-operator"
NAME = "caas-operator"
"""of the chart, and of release and namespace where a test says nothing else"""


@dataclass(frozen=True)
class Helm:
    """The program, with a home of its own: what a user has configured has no say."""

    program: Path
    home: Path

    def __call__(
        self, *args: str, values: Mapping[str, Any] | None = None, kubeconfig: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run helm; values go in as a file, of JSON. With `check` a failure raises, with helm's words as a note."""
        homes = {f"HELM_{name}_HOME": str(self.home / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HELM_")}
        command = [str(self.program), *args, *(["--values=-"] if values is not None else [])]
        command += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        done = subprocess.run(
            command,
            input=json.dumps(values) if values is not None else None,
            env={**clean, **homes},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done

    def template(self, values: Mapping[str, Any] | None = None, *options: str, release: str = NAME) -> str:
        """What the chart renders to, as text."""
        where = ["template", release, str(CHART), f"--namespace={NAME}"]
        return self(*where, *options, values=values or {}).stdout

    def render(self, values: Mapping[str, Any] | None = None, *options: str, release: str = NAME) -> list[Json]:
        """What the chart renders to, as objects."""
        return documents(self.template(values, *options, release=release))


def documents(text: str) -> list[Json]:
    return [document for document in yaml.load_all(text, _Loader) if document]


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the CRDs are long


def of_kind(objects: Iterable[Json], *kinds: str) -> list[Json]:
    return [each for each in objects if each["kind"] in kinds]


def the(objects: Iterable[Json], kind: str, name: str = NAME) -> Json:
    """The one object of that kind and name."""
    (found,) = (each for each in of_kind(objects, kind) if each["metadata"]["name"] == name)
    return found


def address(thing: Json) -> tuple[str, str, str]:
    """What tells an object from all others: kind, namespace, name."""
    meta = thing["metadata"]
    return thing["kind"], meta.get("namespace", ""), meta["name"]


def container(objects: Iterable[Json]) -> Json:
    """The operator's container in its Deployment."""
    (found,) = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"]
    return dict(found)
