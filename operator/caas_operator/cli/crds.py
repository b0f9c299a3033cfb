"""`caas-operator crds`: write the CustomResourceDefinitions, or say how the written ones differ from the models."""

import argparse
import difflib
import sys
from pathlib import Path

from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kube.crd import crd_yaml, file_name


def wanted() -> dict[str, str]:
    """File name to text, for every kind."""
    return {file_name(definition): crd_yaml(definition) for definition in DEFINITIONS}


def write(output: Path) -> None:
    """Write one file a kind, and remove the file of a kind that is no more."""
    output.mkdir(parents=True, exist_ok=True)
    files = wanted()
    for path in output.glob("*.yaml"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (output / name).write_text(text)


def check(path: Path) -> list[str]:
    """The differences between the files in `path` and the models, as lines of a diff; empty if there are none."""
    files = wanted()
    found = {file.name: file.read_text() for file in sorted(path.glob("*.yaml"))}
    lines: list[str] = []
    for name in sorted(files.keys() | found.keys()):
        old, new = found.get(name, "").splitlines(), files.get(name, "").splitlines()
        lines += difflib.unified_diff(old, new, f"{path / name}", f"{name} of the models", lineterm="")
    return lines


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="caas-operator crds", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", type=Path, metavar="DIR", help="write the files there")
    what.add_argument("--check", type=Path, metavar="DIR", help="compare the files there; exit 1 if they differ")
    chosen = parser.parse_args(argv)
    if chosen.output is not None:
        write(chosen.output)
        return 0
    differences = check(chosen.check)
    sys.stdout.writelines(f"{line}\n" for line in differences)
    return 1 if differences else 0
