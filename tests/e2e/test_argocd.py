"""Argo CD itself, by docs/install/argocd.md: the operator and a team's containers out of Git, and what Git says later.

Two things are not the page's: where the repositories are, which a user puts in too, and the account, which leads to the
simulated clouds. For these it is one for the cluster: that of a team may lead to public addresses alone.
"""

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane
from tests.demo.cloud import created, external_ids
from tests.deploy.chart import Json, documents
from tests.deploy.newcomer import Newcomer, blocks, calls, newcomer
from tests.e2e import images, stage
from tests.e2e.argocd import git
from tests.e2e.argocd.running import ArgoCD, running
from tests.e2e.machine import Machine
from tests.states import capture
from tests.states.verdicts import VERDICTS
from tests.support.simulator import Clouds

TEAM = "team-a"
OPERATOR, CONTAINERS = "caas-operator", "containers"
"""the two Applications, and their repositories here"""
FILE = "deploy/all.yaml"
PAUSED = "caas-operator.dev/paused"
REQUESTED = "caas-operator.dev/reconcile-requested-at"


@dataclass(frozen=True)
class Team:
    """Who has containers in Git. `wanted` is what Git says at the beginning of each test."""

    argocd: ArgoCD
    repository: git.Repository
    clouds: Clouds
    wanted: list[Json]

    def push(self, objects: list[Json]) -> str:
        return self.repository.push({FILE: yaml.safe_dump_all(objects, sort_keys=False)})

    def changed(self, name: str, **spec: object) -> list[Json]:
        """What is wanted, with fields of one object's spec changed."""
        found = copy.deepcopy(self.wanted)
        (one,) = (each for each in found if each["metadata"]["name"] == name)
        one["spec"].update(spec)
        return found

    def without(self, name: str) -> list[Json]:
        return [each for each in self.wanted if each["metadata"]["name"] != name]

    def acts(self, action: str) -> None:
        """Choose what the menu of `api` offers."""
        self.argocd("app", "actions", "run", CONTAINERS, action, "--kind=CaasContainer", "--resource-name=api")

    def container(self, name: str) -> Json:
        return stage.get(self.argocd.plane, "caas", name, f"--namespace={TEAM}")

    def in_the_cloud(self, name: str) -> Json:
        (found,) = (each for each in self.clouds.listed("caas") if each["name"] == name)
        return found


def example(clouds: Clouds) -> list[Json]:
    """deploy/argocd/example.yaml with an account that leads to the simulated clouds."""
    account, *rest = documents((images.ROOT / "deploy" / "argocd" / "example.yaml").read_text(encoding="utf-8"))
    account["kind"] = "ClusterCloudAccount"
    account["spec"]["allowedNamespaces"] = {"names": [TEAM]}
    account["spec"]["gcore"]["endpoint"] = clouds.urls.gcore
    account["spec"]["gcore"]["apiKeySecretRef"]["namespace"] = TEAM
    return [account, *rest]


