"""`python -m tests.fields`: whether docs/fields.md names, for each field of the three kinds, a test that there is.

A row is a field's path in spec, as `kubectl explain` has it, with [] after a list, and the test that proves it end to
end on a real API server. Exits with 1 and says what is wrong.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fields.md"
SENT = ROOT / "tests" / "cluster" / "lifecycle" / "fields"
IN_THE_CREATE = "tests/cluster/lifecycle/test_fields.py::test_a_field_reaches_the_cloud_in_the_create"
ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \|$")
KINDS = ("CaasContainer", "InferenceDeployment", "SandboxContainer")


def leaves(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The paths of what has no fields of its own."""
    for name, field in (schema.get("properties") or {}).items():
        inside = f"{path}.{name}" if path else name
        is_list = field.get("type") == "array" and field["items"].get("type") == "object"
        below = list(leaves(field["items"], f"{inside}[]") if is_list else leaves(field, inside))
        yield from below or [inside]


def written(value: Any, path: str = "") -> Iterator[str]:
    """The paths that a spec sets."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from written(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for inner in value:
            yield from written(inner, f"{path}[]")
    else:
        yield path


def rows(page: str) -> dict[str, dict[str, str]]:
    """By kind and field the test; a kind's table stands under its heading."""
    found: dict[str, dict[str, str]] = {}
    kind = ""
    for line in page.splitlines():
        if line.startswith("## "):
            kind = line.removeprefix("## ").strip()
        elif row := ROW.match(line):
            found.setdefault(kind, {})[row[1]] = row[2]
    return found


def problems(page: str) -> Iterator[str]:
    tables = rows(page)
    for kind in KINDS:
        table, fields = tables.get(kind, {}), set(leaves(_spec_of(kind)))
        yield from (f"{kind}: {field} has no row" for field in sorted(fields - table.keys()))
        yield from (f"{kind}: there is no field {field}" for field in sorted(table.keys() - fields))
        for field, test in table.items():
            if not _exists(test):
                yield f"{kind}: {field}: there is no test {test}"
            elif test == IN_THE_CREATE and field not in _sent(kind):
                yield f"{kind}: {field}: the test does not send it"


def _spec_of(kind: str) -> Mapping[str, Any]:
    (file,) = (ROOT / "crds").glob(f"*{kind.lower()}s.yaml")
    definition = yaml.safe_load(file.read_text(encoding="utf-8"))
    spec: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def _sent(kind: str) -> set[str]:
    cases = yaml.safe_load((SENT / f"{kind.lower()}.yaml").read_text(encoding="utf-8"))
    return {path for case in cases for path in written(case["spec"])}


def _exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.is_file() or not file.startswith("tests/cluster/"):
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name for node in tree.body)


def main() -> int:
    found = list(problems(PAGE.read_text(encoding="utf-8")))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
