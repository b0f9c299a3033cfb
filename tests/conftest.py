"""What tests of any folder may ask for, and how a run ends.

REQUIRE_CLUSTER=1 (as `make test` sets it) builds the control plane's programs if need be, and lets a test that asks
for a control plane fail where it would be skipped.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.support.rights import OPERATOR_USER, refused

CRDS = Path(__file__).parents[1] / "crds"


@pytest.fixture(scope="session")
def control_plane_programs() -> None:
    """Ask for it before starting a control plane of one's own: skips where the programs are not built."""
    if not _required() and (absent := build.missing(build.CONTROL_PLANE)):
        pytest.skip(f"{', '.join(absent)} not built: make control-plane")


@pytest.fixture(scope="session")
def control_plane(control_plane_programs: None) -> Iterator[ControlPlane]:
    """The session's control plane, with our CRDs and the audit log on. At the end no operator was refused anything."""
    with running_control_plane(audit=True) as plane:
        if any(CRDS.glob("*.yaml")):
            plane.kubectl("apply", "--server-side", f"--filename={CRDS}")
            plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
        yield plane
        assert refused(plane, OPERATOR_USER) == set(), "the operator asked for what its installed rights do not give"


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A namespace for one test. It stays until the session ends: nothing here would empty it."""
    return control_plane.create_namespace()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _uses_control_plane(item):
        report.user_properties.append(("control plane", True))
        if report.skipped and _required() and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"skipped although REQUIRE_CLUSTER is set: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran = [
        report
        for outcome in ("passed", "failed", "xfailed", "xpassed")
        for report in terminalreporter.getreports(outcome)
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    real = sum(("control plane", True) in report.user_properties for report in ran)
    terminalreporter.write_line(f"{len(ran)} tests ran, {real} of them on a real control plane")


def _required() -> bool:
    return bool(os.environ.get("REQUIRE_CLUSTER"))


def _uses_control_plane(item: pytest.Item) -> bool:
    return "control_plane_programs" in getattr(item, "fixturenames", ())