@pytest.fixture(scope="module")
def argocd(here: Machine, bare: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    with running(here, bare, tmp_path_factory.mktemp("argocd")) as found, git.serving(bare, found.image):
        yield found


@pytest.fixture(scope="module")
def arrived(argocd: ArgoCD, clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The page, followed: both Applications are there, and had their time to become Healthy."""
    plane, folder = argocd.plane, tmp_path_factory.mktemp("somebody")
    somebody: Newcomer = newcomer(plane, folder, {"kubectl": calls(plane.kubectl_path)}, api_key=clouds.keys.gcore)
    platform = git.Repository(argocd.machine, plane, somebody.clone, OPERATOR)
    team = git.Repository(argocd.machine, plane, tmp_path_factory.mktemp("team"), CONTAINERS)
    arrived = Team(argocd, team, clouds, example(clouds))
    platform.push()
    revision = arrived.push(arrived.wanted)
    plane.kubectl("delete", "namespace", TEAM, "--ignore-not-found")  # of a run that was interrupted
    stage.make_namespace(plane, TEAM)
    somebody.types(f'kubectl -n {TEAM} create secret generic gcore --from-literal=api-key="$GCORE_API_KEY"')
    repositories = {
        "https://git.example.com/platform/caas-operator.git": platform.url,
        "https://git.example.com/team-a/containers.git": team.url,
    }
    somebody.edits("deploy/argocd/application.yaml", repositories)
    somebody.types(*blocks("argocd", "sh"))
    argocd.wait(OPERATOR, health="Healthy")
    argocd.wait(CONTAINERS, health="Healthy", revision=revision)
    yield arrived
    somebody.types("kubectl delete -f deploy/argocd/application.yaml")
    unprotected = '--patch={"spec":{"deletionProtection":false}}'
    plane.kubectl("patch", "caas", "web", f"--namespace={TEAM}", "--type=merge", unprotected, check=False)
    stage.sweep(plane)
    plane.kubectl("delete", "namespace", TEAM, "--wait=false")


@pytest.fixture
def team(arrived: Team) -> Iterator[Team]:
    """Everything is as the example says, before and after."""
    yield arrived
    arrived.argocd.wait(CONTAINERS, health="Healthy", revision=arrived.push(arrived.wanted))


def test_both_applications_become_healthy_in_waves(team: Team) -> None:
    assert len(stage.operators(team.argocd.plane)) == 2
    assert stage.ids(team.argocd.plane) == sorted(external_ids(team.clouds)) == ["1/76/api", "1/76/web"]
    (ready,) = (each for each in team.container("api")["status"]["conditions"] if each["type"] == "Ready")
    assert team.container("web")["metadata"]["creationTimestamp"] >= ready["lastTransitionTime"]


def test_what_the_operator_writes_is_no_difference(team: Team) -> None:
    before, objects = team.argocd.looked_again(CONTAINERS), [team.container(name) for name in ("api", "web")]
    after = team.argocd.looked_again(CONTAINERS)
    assert after["status"]["sync"]["status"] == "Synced"
    assert after["status"]["operationState"] == before["status"]["operationState"], "it synced again"
    assert [team.container(name) for name in ("api", "web")] == objects


def test_an_edit_in_git_is_healthy_when_the_cloud_has_it(team: Team) -> None:
    made = created(team.clouds)
    team.argocd.wait(CONTAINERS, health="Healthy", revision=team.push(team.changed("api", image="nginx:1.28")))
    assert team.in_the_cloud("api")["image"] == "nginx:1.28"
    assert created(team.clouds) == made


def test_an_edit_in_the_cluster_is_undone(team: Team) -> None:
    patch = ["patch", "caas", "api", f"--namespace={TEAM}", "--type=merge", '--patch={"spec":{"image":"nginx:mine"}}']
    team.argocd.plane.kubectl(*patch)
    stage.wait_until(lambda: team.container("api")["spec"]["image"] == "nginx:1.27", "Argo CD heals it")
    team.argocd.wait(CONTAINERS, health="Healthy")
    stage.wait_until(lambda: team.in_the_cloud("api")["image"] == "nginx:1.27", "the cloud has what Git says")


def test_what_the_api_server_refuses_is_said_and_the_next_commit_cures_it(team: Team) -> None:
    team.push(team.changed("api", flavor="small"))
    team.argocd.wait_until(CONTAINERS, lambda says: "spec.flavor: Invalid value" in says.operation, "it was refused")
    assert team.argocd.says(CONTAINERS).sync == "OutOfSync"
    team.argocd.wait(CONTAINERS, health="Healthy", revision=team.push(team.wanted))


def test_what_the_operator_refuses_is_degraded_and_the_next_commit_cures_it(team: Team) -> None:
    refused = team.push(team.changed("api", flavor="7mCPU-7MiB"))
    team.argocd.wait(CONTAINERS, health="Degraded", revision=refused)
    team.argocd.wait_until(CONTAINERS, lambda says: "InvalidSpec: spec.flavor" in says.operation, "why")
    team.argocd.wait(CONTAINERS, health="Healthy", revision=team.push(team.wanted))


def test_a_pause_from_its_menu_suspends_and_is_not_undone(team: Team) -> None:
    team.acts("pause")
    team.argocd.wait(CONTAINERS, health="Suspended")
    assert team.argocd.looked_again(CONTAINERS)["status"]["health"]["status"] == "Suspended"
    assert team.container("api")["metadata"]["annotations"][PAUSED] == "true"
    team.acts("resume")
    team.argocd.wait(CONTAINERS, health="Healthy")


def test_a_reconcile_from_its_menu_is_handled(team: Team) -> None:
    before = team.container("api")["status"].get("lastHandledReconcileAt")
    team.acts("reconcile")
    asked = team.container("api")["metadata"]["annotations"][REQUESTED]
    assert asked != before
    stage.wait_until(lambda: team.container("api")["status"].get("lastHandledReconcileAt") == asked, "it was handled")


def test_what_leaves_git_leaves_the_cloud(team: Team) -> None:
    team.argocd.wait(CONTAINERS, health="Healthy", revision=team.push(team.without("api")))
    assert external_ids(team.clouds) == ["1/76/web"]


def test_a_field_that_leaves_git_leaves_the_object(team: Team) -> None:
    wanted = team.changed("web")
    del wanted[-1]["spec"]["deletionProtection"]
    team.argocd.wait(CONTAINERS, health="Healthy", revision=team.push(wanted))
    assert "deletionProtection" not in team.container("web")["spec"]


def test_a_protected_one_stays_though_it_left_git(team: Team) -> None:
    team.push(team.without("web"))
    team.argocd.wait_until(
        CONTAINERS, lambda says: "deletionProtection" in says.operation, "why it could not be pruned"
    )
    assert "deletionTimestamp" not in team.container("web")["metadata"]
    assert "1/76/web" in external_ids(team.clouds)


def test_argo_cds_own_program_judges_each_state_as_our_table_says(here: Machine, tmp_path: Path) -> None:
    program = build.programs([build.ARGOCD])[build.ARGOCD]
    config = images.ROOT / "deploy" / "argocd" / "argocd-cm.yaml"
    states = {(kind, state): VERDICTS[state].argocd for kind, found in capture.kept().items() for state in found}

    def judged(name: tuple[str, str]) -> str:
        path = capture.FOLDER.joinpath(*name).with_suffix(".yaml")
        words: list[str | Path] = ["admin", "settings", "resource-overrides", "health", path]
        return (
            here.run("env", f"HOME={tmp_path}", program, *words, f"--argocd-cm-path={config}")
            .partition("STATUS: ")[2]
            .partition("\n")[0]
        )

    with ThreadPoolExecutor(4) as pool:
        assert dict(zip(states, pool.map(judged, states), strict=True)) == states
