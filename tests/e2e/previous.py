"""An upgrade of the chart, and how everything stood before and after it.

No release has been made yet, so the previous chart is the present one with an earlier version, as `helm package` packs
it: its CRD of containers lacks a field that the present one has and lets in what the present one refuses, its pods run
an image of its own version, and its values are fewer. The operator in that image is the present one.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster.control_plane import ControlPlane
from tests.e2e import images, stage
from tests.e2e.machine import Machine
from tests.support.accounts import GROUP
from tests.support.simulator import Clouds, Entry
from tests.support.world import Json

NEW_FIELD = "isApiKeyAuth"
"""no sample has it"""
BROKEN = "broken"
"""a container that the previous CRD lets in"""


def packaged(machine: Machine, folder: Path) -> Path:
    """Make the chart's archive in an empty folder."""
    chart = folder / "caas-operator"
    shutil.copytree(stage.CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    about |= {"version": images.PREVIOUS_VERSION, "appVersion": images.PREVIOUS_VERSION}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    path = chart / "files" / "crds" / "caascontainers.yaml"
    crd = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec = spec_of(crd)
    del spec["properties"][NEW_FIELD], spec["properties"]["listeningPort"]["maximum"], spec["x-kubernetes-validations"]
    # The chart's template looks for this beginning.
    head = {"apiVersion": crd.pop("apiVersion"), "kind": crd.pop("kind"), "metadata": crd.pop("metadata")}
    path.write_text(yaml.safe_dump(head, sort_keys=False) + yaml.safe_dump(crd), encoding="utf-8")
    stage.helm(machine, "package", str(chart), f"--destination={folder}")
    return folder / f"caas-operator-{images.PREVIOUS_VERSION}.tgz"


def spec_of(crd: Json) -> Json:
    """The schema of spec."""
    found: Json = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return found


def install(machine: Machine, chart: Path) -> None:
    """As a user of that version did: the image's tag is the chart's own."""
    image = [f"--set=image.repository={images.OPERATOR.partition(':')[0]}", "--set=image.pullPolicy=Never"]
    stage.helm(
        machine,
        *("install", "caas-operator", str(chart), "--wait", stage.PATIENCE),
        *(*image, "--set=exportTo.enabled=true"),
    )


@dataclass(frozen=True)
class Moment:
    """`objects` has every object's uid, generation, external id and Ready; the keys are kind, namespace and name."""

    objects: dict[tuple[str, str, str], tuple[str, int, str, str]]
    crds: dict[str, Json]
    images: set[str]
    made: dict[str, int]


@dataclass(frozen=True)
class Upgrade:
    """`calls` are those to the clouds, from before the upgrade until all was looked at again."""

    clouds: Clouds
    before: Moment
    after: Moment
    calls: list[Entry]


def moment(plane: ControlPlane, clouds: Clouds) -> Moment:
    objects = {}
    for one in stage.get(plane, "caas-operator", "--all-namespaces")["items"]:
        meta, status = one["metadata"], one.get("status", {})
        ready = [each["status"] for each in status.get("conditions", []) if each["type"] == "Ready"]
        known = (meta["uid"], meta["generation"], str(status.get("externalId", "")), "".join(ready))
        objects[one["kind"], meta.get("namespace", ""), meta["name"]] = known
    found = stage.get(plane, "crd", "--selector=app.kubernetes.io/part-of=caas-operator")["items"]
    pods = {container["image"] for pod in stage.operators(plane) for container in pod["spec"]["containers"]}
    return Moment(objects, {each["metadata"]["name"]: each for each in found}, pods, clouds.counters().created)


def upgraded(machine: Machine, plane: ControlPlane, clouds: Clouds) -> Upgrade:
    """`helm upgrade --wait` to the present chart; over when the new leader has handled a request for each object."""
    before = moment(plane, clouds)
    since = max((entry.seq for entry in clouds.journal()), default=0)
    stage.install(machine)
    request = f"{GROUP.partition('/')[0]}/reconcile-requested-at=after-the-upgrade"
    plane.kubectl("annotate", stage.KINDS, "--all", request)
    handled = "--for=jsonpath={.status.lastHandledReconcileAt}=after-the-upgrade"
    plane.kubectl("wait", handled, stage.KINDS, "--all", stage.PATIENCE)
    return Upgrade(clouds, before, moment(plane, clouds), clouds.journal(since=since))
