"""The samples as a reader meets them: enough of each kind, each complete in itself, and every field shown somewhere."""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from caas_operator.kinds.definitions import DEFINITIONS
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.registry import KINDS

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
WORKLOADS = sorted(path for path in SAMPLES.glob("*.yaml") if path.name != "accounts.yaml")
MORE = sorted((SAMPLES / "more").glob("*.yaml"))
SPECS: dict[str, type[SpecModel]] = {definition.kind: definition.spec for definition in DEFINITIONS}
FEWEST = 4
NOT_SHOWN = {("CaasContainer", "isApiKeyAuth")}
"""The cloud says that it does not support it at present."""
REFERENCES = {
    "secretKeyRef": "Secret",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "configMapRef": "ConfigMap",
    "imagePullSecretRef": "Secret",
    "apiKeySecretRef": "Secret",
}

each_workload = pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
each_more = pytest.mark.parametrize("path", MORE, ids=lambda path: path.stem)
each_kind = pytest.mark.parametrize("kind", [kind.name for kind in KINDS])


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def ours(*paths: Path) -> list[dict[str, Any]]:
    return [one for path in paths for one in documents(path) if one["apiVersion"].startswith("caas-operator.dev/")]


def comment(path: Path) -> list[str]:
    """The lines that the file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[: next(at for at, line in enumerate(lines) if not line.startswith("#"))]


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of what a spec reads."""
    if isinstance(value, list):
        for child in value:
            yield from references(child)
    elif isinstance(value, dict):
        for key, child in value.items():
            if key in REFERENCES:
                yield REFERENCES[key], child["name"]
            elif key != "exportTo":  # written, not read
                yield from references(child)


@each_kind
def test_each_kind_has_samples_from_the_least_to_everything(kind: str) -> None:
    found = [path for path in WORKLOADS if path.name.startswith(f"{kind.lower()}-")]
    assert len(found) >= FEWEST
    assert {f"{kind.lower()}-minimal", f"{kind.lower()}-full"} <= {path.stem for path in found}
    assert {one["kind"] for one in ours(*found)} == {kind}


def test_every_sample_is_called_after_its_kind() -> None:
    """For the demo finds them by their names."""
    assert {path.name.split("-")[0] for path in WORKLOADS} == {kind.name.lower() for kind in KINDS}


@pytest.mark.parametrize("path", [*WORKLOADS, *MORE], ids=lambda path: path.stem)
def test_a_sample_says_first_what_it_shows(path: Path) -> None:
    assert len(" ".join(comment(path)).split()) >= 8
    assert comment(path)[0].startswith("# ")


@each_more
def test_what_needs_something_before_says_what_and_what_comes_of_it(path: Path) -> None:
    assert sum(line.startswith("# Needed before") for line in comment(path)) == 1
    assert sum(line.startswith("# After that: ") for line in comment(path)) == 1


@pytest.mark.parametrize("path", [*WORKLOADS, *MORE], ids=lambda path: path.stem)
def test_a_sample_brings_the_secrets_and_config_maps_that_it_reads(path: Path) -> None:
    brought = {(one["kind"], one["metadata"]["name"]) for one in documents(path)}
    assert {found for one in ours(path) for found in references(one["spec"])} <= brought


def test_all_samples_can_be_applied_side_by_side() -> None:
    found = [one for path in [*WORKLOADS, *MORE] for one in documents(path)]
    names = [(one["kind"], one["metadata"]["name"]) for one in found]
    names += [("ConfigMap", one["spec"]["exportTo"]["configMapKeyRef"]["name"]) for one in found if exports(one)]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert not [one for one in found if "namespace" in one["metadata"]], "they go where the reader is"


def test_binary_data_is_what_the_api_server_takes() -> None:
    """Base64 with line breaks, but without the blanks that YAML folds them into."""
    held = [text for path in WORKLOADS for one in documents(path) for text in one.get("binaryData", {}).values()]
    assert held
    for text in held:
        with ZipFile(BytesIO(b64decode(text.replace("\n", ""), validate=True))) as packed:
            assert packed.testzip() is None


def exports(document: dict[str, Any]) -> bool:
    return "exportTo" in document.get("spec", {})


@each_kind
def test_every_field_is_shown_by_a_sample(kind: str) -> None:
    fields = {str(field.alias or name) for name, field in SPECS[kind].model_fields.items()}
    shown = {name for one in ours(*WORKLOADS, *MORE) if one["kind"] == kind for name in one["spec"]}
    assert fields - shown == {name for owner, name in NOT_SHOWN if owner == kind}
