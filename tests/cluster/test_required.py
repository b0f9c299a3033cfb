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


def test_what_is_skipped_on_the_real_cluster_fails_always(tmp_path: Path) -> None:
    """Also a whole file, and with nothing set."""
    (tmp_path / "test_one.py").write_text(CASES.replace("control_plane_programs", ""), encoding="utf-8")
    whole = "import pytest\n\npytest.skip('none of it', allow_module_level=True)\n"
    (tmp_path / "test_whole.py").write_text(whole, encoding="utf-8")
    config = ["-c", str(ROOT / "pyproject.toml"), "-p", "tests.e2e.conftest", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *config, "--continue-on-collection-errors", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 error" in done.stdout
    assert "not today" in done.stdout
    assert "none of it" in done.stdout


def test_ci_runs_the_real_cluster_after_all_other_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    parts = [line.split()[1] for line in lines if line.startswith("part ")]
    assert parts == [".venv", "control-plane", "test", "e2e"]
