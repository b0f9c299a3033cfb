"""The bill of materials: valid, complete as to the lock, and the same each time."""

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply import sbom
from tests.supply.lock import EVERYTHING, IMAGE, ROOT, RUNTIME, Locked, read

DIGEST = "sha256:" + 64 * "a"
BASE = f"registry.example:5000/mirror/debian:bookworm-slim@{DIGEST}"
STATUS = """\
Package: libpython3.11-stdlib
Status: install ok installed
Architecture: amd64
Source: python3.11
Version: 3.11.2-6+deb12u6
Description: part of Python
 with words: and more of them

Package: login
Status: install ok installed
Architecture: amd64
Version: 1:4.13+dfsg1-1+deb12u1

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""

LOCK = """\
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:1111111111111111111111111111111111111111111111111111111111111111
    # via
    #   caas-operator (pyproject.toml:dev)
    #   click
typing-extensions==4.16.0 \\
    --hash=sha256:2222222222222222222222222222222222222222222222222222222222222222 \\
    --hash=sha256:3333333333333333333333333333333333333333333333333333333333333333
    # via aiohttp
"""


def schema() -> Any:
    """CycloneDX's own, from its library for Python. Its parts name each other by the file."""
    names = ("bom-1.6.SNAPSHOT", "spdx.SNAPSHOT", "jsf-0.82.SNAPSHOT")
    files = (resources.files("cyclonedx.schema._res") / f"{name}.schema.json" for name in names)
    whole, *parts = (json.loads(file.read_text("utf-8")) for file in files)
    named = [
        (f"http://cyclonedx.org/schema/{name}.schema.json", part) for name, part in zip(names[1:], parts, strict=True)
    ]
    registry = jsonschema_rs.Registry(named)
    return jsonschema_rs.validator_for(whole, registry=registry, validate_formats=True)


def components(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {each["bom-ref"]: each for each in document["components"]}
    assert len(found) == len(document["components"])
    return found


def test_it_is_what_cyclonedx_asks_for() -> None:
    for status in (None, STATUS):
        for epoch in (None, "1700000000"):
            document = json.loads(sbom.text_of(sbom.sbom(BASE, status), epoch))
            assert [error.message for error in schema().iter_errors(document)] == []
    document["components"][0]["type"] = "something"
    assert not schema().is_valid(document)


def test_every_package_of_the_lock_is_in_it_with_its_hashes() -> None:
    found = components(sbom.sbom(BASE))
    for package in read(RUNTIME.read_text("utf-8")).values():
        component = found[f"pkg:pypi/{package.name}@{package.version}"]
        (files,) = component["externalReferences"]
        assert [each["content"] for each in files["hashes"]] == list(package.sha256)
        assert package.sha256
    assert len([each for each in found if each.startswith("pkg:pypi/")]) == len(read(RUNTIME.read_text("utf-8")))


def test_every_package_says_its_licence() -> None:
    python = [each for each in sbom.sbom(BASE)["components"] if each.get("purl", "").startswith("pkg:pypi/")]
    assert [each["name"] for each in python if not each.get("licenses")] == []
    said = {each["name"]: each["licenses"] for each in python}
    assert said["aiohttp"] == [{"expression": "Apache-2.0 AND MIT"}]
    assert said["aiosignal"] == [{"license": {"name": "Apache 2.0"}}], "as it has it, which is not SPDX"


def test_a_licence_of_another_version_is_not_told() -> None:
    assert sbom.licence_of(Locked("kopf", "0.0.1", (), frozenset())) is None
    assert sbom.licence_of(Locked("no-such-package", "1", (), frozenset())) is None


def test_each_purl_is_canonical() -> None:
    for each in sbom.sbom(BASE, STATUS)["components"]:
        if purl := each.get("purl"):
            assert PackageURL.from_string(purl).to_string() == purl


@pytest.mark.parametrize(
    ("image", "purl", "hashes"),
    [
        (
            BASE,
            f"pkg:oci/debian@sha256:{64 * 'a'}?repository_url=registry.example:5000/mirror/debian&tag=bookworm-slim",
            1,
        ),
        ("localhost/debian", "pkg:oci/debian?repository_url=localhost/debian", 0),
    ],
)
def test_the_base_is_named_by_its_digest_where_it_has_one(image: str, purl: str, hashes: int) -> None:
    found = [each for each in sbom.sbom(image)["components"] if each["name"] == "debian"]
    assert [each["purl"] for each in found] == [purl]
    assert len(found[0].get("hashes", [])) == hashes


def test_the_base_of_the_dockerfile_has_a_digest() -> None:
    assert "@sha256:" in sbom.base_of_the_dockerfile()


def test_debians_packages_are_listed_or_said_to_be_missing() -> None:
    without, with_them = sbom.sbom(BASE), sbom.sbom(BASE, STATUS)
    assert [each["aggregate"] for each in without["compositions"]] == ["incomplete"]
    assert "compositions" not in with_them
    assert [each for each in components(with_them) if each.startswith("pkg:deb/")] == [
        "pkg:deb/debian/libpython3.11-stdlib@3.11.2-6%2Bdeb12u6?arch=amd64&distro=bookworm",
        "pkg:deb/debian/login@1:4.13%2Bdfsg1-1%2Bdeb12u1?arch=amd64&distro=bookworm",
    ]


def test_what_the_project_asks_for_is_what_it_is_said_to_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    document = sbom.sbom(BASE)
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    asked_for = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    assert {ref.removeprefix("pkg:pypi/").partition("@")[0] for ref in needs["caas-operator"]} == asked_for
    assert set(needs) == set(components(document)) | {"image"}
    reached: set[str] = set()
    waiting = ["image"]
    while waiting:
        ref = waiting.pop()
        reached.add(ref)
        waiting += [other for other in needs[ref] if other not in reached]
    assert reached == set(needs), "a package that nothing needs"


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    paths = [tmp_path / "one.json", tmp_path / "folder" / "two.json"]
    for path in paths:
        assert sbom.main([f"--output={path}", f"--base={BASE}"]) == 0
    texts = [path.read_text("utf-8") for path in paths]
    assert texts[0] == texts[1]
    assert '"timestamp"' not in texts[0]
    assert json.loads(texts[0])["serialNumber"] != sbom.sbom(BASE.replace("a", "b"))["serialNumber"]


def test_its_time_is_the_one_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = tmp_path / "sbom.json"
    sbom.main([f"--output={path}"])
    assert json.loads(path.read_text("utf-8"))["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


# -- the lock -------------------------------------------------------------------------------------------------------


def test_a_lock_is_read_with_markers_hashes_and_reasons() -> None:
    found = read(LOCK)
    assert found["typing-extensions"] == Locked(
        "typing-extensions", "4.16.0", (64 * "2", 64 * "3"), frozenset({"aiohttp"})
    )
    assert found["colorama"].needed_by == {"caas-operator", "click"}
    assert found["typing-extensions"].is_for(IMAGE)
    assert not found["colorama"].is_for(IMAGE)


def test_a_line_that_is_not_pinned_is_refused() -> None:
    with pytest.raises(ValueError, match="not a locked package: aiohttp>=3"):
        read("aiohttp>=3\n")


def test_what_the_image_gets_is_locked_as_for_the_tests() -> None:
    everything = read(EVERYTHING.read_text("utf-8"))
    for name, package in read(RUNTIME.read_text("utf-8")).items():
        assert (everything[name].version, everything[name].sha256) == (package.version, package.sha256)
