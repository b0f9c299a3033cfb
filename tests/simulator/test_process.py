"""The command: what it prints, where it listens, how it ends."""

import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from caas_operator.cli.simulate import main
from tests.simulator.bodies import CAAS
from tests.support.simulator import running_simulator

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "caas_operator.cli.simulate"]


def test_it_prints_one_line_of_json_and_ends_cleanly_on_a_signal() -> None:
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    urls = json.loads(process.stdout.readline())
    assert set(urls) == {"gcore", "openai", "gateway", "admin"}
    assert urls["openai"].endswith("/v1")
    httpx.get(urls["gcore"] + CAAS)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_quickly_although_a_rule_holds_a_request() -> None:
    with running_simulator() as simulator, ThreadPoolExecutor(1) as pool:
        simulator.fault("*", "hold")
        answer = pool.submit(httpx.get, simulator.urls.gcore + CAAS, timeout=30)
        simulator.wait_until(simulator.journal)
        simulator.process.send_signal(signal.SIGTERM)
        assert answer.result(10).status_code == 401
        assert simulator.process.wait(10) == 0


def test_it_listens_on_the_loopback_interface_only() -> None:
    with running_simulator() as simulator:
        port = httpx.URL(simulator.urls.gcore).port
        listening = Path("/proc/net/tcp").read_text()
        (line,) = [row for row in listening.splitlines() if f":{port:04X} 00000000:0000 0A" in row]
        assert "0100007F" in line


def test_it_listens_at_another_address_when_told_so() -> None:
    with running_simulator(host="127.0.0.2") as simulator:
        assert httpx.URL(simulator.urls.gcore).host == "127.0.0.2"
        assert httpx.get(simulator.urls.gcore + CAAS).status_code == 401


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run([*COMMAND, "--gcore-port", port], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("the simulator cannot listen:")
    assert ended.stderr.count("\n") == 1


def test_wrong_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--clock", "sundial"])
    assert ended.value.code == 2


def test_keys_seed_and_task_seconds_come_from_the_command_line() -> None:
    options: dict[str, Any] = {"gcore_api_key": "a$b", "openai_api_key": "sk-mine", "seed": 7, "task_seconds": 0.25}
    ids = []
    for _ in range(2):
        with running_simulator(**options) as simulator:
            headers = {"Authorization": "Bearer sk-mine"}
            made = httpx.post(f"{simulator.urls.openai}/containers", json={"name": "a"}, headers=headers)
            ids.append(made.json()["id"])
            gcore = {"Authorization": "apikey a$b"}
            assert httpx.get(simulator.urls.gcore + CAAS, headers=gcore).status_code == 200
            assert simulator.call("GET", "/switches")["values"]["task_seconds"] == 0.25
    assert ids[0] == ids[1]


def test_a_real_clock_moves_by_itself() -> None:
    with running_simulator() as simulator:
        first = simulator.now()
        simulator.wait_until(lambda: simulator.now() > first)


ORPHAN_MAKER = """
import time
from tests.support.simulator import running_simulator
with running_simulator() as simulator:
    print(simulator.pid, simulator.urls.gcore, flush=True)
    time.sleep(600)
"""


def test_it_ends_with_a_parent_that_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN_MAKER], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pid, url = parent.stdout.readline().split()
    assert httpx.get(url + CAAS).status_code == 401
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end, "the simulator outlives its parent"
        time.sleep(0.05)


def test_nothing_is_left_when_a_killed_simulator_is_stopped() -> None:
    with running_simulator() as simulator:
        simulator.kill()
    assert simulator.process.returncode == -signal.SIGKILL
