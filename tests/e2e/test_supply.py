"""What is said about the image's contents, held against the image."""

import json

from tests.e2e import images
from tests.e2e.machine import Machine
from tests.supply.lock import IMAGE
from tests.supply.sbom import base_of_the_dockerfile, sbom

INSTALLED = """
import importlib.metadata, json, re, sys
names = {re.sub("[-_.]+", "-", each.name).lower(): each.version for each in importlib.metadata.distributions()}
print(json.dumps({"python": "%d.%d" % sys.version_info[:2], "packages": names}))
"""
FLAGS = """
import glob, json
roots = ("/usr/lib/python3*", "/opt/caas-operator")
files = [file for root in roots for file in glob.glob(root + "/**/*.pyc", recursive=True)]
print(json.dumps([len(files), sorted({int.from_bytes(open(file, "rb").read(8)[4:], "little") for file in files})]))
"""
"""The flags of bytecode (PEP 552): 0 goes with a source of a certain time, 1 by its hash, which nobody compares."""


def inside(here: Machine, program: str, *words: str) -> str:
    return here.run("podman", "run", "--rm", "--network=none", f"--entrypoint={program}", images.OPERATOR, *words)


def test_the_bill_of_materials_lists_what_is_in_the_image_and_nothing_else(here: Machine) -> None:
    document = sbom(base_of_the_dockerfile(), inside(here, "/bin/cat", "/var/lib/dpkg/status"))
    listed = [each for each in document["components"] if each["type"] != "container"]
    debian = {each["name"]: each["version"] for each in listed if each.get("purl", "").startswith("pkg:deb/")}
    python = {each["name"]: each["version"] for each in listed if not each.get("purl", "").startswith("pkg:deb/")}
    found = json.loads(inside(here, "/opt/caas-operator/bin/python3", "-c", INSTALLED))
    assert found == {"python": IMAGE["python_version"], "packages": python}
    shown = inside(here, "/usr/bin/dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\\n")
    rows = [line.split() for line in shown.splitlines()]
    assert debian == {name: version for name, version, status in rows if status == "installed"}


def test_no_bytecode_depends_on_the_time_of_its_source(here: Machine) -> None:
    number, flags = json.loads(inside(here, "/opt/caas-operator/bin/python3", "-c", FLAGS))
    assert number > 1000
    assert flags == [1], (
        "a build that gives all files one time would leave bytecode that Python makes anew at each start"
    )
