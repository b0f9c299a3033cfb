"""What kubectl, helm and Argo CD's Lua say of each state of the condition table, on objects of a real cluster."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.deploy import lua
from tests.e2e import images, stage
from tests.e2e.machine import Machine
from tests.e2e.placed import NAMESPACE, Name, Placed, helm_wait, met, not_ready, placed
from tests.states.verdicts import VERDICTS
from tests.support.simulator import Clouds
from tests.support.world import Json

HEALTH = (images.ROOT / "deploy" / "argocd" / "health.lua").read_text(encoding="utf-8")
CONDITIONS = ("Ready", "Stalled", "Complete", "Ready=False")
SHORT, LONG = 10, 150
"""Timeouts of helm in seconds; one that it is to reach, and one that it is not."""


@pytest.fixture(scope="module")
def there(
    here: Machine, plane: ControlPlane, fleet: Clouds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Placed]:
    with placed(here, plane, tmp_path_factory.mktemp("charts")) as found:
        yield found


def expected(there: Placed, word: str) -> set[Name]:
    return {(kind, state) for kind, state in there.objects if word in (VERDICTS[state].kubectl, VERDICTS[state].helm)}


def test_every_state_is_there(there: Placed) -> None:
    assert {state for _, state in there.objects} == set(VERDICTS)


@pytest.fixture(scope="module")
def waited(there: Placed) -> dict[str, set[Name]]:
    """Of which objects kubectl says that a condition is met; it takes its time for so many."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(CONDITIONS, pool.map(lambda condition: met(there, condition), CONDITIONS), strict=True))


@pytest.mark.parametrize("condition", ["Ready", "Stalled", "Complete"])
def test_kubectl_wait_sees_what_the_table_says(there: Placed, waited: dict[str, set[Name]], condition: str) -> None:
    assert waited[condition] == expected(there, condition)


def test_kubectl_wait_sees_that_ready_is_false_of_this_generation_alone(
    there: Placed, waited: dict[str, set[Name]]
) -> None:
    assert waited["Ready=False"] == {name for name, obj in there.objects.items() if is_unready(obj)}


def is_unready(obj: Json) -> bool:
    generation, said = obj["metadata"]["generation"], obj["status"].get("conditions", [])
    ready = [each for each in said if each["type"] == "Ready" and each["observedGeneration"] >= generation]
    return [each["status"] for each in ready] == ["False"]


def test_kubectl_wait_gives_up_at_its_timeout(there: Placed) -> None:
    wait = ["wait", "--for=condition=Ready", f"--namespace={NAMESPACE}", "--timeout=2s"]
    assert there.plane.kubectl(*wait, "caas/serving").stdout.endswith("condition met\n")
    assert "timed out waiting for the condition" in there.plane.kubectl(*wait, "caas/updating", check=False).stderr


def test_helm_wait_succeeds_on_what_is_done(there: Placed) -> None:
    done = helm_wait(there, "done", expected(there, "succeeds"), seconds=LONG)
    assert done.returncode == 0, done.stderr


def test_helm_wait_reaches_its_timeout_on_what_is_not_done(there: Placed) -> None:
    names = expected(there, "waits")
    done = helm_wait(there, "waiting", names, seconds=SHORT)
    assert done.returncode != 0
    assert "context deadline exceeded" in done.stderr
    assert not_ready(done.stderr).keys() == names
    assert set(not_ready(done.stderr).values()) == {"InProgress", "Terminating"}


def test_helm_wait_fails_at_once_on_what_nothing_but_a_change_helps(there: Placed) -> None:
    names, began = expected(there, "fails"), time.monotonic()
    done = helm_wait(there, "failed", names, seconds=LONG)
    assert time.monotonic() - began < LONG
    assert done.returncode != 0
    assert "context deadline exceeded" not in done.stderr
    assert not_ready(done.stderr) == dict.fromkeys(names, "Failed")


def test_one_that_failed_does_not_end_helms_wait_for_another(there: Placed) -> None:
    names = {("CaasContainer", "refused"), ("CaasContainer", "creating")}
    done = helm_wait(there, "both", names, seconds=SHORT)
    assert "context deadline exceeded" in done.stderr
    assert not_ready(done.stderr) == dict(zip(sorted(names), ("InProgress", "Failed"), strict=True))


def test_the_lua_says_what_the_table_says_also_after_helm(there: Placed) -> None:
    """Helm took ownership of the objects meanwhile; their generation is what it was."""
    live = stage.get(there.plane, "caas-operator", "--namespace", NAMESPACE)["items"]
    found = {(one["kind"], one["metadata"]["name"]): one for one in live}
    placed_here = {name: obj for name, obj in there.objects.items() if name in found}
    for name, obj in placed_here.items():
        assert found[name]["metadata"]["generation"] == obj["metadata"]["generation"], name
        assert lua.run(HEALTH, found[name])["status"] == VERDICTS[name[1]].argocd, name
    assert placed_here.keys() == there.objects.keys()
