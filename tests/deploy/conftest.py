"""helm and kubectl for the tests of the chart, and a control plane that they may fill with cluster-wide objects."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.deploy.chart import Helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(program(build.HELM), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def kubectl() -> Path:
    return program("kubectl")


def program(name: str) -> Path:
    """Built if it has to be there; where it may be absent, its absence skips."""
    if build.missing([name]) and not os.environ.get("REQUIRE_CLUSTER"):
        pytest.skip(f"{name} is not built: make control-plane helm")
    return build.programs([name])[name]


@pytest.fixture(scope="module")
def empty_plane(control_plane_programs: None) -> Iterator[ControlPlane]:
    """A control plane with nothing of ours in it."""
    with running_control_plane() as plane:
        yield plane
