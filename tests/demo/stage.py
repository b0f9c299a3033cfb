"""What the demo plays on: a control plane with our CRDs, the clouds, simulated, and the operator."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.control_plane import ControlPlane, running_control_plane
from tests.demo.screen import Screen
from tests.support.operator import OperatorProcess, running_operator
from tests.support.simulator import Simulator, running_simulator

ROOT = Path(__file__).parents[2]
LOG_LINES = 25
FLAGS: dict[str, str | float] = {
    "cluster_id": "demo",
    "task_poll_seconds": 1,
    "readiness_check_networks": "127.0.0.0/8",
}


class DemoFailed(Exception):
    """A step did not hold; the text says which promise was broken."""


@dataclass(frozen=True)
class Stage:
    screen: Screen
    plane: ControlPlane
    simulator: Simulator
    operator: OperatorProcess

    def kubectl(self, *words: str) -> str:
        """Show a command, run it, show what it says. Raises DemoFailed with kubectl's words."""
        return kubectl(self.screen, self.plane, *words)


def kubectl(screen: Screen, plane: ControlPlane, *words: str) -> str:
    screen.command(["kubectl", *words])
    done = plane.kubectl(*words, check=False)
    screen.say(done.stdout.rstrip())
    if done.stderr.strip():
        screen.say(done.stderr.rstrip())
    if done.returncode:
        raise DemoFailed(f"kubectl {words[0]} ended with {done.returncode}")
    return done.stdout


@contextmanager
def set_up(screen: Screen, directory: Path | None = None, *, controller_manager: bool = False) -> Iterator[Stage]:
    """Everything up, before any object is applied; all of it is gone when the block ends.

    In a given directory the logs stay. When the block fails, the objects and the end of the operator's log are shown.
    """
    screen.step("A real control plane, on this machine's loopback interface")
    with running_control_plane(directory, controller_manager=controller_manager) as plane:
        screen.say(f"etcd and kube-apiserver answer at {plane.url}; logs in {plane.directory}")
        screen.step("Our CustomResourceDefinitions")
        kubectl(screen, plane, "apply", "-f", "crds/")
        kubectl(screen, plane, "wait", "--for=condition=Established", "--timeout=60s", "-f", "crds/")
        screen.step("Gcore, OpenAI and a gateway, simulated over real HTTP")
        with running_simulator(task_seconds=2) as simulator:
            screen.command(["caas-operator", "simulate", *_flags(simulator.process, "caas_operator.cli.simulate")])
            for name, url in vars(simulator.urls).items():
                screen.say(f"{name:8} {url}")
            simulator.switch("gcore_addresses", "local")
            screen.say("gcore_addresses=local: the containers' own addresses lead to the simulator too, and answer")
            screen.step("The operator, a process of its own")
            with running_operator(plane, flags=FLAGS) as operator:
                screen.command(["caas-operator", "run", *_flags(operator.process, "run")])
                screen.say(f"ready, pid {operator.pid}; log in {operator.log}")
                try:
                    yield Stage(screen, plane, simulator, operator)
                except Exception:
                    _show_trouble(screen, plane, operator)
                    raise


def _flags(process: subprocess.Popen[bytes] | subprocess.Popen[str], after: str) -> list[str]:
    """What follows the subcommand on the process's own command line."""
    words = [str(word) for word in process.args] if isinstance(process.args, list) else []
    return words[words.index(after) + 1 :]


def _show_trouble(screen: Screen, plane: ControlPlane, operator: OperatorProcess) -> None:
    ended = operator.process.poll()
    screen.say("\nWhat the objects say:")
    screen.say(plane.kubectl("get", "caas-operator", "-A", "-o", "wide", check=False).stdout)
    screen.say(f"The operator {'is running' if ended is None else f'ended with {ended}'}; the end of {operator.log}:")
    screen.say(operator.tail(LOG_LINES))
