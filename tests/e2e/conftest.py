"""What the tests of this folder stand on. They run by `make e2e` alone, which builds and starts it and sets E2E."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.e2e import cluster, stage
from tests.e2e.machine import Machine, machine
from tests.support.simulator import Clouds

collect_ignore_glob = [] if os.environ.get("E2E") else ["test_*.py"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nothing may be skipped here, and what fails shows the cluster, which is gone afterwards."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped: {report.longrepr}"
    plane = getattr(item, "funcargs", {}).get("plane")
    if report.failed and plane is not None:
        report.sections.append(("the cluster", stage.trouble(plane)))
    return report


@pytest.fixture(scope="session")
def here() -> Machine:
    return machine()


@pytest.fixture(scope="session")
def plane(here: Machine) -> ControlPlane:
    """The cluster that is up."""
    return cluster.plane(here)


@pytest.fixture(scope="session")
def clouds(plane: ControlPlane) -> Iterator[Clouds]:
    """The clouds, simulated in a pod, without resources."""
    with stage.simulated_clouds(plane) as clouds:
        yield clouds
    plane.kubectl("delete", "namespace", stage.CLOUDS, "--wait=false")


@pytest.fixture(scope="session")
def fleet(
    here: Machine, plane: ControlPlane, clouds: Clouds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clouds]:
    """The operator, installed by helm, and every sample Ready. At the end all of it is deleted, as a user would."""
    stage.make_namespace(plane, stage.NAMESPACE)
    stage.install(here)
    plane.kubectl("apply", "-f", str(stage.accounts(clouds, tmp_path_factory.mktemp("accounts") / "accounts.yaml")))
    plane.kubectl("wait", "--for=condition=Ready", "ccacct", "--all", stage.PATIENCE)
    plane.kubectl("apply", *stage.samples())
    plane.kubectl("wait", "--for=condition=Ready", stage.KINDS, "--all", stage.PATIENCE)
    yield clouds
    stage.install(here)  # a test that failed may have left nobody who lets objects go
    plane.kubectl("delete", stage.KINDS, "--all", stage.PATIENCE)
    plane.kubectl("delete", "ccacct", "--all", stage.PATIENCE)
    stage.helm(here, "uninstall", "caas-operator", "--wait")
    plane.kubectl("delete", "namespace", stage.NAMESPACE, "--wait=false")


@pytest.fixture
def release(here: Machine, fleet: Clouds) -> Clouds:
    """The operator is installed and ready, whatever the test before did to it; the fleet is there."""
    stage.install(here)
    return fleet
