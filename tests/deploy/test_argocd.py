"""What Argo CD says of each captured object, by our Lua, run by a real Lua."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.deploy import lua
from tests.deploy.chart import ROOT, Helm, documents
from tests.states import capture
from tests.states.verdicts import VERDICTS, table

Json = dict[str, Any]
FOLDER = ROOT / "deploy" / "argocd"
HEALTH = (FOLDER / "health.lua").read_text(encoding="utf-8")
ACTIONS: Json = yaml.safe_load((FOLDER / "actions.yaml").read_text(encoding="utf-8"))
WORDS = {"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}
"""All that Argo CD knows; any other is Unknown to it."""

STATES = capture.kept()
MENDING = {"type": "Reconciling", "status": "True", "reason": "ProgressingWithRetry", "observedGeneration": 1}
PAUSED = "caas-operator.dev/paused"
each_object = pytest.mark.parametrize(
    ("kind", "state"), [(kind, state) for kind, objects in STATES.items() for state in objects]
)


def health(obj: Json) -> str:
    found = lua.run(HEALTH, obj)
    assert set(found) == {"status", "message"}
    assert isinstance(found["message"], str)
    assert found["status"] in WORDS
    return str(found["status"])


@each_object
def test_each_state_gets_its_word(kind: str, state: str) -> None:
    assert health(STATES[kind][state]) == VERDICTS[state].argocd


def test_every_state_was_captured_of_some_kind() -> None:
    assert {state for objects in STATES.values() for state in objects} == set(VERDICTS)


def test_the_table_of_the_docs_is_what_is_tested() -> None:
    text = (ROOT / "docs" / "conditions.md").read_text(encoding="utf-8")
    found = re.search(r"^<!-- tools -->\n(.*?)^<!-- end -->", text, re.DOTALL | re.MULTILINE)
    assert found
    assert [line for line in found[1].splitlines() if line] == table()


@each_object
def test_a_part_that_is_missing_raises_nothing(kind: str, state: str) -> None:
    for wounded in without_one_part(STATES[kind][state]):
        health(wounded)


def without_one_part(obj: Json) -> Iterator[Json]:
    """The object without each of its fields and list items in turn, and with each of its maps and lists empty."""
    for path in paths(obj):
        for empty in (False, True):
            changed = copy.deepcopy(obj)
            at: Any = changed
            for key in path[:-1]:
                at = at[key]
            if not empty:
                del at[path[-1]]
            elif isinstance(at[path[-1]], dict | list):
                at[path[-1]].clear()
            yield changed
    yield {}


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    if at[:1] == ("spec",):
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from paths(each, (*at, key))


def test_the_message_says_why() -> None:
    obj = STATES["CaasContainer"]["conflict"]
    assert lua.run(HEALTH, obj)["message"].startswith("Conflict: ")
    blocked = lua.run(HEALTH, STATES["CaasContainer"]["delete-blocked"])["message"]
    assert "deletionProtection" in blocked


def test_an_edit_that_nobody_has_seen_is_progressing_whatever_was_said_before() -> None:
    for objects in STATES.values():
        for state in objects:
            if state.startswith("paused"):
                continue
            edited = copy.deepcopy(objects[state])
            edited["metadata"]["generation"] += 1
            assert health(edited) == "Progressing", state


@each_object
def test_what_is_being_deleted_is_progressing_whatever_else_it_says(kind: str, state: str) -> None:
    obj = copy.deepcopy(STATES[kind][state])
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health(obj) == "Progressing"


@pytest.mark.parametrize("behind", ["status", "Ready"])
def test_a_generation_that_lags_alone_is_progressing(behind: str) -> None:
    obj = copy.deepcopy(STATES["CaasContainer"]["serving"])
    ready, _ = obj["status"]["conditions"]
    (obj["status"] if behind == "status" else ready)["observedGeneration"] -= 1
    assert health(obj) == "Progressing"


def test_a_verdict_on_an_older_generation_is_not_degraded() -> None:
    obj = copy.deepcopy(STATES["CaasContainer"]["refused-edited"])
    obj["status"]["observedGeneration"] = obj["metadata"]["generation"]
    assert health(obj) == "Progressing"


def test_what_serves_and_is_being_mended_is_progressing() -> None:
    obj = copy.deepcopy(STATES["CaasContainer"]["serving"])
    obj["status"]["conditions"] += [MENDING]
    assert health(obj) == "Progressing"


def test_a_pause_ends_with_the_annotation_or_with_false() -> None:
    obj = copy.deepcopy(STATES["CaasContainer"]["paused-serving"])
    obj["metadata"]["annotations"][PAUSED] = "false"
    assert health(obj) == "Healthy"
    del obj["metadata"]["annotations"][PAUSED]
    assert health(obj) == "Healthy"
    obj = copy.deepcopy(STATES["CaasContainer"]["paused-edited"])
    del obj["metadata"]["annotations"][PAUSED]
    assert health(obj) == "Progressing"


def test_an_account_cannot_be_paused() -> None:
    obj = copy.deepcopy(STATES["ClusterCloudAccount"]["serving"])
    obj["metadata"]["annotations"] = {PAUSED: "true"}
    assert health(obj) == "Healthy"


# -- actions --------------------------------------------------------------------------------------------------------


def enabled(obj: Json) -> set[str]:
    found: Json = lua.run(ACTIONS["discovery.lua"], obj)
    assert set(found) <= {each["name"] for each in ACTIONS["definitions"]}
    return {name for name, action in found.items() if not action["disabled"]}


def acted(name: str, obj: Json) -> Json:
    """The object as Argo CD applies it: an emptied map counts as untouched."""
    (script,) = (each["action.lua"] for each in ACTIONS["definitions"] if each["name"] == name)
    found: Json = lua.run(script, obj)
    return found


@each_object
def test_discovery_answers_for_every_object(kind: str, state: str) -> None:
    obj = STATES[kind][state]
    if kind.endswith("Account"):
        assert enabled(obj) == {"reconcile"}
    else:
        assert enabled(obj) == ({"resume"} if state.startswith("paused") else {"pause", "reconcile"})
    assert enabled({"kind": kind})


def test_pause_and_resume_change_the_annotation_alone() -> None:
    obj = STATES["SandboxContainer"]["unvisited"]
    held = acted("pause", obj)
    assert held["metadata"]["annotations"] == {PAUSED: "true"}
    assert health(held) == "Suspended"
    assert enabled(held) == {"resume"}
    free = acted("resume", held)
    assert free["metadata"]["annotations"] == {PAUSED: "false"}  # a removal of the only one would be lost
    assert enabled(free) == {"pause", "reconcile"}
    assert without_annotations(free) == without_annotations(obj)


def test_a_reconcile_request_is_a_time() -> None:
    done = acted("reconcile", STATES["CaasContainer"]["serving"])
    assert set(done["metadata"]["annotations"]) == {
        *STATES["CaasContainer"]["serving"]["metadata"]["annotations"],
        "caas-operator.dev/reconcile-requested-at",
    }


def without_annotations(obj: Json) -> Json:
    meta = {key: value for key, value in obj["metadata"].items() if key != "annotations"}
    kept = {key: value for key, value in obj.items() if value not in ({}, [])}
    return {**kept, "metadata": meta}


# -- the Lua itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", ["return ('x'):rep(2)", "return string.rep('x', 2)", "return math.max(1, 2)"])
def test_what_argo_cd_does_not_have_fails_here_too(script: str) -> None:
    with pytest.raises(lua.LuaError, match="attempt to index"):
        lua.run(script, {})


def test_the_config_map_to_be_merged_is_the_charts(helm: Helm) -> None:
    (ours,) = documents((FOLDER / "argocd-cm.yaml").read_text(encoding="utf-8"))
    rendered = helm.render({"argocd": {"healthChecks": True}}, "--show-only=templates/argocd.yaml")
    assert ours["data"] == rendered[0]["data"]
    assert ours["metadata"]["name"] == "argocd-cm"
    assert ours["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd"
    health_of_one = ours["data"]["resource.customizations.health.caas-operator.dev_CaasContainer"]
    assert health_of_one == HEALTH
    assert yaml.safe_load(ours["data"]["resource.customizations.actions.caas-operator.dev_CloudAccount"]) == ACTIONS
