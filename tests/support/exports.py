"""What exportTo names, what ConfigMaps hold, and what the operator wrote to them."""

import json

from tests.support.rights import OPERATOR_USER
from tests.support.world import Json, World


def to(name: str, key: str = "url") -> Json:
    return {"configMapKeyRef": {"name": name, "key": key}}


def config_map(world: World, name: str) -> Json | None:
    answer = world.http.get(path(world, name))
    return None if answer.status_code == 404 else dict(answer.json())


def path(world: World, name: str) -> str:
    return f"/api/v1/namespaces/{world.namespace}/configmaps/{name}"


def data(world: World, name: str) -> Json | None:
    found = config_map(world, name)
    return found and dict(found.get("data") or {})


def is_gone(world: World, name: str) -> bool:
    return config_map(world, name) is None


def writes_to(world: World, name: str) -> list[str]:
    """The operator's writes to a ConfigMap, by the audit log."""
    assert world.plane.audit_log is not None
    found = []
    for line in world.plane.audit_log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        ref = entry.get("objectRef") or {}
        here = (ref.get("resource"), ref.get("namespace")) == ("configmaps", world.namespace)
        if not here or entry["user"].get("username") != OPERATOR_USER or entry["verb"] == "get":
            continue
        if ref.get("name") in {name, None} and name in line:
            found.append(str(entry["verb"]))
    return found
