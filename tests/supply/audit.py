"""`python -m tests.supply.audit`: whether vulnerabilities of the image's packages are known, asked with pip-audit.

Exits with 1 if there are any. Where the database (OSV, at the tool's own address) cannot be reached, that is said, and
is no failure. A vulnerability that does not concern us is named in ACCEPTED, with the reason.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.supply.lock import RUNTIME

ACCEPTED: Mapping[str, str] = {}
"""The id of a vulnerability, to why it cannot be used against the operator."""

ANSWER_SECONDS = 5
"""for one package; a few dozen are asked for one after the other"""
ALL_SECONDS = 90.0
UNREACHABLE = re.compile(r"requests\.exceptions\.|ServiceError|Could not connect to OSV")
"""In what pip-audit says: the first two end the traceback of what it does not catch."""


class AuditError(Exception):
    """pip-audit failed, and not because of its database; the text ends with its last words."""


@dataclass(frozen=True)
class Verdict:
    """`vulnerable` has a line for each finding; `not_audited` says why not everything could be asked."""

    audited: int = 0
    vulnerable: Sequence[str] = ()
    not_audited: str = ""


def audit(lock: Path = RUNTIME, database: str | None = None, seconds: float = ALL_SECONDS) -> Verdict:
    """Ask for each package of a lock. `database` is another address than the tool's own. Raises AuditError."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "pip_audit", f"--requirement={lock}", "--require-hashes", "--disable-pip"]
        command += ["--vulnerability-service=osv", *([f"--osv-url={database}"] if database else [])]
        command += [f"--timeout={ANSWER_SECONDS}", "--progress-spinner=off", "--format=json", f"--cache-dir={cache}"]
        command += [f"--ignore-vuln={name}" for name in ACCEPTED]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return Verdict(not_audited=f"no answer from the database within {seconds:.0f} s")
    try:
        return _verdict(json.loads(done.stdout)["dependencies"])
    except ValueError:  # no report at all
        if UNREACHABLE.search(done.stderr):
            return Verdict(not_audited="database not reachable")
        raise AuditError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]) from None


def _verdict(packages: Sequence[Mapping[str, Any]]) -> Verdict:
    """Of a report. What the database did not know is no package without vulnerabilities: pip-audit passes over it."""
    skipped = [each["skip_reason"] for each in packages if "skip_reason" in each]
    lines = [
        f"{each['name']} {each['version']}: {found['id']} ({', '.join(found['aliases']) or 'no alias'}), "
        f"fixed in {', '.join(found['fix_versions']) or 'no version'}"
        for each in packages
        for found in each.get("vulns", ())
    ]
    return Verdict(len(packages) - len(skipped), lines, skipped[0] if skipped else "")


def main() -> int:
    try:
        verdict = audit()
    except AuditError as error:
        print(f"pip-audit failed: {error}", file=sys.stderr)
        return 1
    if verdict.not_audited:
        print(f"not audited: {verdict.not_audited}")
    for line in verdict.vulnerable:
        print(line, file=sys.stderr)
    if verdict.audited and not verdict.vulnerable:
        print(f"no vulnerability of {verdict.audited} packages is known")
    return 1 if verdict.vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
