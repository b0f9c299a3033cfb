"""The simulated APIs, judged by schemathesis against descriptions that were written from the clouds' facts alone."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from caas_operator.simulator.gcore import cloud, workloads
from caas_operator.simulator.openai import direct, gateway_cloud
from caas_operator.simulator.wire import Route
from tests.support.simulator import Simulator

FILES = Path(__file__).parent / "openapi"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
METHODS = {"get", "post", "put", "patch", "delete"}
ROUTES: dict[str, tuple[Route, ...]] = {
    "gcore": tuple(route for route in cloud.ROUTES if route not in workloads.ROUTES),
    "openai": direct.ROUTES,
    "gateway": gateway_cloud.ROUTES,
}
EXAMPLES = {"gcore": 2, "openai": 5, "gateway": 2}
"""generated requests an operation, beside those that cover each bound of its description"""

BEYOND_A_SCHEMA = {"max_below_min": "accepted", "missing_reference": "accepted", "repeated_regions": "accepted"}
"""refusals that no description could tell of in advance are switched off"""


def credential(simulator: Simulator, name: str) -> str:
    keys = simulator.keys
    return {
        "gcore": f"Authorization: APIKey {keys.gcore}",
        "openai": f"Authorization: Bearer {keys.openai}",
        "gateway": f"x-bf-vk: {keys.gateway}",
    }[name]


def judged(simulator: Simulator, name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    for switch, value in BEYOND_A_SCHEMA.items():
        simulator.switch(switch, value)
    simulator.switch("task_seconds", 0)
    command = [str(SCHEMATHESIS), f"--config-file={FILES / 'schemathesis.toml'}", "run", str(FILES / f"{name}.yaml")]
    command += ["--url", getattr(simulator.urls, name), "--header", credential(simulator, name)]
    command += ["--checks=all", "--seed=1", "--generation-deterministic", "--continue-on-failure", "--no-color"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def described(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FILES / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def operations(name: str) -> set[tuple[str, str]]:
    """Method and path of each, the path's parameters without their names."""
    document = described(name)
    prefix = document.get("servers", [{"url": ""}])[0]["url"]
    found = set()
    for path, item in document["paths"].items():
        if "$ref" in item:
            file, _, pointer = item["$ref"].partition("#/paths/")
            item = described(file.removesuffix(".yaml"))["paths"][pointer.replace("~1", "/")]  # noqa: PLW2901 - the same item, looked up
        found |= {(method.upper(), nameless(prefix + path)) for method in METHODS & set(item)}
    return found


def nameless(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


@pytest.mark.parametrize("name", ROUTES)
def test_every_served_path_is_described_and_nothing_else(name: str) -> None:
    assert operations(name) == {(route.method, nameless(route.path)) for route in ROUTES[name]}


@pytest.mark.parametrize("name", ROUTES)
def test_the_simulator_does_what_the_description_says(simulator: Simulator, name: str, tmp_path: Path) -> None:
    done = judged(simulator, name, tmp_path, f"--max-examples={EXAMPLES[name]}", "--phases=coverage,fuzzing,stateful")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {len(operations(name))}\n" in done.stdout
    kinds = {route.operation for route in ROUTES[name]}
    served = {entry.operation for entry in simulator.journal() if entry.done}
    assert kinds - served == set(), "never carried out"


def test_a_reply_that_is_not_as_described_is_found(simulator: Simulator, tmp_path: Path) -> None:
    simulator.fault("openai.containers.list", "respond", status=200, body={"object": "list", "data": []})
    done = judged(
        simulator, "openai", tmp_path, "--include-path=/containers", "--include-method=GET", "--phases=coverage"
    )
    assert done.returncode == 1
    assert "'first_id' is a required property" in done.stdout or '"first_id" is a required property' in done.stdout
