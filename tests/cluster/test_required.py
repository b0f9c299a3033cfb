"""A run that says it tested the operator on a real control plane must have done so."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES = """
import pytest

def test_alone():
    pass

def test_shy(control_plane_programs):
    pytest.skip("not today")
"""


def pytest_run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of its own over CASES, with programs that count as built."""
    for name in ("kube-apiserver", "etcd", "kubectl"):
        (folder / name).touch(mode=0o755)
    cases = folder / "test_cases.py"
    cases.write_text(CASES, encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if key != "REQUIRE_CLUSTER"}
    config = ["-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *config, str(cases)],
        cwd=ROOT,
        env={**inherited, "KUBEBUILDER_ASSETS": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skipped_cluster_test_fails_a_run_that_requires_them(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, REQUIRE_CLUSTER="1")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "skipped although REQUIRE_CLUSTER is set" in done.stdout
    assert "not today" in done.stdout


def test_otherwise_it_is_skipped_and_the_summary_counts_what_ran(tmp_path: Path) -> None:
    done = pytest_run(tmp_path)
    assert done.returncode == 0
    assert "1 passed, 1 skipped" in done.stdout
    assert "1 tests ran, 0 of them on a real control plane" in done.stdout


def test_where_nothing_is_built_a_cluster_test_is_skipped_and_says_how_to_build(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, KUBEBUILDER_ASSETS="", XDG_CACHE_HOME=str(tmp_path))
    assert "1 passed, 1 skipped" in done.stdout
    assert "not built: make control-plane" in done.stdout
