"""Rules of the tree itself: what the documents promise is there, and what must never get in is not."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_core import PydanticUndefined

from caas_operator.app.settings import Settings, flag, variable
from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.core.conditions import TABLE, Cell
from caas_operator.core.model import GROUP
from caas_operator.core.outcome import Reason
from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.registry import KINDS
from caas_operator.kinds.wire.parsing import parse_spec

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "operator" / "caas_operator"
DOCS = ROOT / "docs"
SAMPLES = ROOT / "deploy" / "samples"
LONGEST_FILE = 300


def tree(folder: Path = ROOT) -> Iterator[Path]:
    """Every file of ours; nothing that .gitignore names."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for path in sorted(folder.iterdir()):
        if path.name == ".git" or any(path.match(pattern.rstrip("/")) for pattern in ignored):
            continue
        if path.is_dir():
            yield from tree(path)
        else:
            yield path


def documents(path: Path) -> list[dict[str, Any]]:
    """The YAML documents of a manifest, or of the yaml blocks of a page."""
    text = path.read_text(encoding="utf-8")
    parts = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if path.suffix == ".md" else [text]
    return [document for part in parts for document in yaml.safe_load_all(part) if document]


PAGES = [path for path in tree() if path.suffix == ".md"]
MODULES = sorted(PACKAGE.rglob("*.py"))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


# -- the tree -------------------------------------------------------------------------------------------------------


def test_the_source_root_is_no_package() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists(), "it would shadow the standard library's operator"


def test_the_engine_imports_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"caas_operator"}
    for path in (PACKAGE / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path


def test_the_engine_names_no_kind() -> None:
    names = re.compile("|".join(kind.name for kind in KINDS))
    assert [str(path) for path in (PACKAGE / "core").rglob("*.py") if names.search(path.read_text())] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_too_long_to_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: one subject a file"


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    places = re.compile(
        r"(?<![\w.$}/-])/(?:work|root|Users)/[\w.]|(?<![\w.$}/-])/home/\w"  # folders
        r"|--(?:extra-)?index-url[ =]\S|GOPROXY=http|GOSUMDB=http"  # registries
    )
    found = []
    for path in tree():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{at}: {line}" for at, line in enumerate(lines, 1) if places.search(line)]
    assert [line for line in found if not line.startswith("tests/test_repo_rules.py")] == []


# -- the documents --------------------------------------------------------------------------------------------------


@each_page
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


def prose(page: Path) -> str:
    """A page without its code blocks, where a comment looks like a heading."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """A page's headings as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_a_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    ours = re.findall(r"`((?:operator|tests|docs|deploy|crds|requirements)/[\w./-]*)`", text)
    of_the_package = re.findall(r"`((?:app|cli|cloud|core|kinds|kube)/[\w./-]*)`", text)
    assert [name for name in ours if not (ROOT / name).exists()] == []
    assert [name for name in of_the_package if not (PACKAGE / name).exists()] == []


def block(page: str, name: str) -> list[str]:
    """The lines between `<!-- name -->` and `<!-- end -->`."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {name} -->\n(.*?)^<!-- end -->", text, re.DOTALL | re.MULTILINE)
    assert found, f"docs/{page} has no block {name}"
    return [line for line in found[1].splitlines() if line]


def test_every_setting_is_documented_as_it_is() -> None:
    rows = ["| flag, variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if name == "clock_url":  # for tests only, and hidden from --help as well
            continue
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = "" if default in {None, "", PydanticUndefined} else f"`{default}`"
        rows.append(f"| `{flag(name)}`<br>`{variable(name)}` | {shown} | {field.description} |")
    assert block("operations.md", "settings") == rows


def test_every_metric_is_documented_as_it_is() -> None:
    families = [one for one in Metrics("0").registry.collect() if one.name.startswith("caas_operator_")]
    rows = ["| metric | type | what it is |", "|---|---|---|"]
    rows += [f"| `{_full_name(one.name, one.type)}` | {one.type} | {one.documentation} |" for one in families]
    assert block("operations.md", "metrics") == rows


def _full_name(name: str, kind: str) -> str:
    return name + {"counter": "_total", "info": "_info"}.get(kind, "")


def test_every_reason_is_documented() -> None:
    rows = block("conditions.md", "reasons")
    assert [row.split("|")[1].strip(" `") for row in rows[2:]] == [str(reason) for reason in Reason]


def test_the_condition_table_is_the_one_in_the_code() -> None:
    shown = {}
    for line in block("conditions.md", "table")[2:]:
        state, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        shown[state.strip("`")] = cells
    wanted = {
        str(state): [_shown(cell) for cell in (row.ready, row.synced, row.reconciling, row.stalled, row.complete)]
        for state, row in TABLE.items()
    }
    assert shown == wanted


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    kept = " or kept" if cell.keep_any else " or kept True" if cell.keep else ""
    return cell.status + (f" {cell.reason}" if cell.reason else "") + kept


@pytest.mark.parametrize("kind", [definition.kind for definition in DEFINITIONS])
def test_every_kind_has_a_page_and_a_sample(kind: str) -> None:
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in (DOCS / "kinds").glob("*.md")]
    assert any(re.search(rf"\b{kind}\b", title) for title in titles)
    assert any(document["kind"] == kind for path in SAMPLES.rglob("*.yaml") for document in documents(path))


def test_decisions_are_numbered_and_say_context_choice_and_consequence() -> None:
    notes = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1))
    for note in notes:
        headings = re.findall(r"^## (.*)$", note.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Choice", "Consequence"], note.name


# -- manifests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*SAMPLES.rglob("*.yaml"), *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_manifest_that_we_show_is_valid(path: Path) -> None:
    models: dict[str, Any] = {definition.kind: definition.spec for definition in DEFINITIONS}
    for document in documents(path):
        if str(document.get("apiVersion", "")).startswith(GROUP):
            parse_spec(models[document["kind"]], document["spec"])


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_operator_can_serve_what_the_demo_applies(path: Path) -> None:
    kinds = {kind.name: kind for kind in KINDS}
    for document in documents(path):
        if document["kind"] in kinds:
            kinds[document["kind"]].parse(document["spec"])
