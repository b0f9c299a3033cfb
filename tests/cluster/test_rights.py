"""The rights that docs/operations.md names suffice, cluster-wide and in single namespaces."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import apply_accounts
from tests.support.operator import running_operator
from tests.support.simulator import Simulator, running_simulator

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deploy" / "samples"
CLUSTER_WIDE = {"clustercloudaccounts", "clustercloudaccounts/status", "namespaces", "customresourcedefinitions"}
"""What no Role in a namespace can grant."""


def documented(kind: str) -> dict[str, Any]:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    role: dict[str, Any] = next(block for block in blocks if block["kind"] == kind)
    return role


def grant(plane: ControlPlane, user: str, role: dict[str, Any], namespace: str | None) -> None:
    """Bind a role, documented as it may be for another name and namespace, to a user."""
    name = f"{user}-{len(role['rules'])}"
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    plane.kubectl("apply", "-f", "-", input=json.dumps({**role, "metadata": meta}))
    binding = f"{role['kind'].lower()}binding"
    where = [f"--namespace={namespace}"] if namespace else []
    plane.kubectl("create", binding, name, f"--{role['kind'].lower()}={name}", f"--user={user}", *where)


def in_a_namespace(role: dict[str, Any]) -> dict[str, Any]:
    rules = [
        {**rule, "resources": kept}
        for rule in role["rules"]
        if (kept := [one for one in rule["resources"] if one not in CLUSTER_WIDE])
    ]
    return {**role, "kind": "Role", "rules": rules}


def looking_around() -> dict[str, Any]:
    rules = [
        {"apiGroups": ["", "apiextensions.k8s.io"], "resources": [one], "verbs": ["list", "watch"]}
        for one in ("namespaces", "customresourcedefinitions")
    ]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules}


def refused(plane: ControlPlane, user: str) -> set[str]:
    assert plane.audit_log is not None
    events = [json.loads(line) for line in plane.audit_log.read_text(encoding="utf-8").splitlines()]
    return {
        f"{event['verb']} {event.get('objectRef', {}).get('resource', event['requestURI'])}"
        for event in events
        if event["user"].get("username") == user and event.get("responseStatus", {}).get("code") == 403
    }


def live_and_die(plane: ControlPlane, namespace: str) -> None:
    samples = [f"--filename={path}" for path in SAMPLES.glob("*-minimal.yaml")]
    where = f"--namespace={namespace}"
    plane.kubectl("apply", where, *samples)
    plane.kubectl("wait", where, "--for=condition=Ready", "caas,infd,sbx", "--all", "--timeout=60s")
    plane.kubectl("delete", where, "caas,infd,sbx", "--all", "--timeout=60s")


def test_the_documented_roles_suffice(control_plane: ControlPlane, namespace: str) -> None:
    user = f"operator-of-{namespace}"
    grant(control_plane, user, documented("ClusterRole"), None)
    grant(control_plane, user, documented("Role"), namespace)
    flags = {"kubeconfig": str(control_plane.kubeconfig_for(user)), "operator_namespace": namespace}
    with running_simulator(task_seconds=0.2) as simulator:
        apply_accounts(control_plane, simulator, allowedNamespaces={"names": [namespace]})
        try:
            with running_operator(control_plane, simulator, flags=flags) as operator:
                live_and_die(control_plane, namespace)
                control_plane.kubectl("delete", "ccacct", "--all", "--timeout=60s")
                assert operator.stop() == 0
        finally:
            control_plane.kubectl("delete", "ccacct", "--all", "--wait=false")
    assert refused(control_plane, user) == set()


def test_in_namespaced_mode_a_role_suffices(control_plane: ControlPlane, namespace: str) -> None:
    user = f"operator-of-{namespace}"
    grant(control_plane, user, in_a_namespace(documented("ClusterRole")), namespace)
    grant(control_plane, user, documented("Role"), namespace)
    grant(control_plane, user, looking_around(), None)
    flags = {
        "kubeconfig": str(control_plane.kubeconfig_for(user)),
        "operator_namespace": namespace,
        "namespaces": namespace,
        "environment_account_namespaces": namespace,
    }
    with running_simulator(task_seconds=0.2) as simulator:
        environment = environment_accounts(simulator)
        with running_operator(control_plane, simulator, environment=environment, flags=flags) as operator:
            live_and_die(control_plane, namespace)
            assert operator.stop() == 0
    assert refused(control_plane, user) == set()


def environment_accounts(simulator: Simulator) -> dict[str, str]:
    return {
        "GCORE_API_KEY": simulator.keys.gcore,
        "GCORE_BASE_URL": simulator.urls.gcore,
        "GCORE_CLOUD_PROJECT_ID": "1",
        "GCORE_CLOUD_REGION_ID": "76",
        "OPENAI_API_KEY": simulator.keys.openai,
        "OPENAI_BASE_URL": simulator.urls.openai,
    }


def test_a_missing_right_is_noticed(control_plane: ControlPlane, namespace: str) -> None:
    """That `refused` sees what it should."""
    user = f"nobody-of-{namespace}"
    asked = ["get", "caas", f"--namespace={namespace}"]
    answer = control_plane.kubectl(*asked, kubeconfig=control_plane.kubeconfig_for(user), check=False)
    assert answer.returncode != 0
    assert refused(control_plane, user) == {"list caascontainers"}
