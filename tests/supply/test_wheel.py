"""The wheel is the same bytes wherever and whenever it is built."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.supply.lock import ROOT

PARTS = ("pyproject.toml", "README.md", "LICENSE", "operator")
EPOCH = "1700000000"


def built(folder: Path, mode: int, mtime: int) -> Path:
    """A wheel of a copy of the tree, whose files have this mode and age."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    for path in tree.rglob("*"):
        if path.is_file():
            path.chmod(mode)
        os.utime(path, (mtime, mtime))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={folder / 'dist'}"],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        check=True,
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def test_two_builds_from_different_folders_are_the_same_bytes(tmp_path: Path) -> None:
    one = built(tmp_path / "one", 0o644, 1_500_000_000)
    two = built(tmp_path / "another" / "place", 0o600, 1_600_000_000)
    assert one.name == two.name
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (one, two)]
    assert digests[0] == digests[1], [
        (a.filename, b.filename)
        for a, b in zip(zipfile.ZipFile(one).infolist(), zipfile.ZipFile(two).infolist(), strict=False)
        if (a.filename, a.CRC, a.date_time, a.external_attr) != (b.filename, b.CRC, b.date_time, b.external_attr)
    ]


def test_the_wheel_has_the_package_and_its_licence_alone(tmp_path: Path) -> None:
    names = zipfile.ZipFile(built(tmp_path, 0o644, 1_500_000_000)).namelist()
    top = {name.partition("/")[0].partition("-")[0] for name in names}
    assert top == {"caas_operator"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    package = ROOT / "operator" / "caas_operator"
    assert {name for name in names if name.endswith(".py")} == {
        str(path.relative_to(package.parent)) for path in package.rglob("*.py")
    }
