"""The rights that the operator is installed with, its ServiceAccount as a user, and what the audit log says of both."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.certificates import write_private
from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import SYSTEM_NAMESPACE

Json = dict[str, Any]
DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "caas-operator"
OPERATOR_USER = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{NAME}"
TOKEN_HOURS = 24
"""A test session takes minutes; the token is that of a pod in all else."""


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource (`kind/status` for a part of it); an empty namespace or name stands for all."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def covers(self, asked: "Right") -> bool:
        same = (self.verb, self.group, self.resource) == (asked.verb, asked.group, asked.resource)
        return same and self.namespace in {"", asked.namespace} and self.name in {"", asked.name}


def installed() -> list[Json]:
    """ServiceAccount, roles and bindings of deploy/install.yaml, with `exportTo` enabled; all that it can have."""
    given = _read(DEPLOY / "install.yaml") + _read(DEPLOY / "kustomize/components/export-to/rbac.yaml")
    return list({_address(each): each for each in given}.values())


def of_overlay(name: str, *without: tuple[str, str]) -> list[Json]:
    """As `installed`, of an overlay; `without` names what it takes from the base: kind and name."""
    given = _read(DEPLOY / "kustomize/base/rbac.yaml") + _read(DEPLOY / f"kustomize/overlays/{name}/rbac.yaml")
    return [each for each in given if (each["kind"], each["metadata"]["name"]) not in without]


def moved(objects: list[Json], namespaces: dict[str, str]) -> list[Json]:
    """The same in other namespaces; what is in none gets another name."""

    def change(thing: Any, key: str = "") -> Any:
        if isinstance(thing, dict):
            return {name: change(value, name) for name, value in thing.items()}
        if isinstance(thing, list):
            return [change(each) for each in thing]
        return namespaces.get(thing, thing) if key == "namespace" else thing

    found: list[Json] = change(objects)
    suffix = namespaces[SYSTEM_NAMESPACE]
    for each in found:
        if each["kind"].startswith("Cluster"):
            each["metadata"]["name"] += f"-{suffix}"
        if each.get("roleRef", {}).get("kind") == "ClusterRole":
            each["roleRef"]["name"] += f"-{suffix}"
    return found


def service_account(plane: ControlPlane, objects: list[Json], namespace: str = SYSTEM_NAMESPACE) -> Path:
    """Grant what the objects grant, and give a kubeconfig with a token of the ServiceAccount in the namespace."""
    path = plane.directory / f"service-account-{namespace}.kubeconfig"
    if not path.exists():
        plane.kubectl("create", "namespace", namespace, check=False)
        items = {"apiVersion": "v1", "kind": "List", "items": objects}
        plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(items))
        token = plane.kubectl("create", "token", NAME, "-n", namespace, f"--duration={TOKEN_HOURS}h").stdout.strip()
        config = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))
        config["users"][0]["user"] = {"token": token}
        write_private(path, yaml.safe_dump(config).encode())
    return path


def granted(objects: list[Json]) -> set[Right]:
    """What the bindings among the objects give."""
    roles = {_address(each): each["rules"] for each in objects if each["kind"] in {"Role", "ClusterRole"}}
    found = set()
    for binding in objects:
        if "roleRef" not in binding:
            continue
        where, ref = binding["metadata"].get("namespace", ""), binding["roleRef"]
        for rule in roles[ref["kind"], where if ref["kind"] == "Role" else "", ref["name"]]:
            found |= {
                Right(verb, group, resource, where, name)
                for verb in rule["verbs"]
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for name in rule.get("resourceNames", [""])
            }
    return found


def asked(plane: ControlPlane, user: str) -> set[Right]:
    """The rights that the user's requests needed so far, had or not; without discovery, which all have."""
    return {_right(event) for event in _events(plane, user) if event.get("objectRef")}


def refused(plane: ControlPlane, user: str) -> set[Right]:
    """The rights that the user lacked."""
    return {_right(event) for event in _events(plane, user) if _decision(event) == "forbid"}


def _events(plane: ControlPlane, user: str) -> Iterator[Json]:
    assert plane.audit_log is not None
    for line in plane.audit_log.read_text(encoding="utf-8").splitlines():
        event: Json = json.loads(line)
        if event["user"].get("username") == user:
            yield event


def _decision(event: Json) -> str:
    return str(event.get("annotations", {}).get("authorization.k8s.io/decision", ""))


def _right(event: Json) -> Right:
    ref = event.get("objectRef") or {"resource": event["requestURI"]}
    part = f"/{ref['subresource']}" if ref.get("subresource") else ""
    name = "" if event["verb"] in {"create", "list", "watch"} else ref.get("name", "")
    return Right(event["verb"], ref.get("apiGroup", ""), ref["resource"] + part, ref.get("namespace", ""), name)


def _read(path: Path) -> list[Json]:
    documents: Iterable[Json] = yaml.load_all(
        path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    wanted = {"ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
    return [each for each in documents if each["kind"] in wanted]


def _address(thing: Json) -> tuple[str, str, str]:
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]
