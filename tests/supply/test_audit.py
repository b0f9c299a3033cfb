"""What is said of the locked packages when the database knows something, knows nothing, or is not there.

The real pip-audit asks a database of our own, at an address of this machine.
"""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.supply import audit
from tests.supply.audit import AuditError, Verdict

HASH = "--hash=sha256:" + 64 * "0"
VULNERABILITY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "an example",
    "affected": [
        {
            "package": {"name": "kopf", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.46.0"}]}],
        }
    ],
}


class Database(ThreadingHTTPServer):
    """OSV, as far as pip-audit asks it: POST a package and version, and get what is known."""

    daemon_threads = True

    def __init__(self, known: Mapping[str, Any], status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.known, self.status = known, status
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/query"


class _Handler(BaseHTTPRequestHandler):
    server: Database

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked.append((name, query["version"]))
        body = json.dumps({"vulns": [self.server.known[name]]} if name in self.server.known else {}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
        pass


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    path = tmp_path / "lock.txt"
    path.write_text(f"idna==3.20 \\\n    {HASH}\nkopf==1.45.2 \\\n    {HASH}\n", encoding="utf-8")
    return path


@pytest.fixture
def databases() -> Iterator[Any]:
    started: list[Database] = []

    def start(known: Mapping[str, Any], status: int = 200) -> Database:
        started.append(Database(known, status))
        threading.Thread(target=started[-1].serve_forever, args=(0.05,), daemon=True).start()
        return started[-1]

    yield start
    for database in started:
        database.shutdown()
        database.server_close()


def test_every_package_is_asked_for_by_its_locked_version(lock: Path, databases: Any) -> None:
    database = databases({})
    assert audit.audit(lock, database.url) == Verdict(audited=2, vulnerable=[])
    assert sorted(database.asked) == [("idna", "3.20"), ("kopf", "1.45.2")]


def test_a_known_vulnerability_is_told_with_the_version_that_cures_it(lock: Path, databases: Any) -> None:
    verdict = audit.audit(lock, databases({"kopf": VULNERABILITY}).url)
    assert verdict.vulnerable == ["kopf 1.45.2: PYSEC-2026-1 (CVE-2026-0001), fixed in 1.46.0"]
    assert not verdict.not_audited


def test_an_accepted_one_is_left_out(lock: Path, databases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"PYSEC-2026-1": "an example"})
    assert audit.audit(lock, databases({"kopf": VULNERABILITY}).url) == Verdict(audited=2, vulnerable=[])


def test_a_database_that_cannot_be_reached_is_no_finding(lock: Path, databases: Any) -> None:
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        refused = audit.audit(lock, f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/query")
    assert refused == Verdict(not_audited="database not reachable")
    assert audit.audit(lock, "http://no-such-host.invalid/v1/query") == refused
    assert audit.audit(lock, databases({}, status=503).url) == refused


def test_a_database_that_does_not_answer_is_not_waited_for(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/query"
        monkeypatch.setattr(audit, "ANSWER_SECONDS", 1)
        assert audit.audit(lock, url) == Verdict(not_audited="database not reachable")
        monkeypatch.setattr(audit, "ANSWER_SECONDS", 600)
        assert audit.audit(lock, url, seconds=2.0).not_audited == "no answer from the database within 2 s"


def test_a_lock_that_cannot_be_read_is_a_failure(lock: Path, databases: Any) -> None:
    lock.write_text("idna>=3\n", encoding="utf-8")
    with pytest.raises(AuditError):
        audit.audit(lock, databases({}).url)


@pytest.mark.parametrize(
    ("verdict", "status", "said"),
    [
        (Verdict(audited=41), 0, "no vulnerability of 41 packages is known\n"),
        (Verdict(not_audited="database not reachable"), 0, "not audited: database not reachable\n"),
        (Verdict(audited=1, vulnerable=["kopf 1: X"]), 1, "kopf 1: X\n"),
        (Verdict(audited=1, vulnerable=["kopf 1: X"], not_audited="idna not found"), 1, "kopf 1: X\n"),
    ],
)
def test_only_a_finding_fails_the_check(
    verdict: Verdict, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "audit", lambda: verdict)
    assert audit.main() == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


def test_what_the_database_does_not_know_counts_as_not_audited() -> None:
    report: list[dict[str, Any]] = [
        {"name": "kopf", "version": "1.45.2", "vulns": []},
        {"name": "x", "skip_reason": "x was not found"},
    ]
    assert audit._verdict(report) == Verdict(audited=1, vulnerable=[], not_audited="x was not found")
