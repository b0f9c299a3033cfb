"""`python -m tests.supply.sbom`: what is in the image, as CycloneDX 1.6 in JSON, made from the lock.

The same tree gives the same bytes. Licences are what the packages of this environment, which is made from the lock, say
of themselves. Debian's packages are listed where the image's /var/lib/dpkg/status is given; otherwise the document says
that they are left out.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from tests.supply.lock import EVERYTHING, IMAGE, ROOT, RUNTIME, Locked, read

Json = dict[str, Any]
PROJECT = "caas-operator"
OUTPUT = ROOT / "build" / "sbom.cdx.json"
DEBIAN_RELEASE = "bookworm"
LONGEST_LICENCE_NAME = 60
"""characters; what is longer is the licence's text"""


def sbom(base: str, dpkg_status: str | None = None) -> Json:
    """The document, without a time.

    `base` is the image that ours is made from, NAME[:TAG][@DIGEST]; `dpkg_status` the text of /var/lib/dpkg/status.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = {name: package for name, package in read(RUNTIME.read_text("utf-8")).items() if package.is_for(IMAGE)}
    debian = list(_debian(dpkg_status)) if dpkg_status else []
    base_image = _base(base)
    ours = {
        "type": "application",
        "bom-ref": PROJECT,
        "name": PROJECT,
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"expression": project["license"]}],
    }
    image = {"type": "container", "bom-ref": "image", "name": PROJECT, "version": project["version"]}
    document: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": image},
        "components": [ours, base_image, *(_python(package) for package in locked.values()), *debian],
        "dependencies": _dependencies(locked, base_image["bom-ref"], [each["bom-ref"] for each in debian]),
    }
    if not debian:
        document["compositions"] = [{"aggregate": "incomplete", "assemblies": [base_image["bom-ref"]]}]
    content = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return {**document, "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, content).urn}


def base_of_the_dockerfile() -> str:
    found = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("the Dockerfile has no ARG BASE")
    return found[1]


def _base(image: str) -> Json:
    name, _, digest = image.partition("@")
    repository, tag = name, ""
    if ":" in name.rpartition("/")[2]:
        repository, _, tag = name.rpartition(":")
    last = repository.rpartition("/")[2].lower()
    version = f"@{_quoted(digest)}" if digest else ""
    qualifiers = [f"repository_url={repository}", *([f"tag={tag}"] if tag else [])]
    purl = f"pkg:oci/{last}{version}?{'&'.join(qualifiers)}"
    found: Json = {
        "type": "container",
        "bom-ref": purl,
        "name": last,
        "version": digest or tag or "latest",
        "purl": purl,
    }
    if digest.startswith("sha256:"):
        found["hashes"] = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    return found


def _python(package: Locked) -> Json:
    purl = _purl(package)
    found: Json = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        # Of the package's files one is installed: its hash is among these, and none of them is the component's own.
        "externalReferences": [
            {
                "type": "distribution",
                "url": purl,
                "comment": "the files that the lock allows; one of them is installed",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.sha256],
            }
        ],
    }
    licence = licence_of(package)
    return {**found, "licenses": [licence]} if licence else found


def _purl(package: Locked) -> str:
    return f"pkg:pypi/{package.name}@{_quoted(package.version)}"


def _quoted(text: str) -> str:
    """As a purl is written: a colon stays."""
    return quote(text, safe=":")


def licence_of(package: Locked) -> Json | None:
    """What the installed package says of itself, as SPDX where it is that. None if this version is not installed."""
    try:
        found = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        return None
    if found["Version"] != package.version:
        return None
    said = next((found[key] for key in ("License-Expression", "License") if key in found), "")
    try:
        return {"expression": str(canonicalize_license_expression(said))}
    except InvalidLicenseExpression:
        pass
    classifiers = [each for each in found.get_all("Classifier") or [] if each.startswith("License :: ")]
    if not said or len(said) > LONGEST_LICENCE_NAME or "\n" in said:
        said = classifiers[0].rpartition(" :: ")[2] if classifiers else ""
    return {"license": {"name": said}} if said else None


def _dependencies(locked: Mapping[str, Locked], base: str, debian: list[str]) -> list[Json]:
    """Who needs whom. That is what `make lock` noted in the lock of everything."""
    everything = read(EVERYTHING.read_text("utf-8"))
    refs = {name: _purl(package) for name, package in locked.items()}

    def needs(name: str) -> list[str]:
        return sorted(refs[other] for other in refs if name in everything[other].needed_by)

    return [
        {"ref": "image", "dependsOn": [PROJECT, base, *debian]},
        {"ref": PROJECT, "dependsOn": needs(PROJECT)},
        {"ref": base},
        *({"ref": refs[name], "dependsOn": needs(name)} for name in sorted(refs)),
        *({"ref": ref} for ref in debian),
    ]


def _debian(status: str) -> Iterator[Json]:
    """The installed packages of a dpkg status file."""
    for part in sorted(re.split(r"\n\n+", status.strip())):
        fields = dict(re.findall(r"^([A-Za-z-]+): *(.*)$", part, re.MULTILINE))
        if fields.get("Status") != "install ok installed":
            continue
        name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
        purl = f"pkg:deb/debian/{_quoted(name)}@{_quoted(version)}?arch={architecture}&distro={DEBIAN_RELEASE}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def text_of(document: Json, epoch: str | None) -> str:
    """The document as it is written; with the time of SOURCE_DATE_EPOCH, in seconds, where that is set."""
    if epoch:
        made = datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = {**document, "metadata": {"timestamp": made, **document["metadata"]}}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.supply.sbom", description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument(
        "--base", default=base_of_the_dockerfile(), help="NAME[:TAG][@DIGEST]; the Dockerfile's if left out"
    )
    parser.add_argument("--debian", type=Path, help="the image's /var/lib/dpkg/status")
    options = parser.parse_args(arguments)
    document = sbom(options.base, options.debian.read_text("utf-8") if options.debian else None)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text_of(document, os.environ.get("SOURCE_DATE_EPOCH")), "utf-8")
    print(f"{options.output}: {len(document['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
