"""The ways in, each as a new user goes it: the shell blocks of the pages, word by word, on a cluster with real pods.

Two things are not the pages': the account's endpoint, for there is no real cloud, and the images, which are on the node
already under the names that the pages have. tests/deploy/test_from_the_docs.py is the same without pods, and quicker.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane
from tests.demo.cloud import external_ids
from tests.deploy.newcomer import (
    IMAGE,
    REMOVE_EVERYTHING,
    Newcomer,
    blocks,
    blocks_of,
    calls,
    newcomer,
    removal_of_the_operator_alone,
)
from tests.e2e import images, stage
from tests.support.simulator import Clouds

README = images.ROOT / "README.md"
MONITORING = images.ROOT / "tests" / "deploy" / "monitoring_crds.yaml"
DEMO = "deploy/kustomize/overlays/demo"
HELLO = blocks_of(README, "yaml", "Use")[0].partition("---\n")[0]


@pytest.fixture
def somebody(bare: ControlPlane, clouds: Clouds, tmp_path: Path) -> Iterator[Newcomer]:
    helm = build.programs([build.HELM])[build.HELM]
    commands = {"kubectl": calls(bare.kubectl_path), "helm": calls(helm)}
    yield newcomer(bare, tmp_path, commands, api_key=clouds.keys.gcore)
    stage.sweep(bare)


def led_to(clouds: Clouds, text: str) -> str:
    """The same account, with the simulated cloud in place of the real one."""
    led, count = re.subn(r"^( *)gcore:\n", rf"\g<0>\1  endpoint: {clouds.urls.gcore}\n", text, flags=re.MULTILINE)
    assert count == 1
    return led


def uses_it(somebody: Newcomer, clouds: Clouds) -> None:
    """A container as the README has it is Ready, and in the cloud."""
    somebody.writes("hello.yaml", HELLO)
    somebody.types("kubectl apply -f hello.yaml", f"kubectl wait --for=condition=Ready caas/hello {stage.PATIENCE}")
    assert stage.ids(somebody.plane) == external_ids(clouds) != []


def is_gone(somebody: Newcomer, clouds: Clouds) -> None:
    assert external_ids(clouds) == []
    assert somebody.left() == []
    assert "caas-operator" not in [each["metadata"]["name"] for each in somebody.get("namespaces")]


def removal_without_helm() -> str:
    """As its comment says: `kubectl delete -f` in place of helm's line, and nothing after it."""
    (text,) = blocks(*REMOVE_EVERYTHING)
    before, _, _ = text.partition("helm uninstall")
    assert "kubectl delete -f deploy/install.yaml, which does the rest" in text
    return f"{before}kubectl delete -f deploy/install.yaml"


def test_one_file(somebody: Newcomer, clouds: Clouds) -> None:
    somebody.writes("account.yaml", led_to(clouds, blocks("plain", "yaml")[0]))
    somebody.types(*blocks("plain", "sh"))
    assert len(stage.operators(somebody.plane)) == 2
    assert somebody.images() == [IMAGE]
    uses_it(somebody, clouds)
    before = stage.ids(somebody.plane)
    somebody.types(removal_of_the_operator_alone())
    assert external_ids(clouds) == before
    somebody.types(blocks("plain", "sh")[1])
    somebody.types(removal_without_helm())
    is_gone(somebody, clouds)


def test_the_file_as_it_is_for_nodes_that_have_the_image(somebody: Newcomer, clouds: Clouds) -> None:
    (as_it_is, *_), account = blocks("plain", "sh"), blocks("plain", "yaml")[0]
    somebody.writes("account.yaml", led_to(clouds, account))
    somebody.types(as_it_is, blocks("plain", "sh", "An account")[0])
    uses_it(somebody, clouds)
    somebody.types(removal_without_helm())
    is_gone(somebody, clouds)


def test_kustomize(somebody: Newcomer, clouds: Clouds) -> None:
    somebody.types(f"kubectl apply -f {MONITORING}", "kubectl wait --for=condition=Established crd --all")
    base, overlay = blocks("kustomize", "sh")
    somebody.types(base)
    somebody.writes("overlay/kustomization.yaml", blocks("kustomize", "yaml")[0])
    somebody.types(overlay.replace("the-folder-of-your-overlay", "overlay"))
    assert somebody.images() == [IMAGE]
    somebody.writes("account.yaml", led_to(clouds, blocks("plain", "yaml")[0]))
    somebody.types(*blocks("plain", "sh", "An account"))
    uses_it(somebody, clouds)
    somebody.types(removal_without_helm(), f"kubectl delete -f {MONITORING}")
    is_gone(somebody, clouds)


def test_the_demo_overlay_has_its_own_clouds(somebody: Newcomer) -> None:
    """No account has to be made, and nothing leads to any other cloud."""
    somebody.types(f"kubectl apply --server-side -k {DEMO}", f"kubectl apply -f {DEMO}/accounts.yaml")
    somebody.types(f"kubectl wait --for=condition=Ready ccacct --all {stage.PATIENCE}")
    one_of_each = blocks_of(README, "yaml", "Use")[0]
    somebody.writes("all.yaml", one_of_each)
    somebody.types(
        "kubectl apply -f all.yaml", f"kubectl wait --for=condition=Ready caas,infd,sbx --all {stage.PATIENCE}"
    )
    assert len(stage.ids(somebody.plane)) == len(list(yaml.safe_load_all(one_of_each)))


def test_the_chart(somebody: Newcomer, clouds: Clouds) -> None:
    somebody.writes("values.yaml", led_to(clouds, blocks("helm", "yaml")[0]))
    install, upgrade = blocks("helm", "sh")
    somebody.types(install)
    uses_it(somebody, clouds)
    somebody.types(upgrade)
    assert somebody.images() == [IMAGE]
    somebody.types(*blocks(*REMOVE_EVERYTHING))
    is_gone(somebody, clouds)


def test_the_readme(somebody: Newcomer, clouds: Clouds) -> None:
    somebody.writes("account.yaml", led_to(clouds, blocks_of(README, "yaml", "Install")[0]))
    somebody.types(*blocks_of(README, "sh", "Install"))
    uses_it(somebody, clouds)
    somebody.types(*blocks(*REMOVE_EVERYTHING))
    is_gone(somebody, clouds)
