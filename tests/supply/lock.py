"""What requirements/ says: each package, its version, the hashes of its files, and what needs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements" / "runtime.txt"
EVERYTHING = ROOT / "requirements" / "dev.txt"

IMAGE: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.2",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.11.2",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""What markers are asked about: the Python of the image, which is Debian bookworm's."""

_PACKAGE = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: *; *(?P<marker>[^\\\n]+?))?(?: *\\)?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
_NEEDED_BY = re.compile(r"^    # (?:via|  ) *([\w.-]+)(?: \(.*\))?$")


@dataclass(frozen=True)
class Locked:
    """One package. `sha256` has the hashes of all its files, of which an installation takes one."""

    name: str
    version: str
    sha256: tuple[str, ...]
    needed_by: frozenset[str]
    marker: str | None = None

    def is_for(self, environment: Mapping[str, str]) -> bool:
        return self.marker is None or Marker(self.marker).evaluate(environment)


def read(text: str) -> Mapping[str, Locked]:
    """The packages by their canonical name. Raises ValueError for a line that is none of what `make lock` writes."""
    found: dict[str, Locked] = {}
    for part in re.split(r"\n(?=\S)", text.strip()):
        first, *rest = part.splitlines()
        package = _PACKAGE.match(first)
        if package is None:
            raise ValueError(f"not a locked package: {first}")
        name = canonicalize_name(package["name"])
        needed_by = {canonicalize_name(line[1]) for line in map(_NEEDED_BY.match, rest) if line}
        found[name] = Locked(
            name, package["version"], tuple(_HASH.findall(part)), frozenset(needed_by), package["marker"]
        )
    return found
