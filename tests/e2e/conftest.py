"""What the tests of this folder stand on. They run by `make e2e` alone, which builds and starts it and sets E2E."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.deploy.chart import documents
from tests.e2e import cluster, previous, stage
from tests.e2e.machine import Machine, machine
from tests.support.rights import OPERATOR_USER, asked, granted
from tests.support.simulator import Clouds

collect_ignore_glob = [] if os.environ.get("E2E") else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What begins on a bare cluster comes first: the release that the others share stays until the end."""
    items.sort(key=lambda item: "bare" not in getattr(item, "fixturenames", ()))


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured; no time is judged here."""
    for report in terminalreporter.getreports("passed"):
        for name, text in getattr(report, "user_properties", ()):
            if name == "measured":
                terminalreporter.write_line(f"measured by {report.nodeid.rpartition('::')[2]}: {text}")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped: {report.longrepr}"
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


@pytest.fixture(scope="module")
def bare(plane: ControlPlane, clouds: Clouds) -> Iterator[ControlPlane]:
    """The cluster with nothing of ours but the simulated clouds; what a module makes of it goes with the module."""
    stage.sweep(plane)
    yield plane
    stage.sweep(plane)


@pytest.fixture(scope="session")
def upgrade(
    here: Machine, plane: ControlPlane, clouds: Clouds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[previous.Upgrade]:
    """An earlier chart installed by helm, every sample Ready, and the chart upgraded. At the end all of it goes.

    The audit log then says that the pods asked for nothing that their roles do not name. Refused they are now and then:
    helm takes the roles away before the pods have ended.
    """
    began = cluster.audit_lines(here)
    stage.make_namespace(plane, stage.NAMESPACE)
    previous.install(here, previous.packaged(here, tmp_path_factory.mktemp("previous")))
    plane.kubectl("apply", "-f", str(stage.accounts(clouds, tmp_path_factory.mktemp("accounts") / "accounts.yaml")))
    plane.kubectl("wait", "--for=condition=Ready", "ccacct", "--all", stage.PATIENCE)
    plane.kubectl("apply", *stage.samples())
    plane.kubectl("wait", "--for=condition=Ready", stage.KINDS, "--all", stage.PATIENCE)
    stage.create(plane, previous.BROKEN, listeningPort=99999)
    plane.kubectl("wait", "--for=condition=Stalled", f"caas/{previous.BROKEN}", stage.PATIENCE)
    yield previous.upgraded(here, plane, clouds)
    stage.install(here)  # a test that failed may have left nobody who lets objects go
    plane.kubectl("delete", stage.KINDS, "--all", stage.PATIENCE)
    plane.kubectl("delete", "ccacct", "--all", stage.PATIENCE)
    rights = granted(documents(stage.helm(here, "get", "manifest", "caas-operator")))
    stage.helm(here, "uninstall", "caas-operator", "--wait")
    plane.kubectl("delete", "namespace", stage.NAMESPACE, "--wait=false")
    log = cluster.audited(here, plane, after=began)
    used = asked(log, OPERATOR_USER)
    assert used, "no pod was heard of"
    assert {one for one in used if not any(right.covers(one) for right in rights)} == set(), "used, not granted"


@pytest.fixture(scope="session")
def fleet(upgrade: previous.Upgrade) -> Clouds:
    """The operator and every sample, Ready."""
    return upgrade.clouds


@pytest.fixture
def release(here: Machine, fleet: Clouds) -> Clouds:
    """The operator is installed and ready, whatever the test before did to it; the fleet is there."""
    stage.install(here)
    return fleet
