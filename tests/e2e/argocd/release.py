"""Argo CD as it is released: its own manifests, out of its Go module, and images by the names that they have there."""

import shutil
import tempfile
from pathlib import Path

from tests.cluster import build
from tests.deploy.chart import Json, documents, of_kind
from tests.e2e import images
from tests.e2e.machine import Machine, step

HERE = Path(__file__).parent
SCRIPTS = ("gpg-wrapper.sh", "git-verify-wrapper.sh")
"""of its image, which its repo server calls by name"""
REDIS = "redis"
NOT_RUN = ("argocd-applicationset-controller",)
"""what writes Applications by a template; nothing here does"""


def manifests() -> list[Json]:
    """What `kubectl apply -n argocd -f core-install.yaml` gives a user: all but the UI and its API server.

    Images are never pulled, and what is of no use here is left out. Nothing else is changed.
    """
    found = documents((_source() / "manifests" / "core-install.yaml").read_text(encoding="utf-8"))
    wanted = [each for each in found if each["metadata"]["name"] not in NOT_RUN]
    for container in _containers(wanted):
        container["imagePullPolicy"] = "Never"
    return wanted


def _source() -> Path:
    return build.source(build.ARGOCD, build.ARGOCD_MODULE)


def _containers(objects: list[Json]) -> list[Json]:
    pods = [each["spec"]["template"]["spec"] for each in of_kind(objects, "Deployment", "StatefulSet")]
    return [each for pod in pods for each in [*pod.get("initContainers", []), *pod["containers"]]]


def image_of(objects: list[Json], container: str) -> str:
    """What a container of these manifests runs."""
    (name,) = {each["image"] for each in _containers(objects) if each["name"] == container}
    return str(name)


def built(machine: Machine, objects: list[Json]) -> list[str]:
    """Build the images of these manifests, and return their names."""
    names = sorted({each["image"] for each in _containers(objects)})
    with step("images of Argo CD"), tempfile.TemporaryDirectory(dir=machine.home) as folder:
        context = Path(folder)
        (context / "bin").mkdir()
        for program, path in build.programs([build.ARGOCD, build.HELM]).items():
            images.put(path, context / "bin" / program)
        scripts = _source() / "hack"
        for script in SCRIPTS:
            shutil.copy(scripts / script, context / "bin" / script)
            (context / "bin" / script).chmod(0o755)
        shutil.copy(HERE / "Dockerfile", context)
        redis = image_of(objects, REDIS)
        for name in names:
            target = REDIS if name == redis else build.ARGOCD
            images.build_image(machine, context, name, f"--target={target}", *images.on_base(machine))
    return names
