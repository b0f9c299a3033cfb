"""What the pods' ServiceAccount may do, by the word of the real API server, and what it may not."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import documents
from tests.e2e import stage
from tests.e2e.machine import Machine
from tests.support.rights import OPERATOR_USER, Right, granted
from tests.support.simulator import Clouds

GROUPS = ("system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{stage.NAMESPACE}")
OURS = "caas-operator.dev"
OWN_KINDS = ("caascontainers", "inferencedeployments", "sandboxcontainers", "cloudaccounts", "clustercloudaccounts")
REFUSED = [
    *(Right(verb, "", what) for what in ("secrets", "configmaps") for verb in ("list", "watch", "patch", "delete")),
    *(Right(verb, "", "secrets", "default") for verb in ("create", "update")),
    Right("update", "", "secrets", stage.NAMESPACE, "caas-operator-hmac"),
    *(Right(verb, OURS, kind) for kind in OWN_KINDS for verb in ("create", "update", "deletecollection")),
    *(Right("delete", OURS, kind) for kind in OWN_KINDS if kind != "sandboxcontainers"),
    *(Right("update", OURS, f"{kind}/status") for kind in OWN_KINDS),
    *(Right(verb, "", what) for what in ("pods", "nodes", "services", "serviceaccounts") for verb in ("get", "list")),
    *(Right("create", "", what) for what in ("pods", "pods/exec", "serviceaccounts/token", "namespaces")),
    *(Right(verb, "", "namespaces") for verb in ("list", "watch")),
    *(Right(verb, "apps", "deployments", stage.NAMESPACE) for verb in ("get", "patch")),
    *(Right(verb, "apiextensions.k8s.io", "customresourcedefinitions") for verb in ("create", "update", "delete")),
    *(Right(verb, "coordination.k8s.io", "leases", stage.NAMESPACE, "another") for verb in ("get", "update", "delete")),
    Right("update", "coordination.k8s.io", "leases", "kube-system", "caas-operator"),
    *(
        Right(verb, "rbac.authorization.k8s.io", what)
        for what in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
        for verb in ("create", "bind", "escalate")
    ),
    Right("impersonate", "", "users"),
    Right("*", "*", "*"),
]
"""nothing of it may be granted, wherever"""


def may(plane: ControlPlane, right: Right) -> str:
    """What `kubectl auth can-i` answers for the account: yes or no."""
    resource, _, part = right.resource.partition("/")
    what = ".".join(word for word in (resource, right.group.replace("*", "")) if word)
    words = ["auth", "can-i", right.verb, f"{what}/{right.name}" if right.name else what]
    words += [f"--subresource={part}"] if part else []
    words += [f"--namespace={right.namespace}"] if right.namespace else ["--all-namespaces"]
    words += [f"--as={OPERATOR_USER}", *(f"--as-group={name}" for name in GROUPS)]
    said = plane.kubectl(*words, check=False)
    assert said.returncode in {0, 1}, said.stderr
    return said.stdout.strip().partition(" ")[0]


def all_of(plane: ControlPlane, rights: list[Right]) -> dict[Right, str]:
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(rights, pool.map(lambda right: may(plane, right), rights), strict=True))


@pytest.fixture(scope="module")
def roles(here: Machine, fleet: Clouds) -> set[Right]:
    """What the release's own manifest gives."""
    return granted(documents(stage.helm(here, "get", "manifest", "caas-operator")))


def test_the_pods_run_under_the_account_that_is_asked_about(plane: ControlPlane, release: Clouds) -> None:
    names = {pod["spec"]["serviceAccountName"] for pod in stage.operators(plane)}
    assert {f"system:serviceaccount:{stage.NAMESPACE}:{name}" for name in names} == {OPERATOR_USER}


def test_all_that_the_roles_say_is_granted(plane: ControlPlane, roles: set[Right]) -> None:
    assert len(roles) > 30
    assert {right for right, said in all_of(plane, sorted(roles)).items() if said != "yes"} == set()


def test_nothing_else_is_granted(plane: ControlPlane, roles: set[Right]) -> None:
    assert not [right for right in REFUSED if any(role.covers(right) for role in roles)]
    assert {right for right, said in all_of(plane, REFUSED).items() if said != "no"} == set()
