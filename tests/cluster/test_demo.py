import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.cluster.test_control_plane import wait_until
from tests.demo import keep, play
from tests.demo.screen import Screen
from tests.demo.stage import ROOT, DemoFailed, set_up

PATIENCE_SECONDS = 300.0

pytestmark = pytest.mark.usefixtures("control_plane_programs")


@dataclass(frozen=True)
class Demo:
    """`python -m tests.demo` with a home of its own; all its processes carry the mark in their environment."""

    home: Path
    mark: str

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "KEEP"}
        return {**inherited, "DEMO_HOME": str(self.home), "DEMO_TEST_MARK": self.mark}

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.demo", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def kubectl(self, *arguments: str) -> str:
        command = [str(self.home / "kubectl"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def processes(self) -> list[str]:
        """Command lines of everything that was started, directly or not, and still runs."""
        mark = f"DEMO_TEST_MARK={self.mark}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path / "demo", uuid.uuid4().hex)
    yield demo
    demo.run("stop")


def samples() -> list[tuple[str, str]]:
    """Kind, as kubectl has it, and name of every object of a workload in deploy/samples."""
    found = [
        one for path in sorted((ROOT / play.SAMPLES).glob("*-*.yaml")) for one in yaml.safe_load_all(path.read_text())
    ]
    ours = [one for one in found if one["apiVersion"].startswith("caas-operator.dev/")]
    return [(one["kind"].lower(), one["metadata"]["name"]) for one in ours]


def test_the_demo_goes_from_nothing_to_ready_objects_and_back_to_an_empty_cloud(demo: Demo) -> None:
    done = demo.run()
    assert done.returncode == 0, done.stdout
    steps = re.findall(r"^ ?(\d+)\. ", done.stdout, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    for kind, name in samples():
        what = r"cntr_\w+" if kind == "sandboxcontainer" else r"\S+ +http://127\.0\.0\.1:\d+/workloads/"
        assert re.search(rf"{kind}\.\S+/{name} +True +Available +{what}", done.stdout), f"{kind} {name}"
    assert "ClusterCloudAccount gcore: gcore.endpoint absent: the vendor's own -> http://127.0.0.1:" in done.stdout
    before, after = re.findall(r"in the cloud (?:before|after): +hello has scale (.*)", done.stdout)
    assert before != after
    assert "No resources found" in done.stdout
    assert re.search(r"caas: (\d+) created for \1 objects", done.stdout)
    assert "\033" not in done.stdout
    assert demo.processes() == []
    assert not demo.home.exists()


def test_a_kept_demo_serves_kubectl_until_it_is_stopped(demo: Demo) -> None:
    kept = demo.run(KEEP="1")
    assert kept.returncode == 0, kept.stdout
    assert f"export KUBECONFIG={demo.home / 'kubeconfig'}" in kept.stdout
    assert "make demo-stop" in kept.stdout

    demo.kubectl("wait", "--for=condition=Ready", "caas,infd,sbx", "--all")
    listed = demo.kubectl("get", "caas-operator", "-A", "-o", "name")
    for kind in ("caascontainer", "inferencedeployment", "sandboxcontainer", "clustercloudaccount"):
        assert f"{kind}.caas-operator.dev/" in listed
    demo.kubectl("patch", "caas", "hello", "--type=merge", "--patch", '{"spec":{"scale":{"max":7}}}')
    demo.kubectl("wait", "--for=condition=Ready", "caas/hello")
    ready = json.loads(demo.kubectl("get", "caas", "hello", "-o", "json"))
    assert [one["observedGeneration"] for one in ready["status"]["conditions"] if one["type"] == "Ready"] == [2]
    endpoint = ready["status"]["endpoint"]
    assert httpx.get(endpoint, trust_env=False).text == "hello\n"
    published = ["get", "configmap", "thumbnails-address", "-o", "jsonpath={.data.url}"]
    assert httpx.get(demo.kubectl(*published), trust_env=False).text == "thumbnails\n"
    # The controller manager is there, so a namespace goes for good.
    demo.kubectl("create", "namespace", "passing")
    demo.kubectl("delete", "namespace", "passing", "--timeout=30s")

    second = demo.run("--keep")
    assert second.returncode == 1
    assert re.search(r"running already \(pid \d+\)", second.stdout)

    stopped = demo.run("stop")
    assert (stopped.returncode, "The demo is stopped." in stopped.stdout) == (0, True)
    assert demo.processes() == []
    assert [path.name for path in demo.home.iterdir()] == ["lock"]
    again = demo.run("stop")
    assert (again.returncode, "No demo is running." in again.stdout) == (0, True)


@pytest.mark.parametrize("arguments", [(), ("--keep",)], ids=["played", "kept"])
def test_nothing_is_left_after_ctrl_c(demo: Demo, arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.demo", *arguments],
        cwd=ROOT,
        env=demo.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert any(" 4. " in line for line in process.stdout)
        wait_until(lambda: any("cli.main run" in line for line in demo.processes()))
        for _ in range(2):  # an impatient person
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.2)
        assert process.wait(PATIENCE_SECONDS) == 130
    assert demo.processes() == []


def test_what_is_left_in_the_cloud_fails_the_demo() -> None:
    with set_up(Screen()) as stage:
        play.apply_all(stage)
        play.show_cloud(stage)
        sent = stage.simulator.journal("gcore.caas.create")[0].body
        stage.simulator.change("create", "caas", project=1, region=76, body=sent | {"name": "stray"})
        with pytest.raises(DemoFailed, match="stray"):
            play.show_cloud(stage)
        with pytest.raises(DemoFailed, match="the clouds still have 1/76/stray"):
            play.delete_all(stage)


def test_stop_ends_what_a_killed_demo_left_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "demo"
    home.mkdir()
    for name, path in {"HOME": home, "LOCK": home / "lock", "STATE": home / "state.json"}.items():
        monkeypatch.setattr(keep, name, path)
    sleep = ["sleep", "300"]
    with subprocess.Popen(sleep) as orphan, subprocess.Popen(sleep) as stranger:
        try:
            started = keep._started(orphan.pid)
            children = [{"pid": orphan.pid, "started": started}, {"pid": stranger.pid, "started": "1"}]
            keep._write_state({"pid": stranger.pid, "started": "1", "children": children, "up": True})
            keep.LOCK.touch()
            assert keep.stop(Screen()) == 0
            assert orphan.wait(10) == -signal.SIGTERM
            assert stranger.poll() is None
        finally:
            orphan.kill()
            stranger.kill()
    assert "The demo is stopped." in capsys.readouterr().out
