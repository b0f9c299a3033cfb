"""The operator on a real cluster: `python -m tests.e2e` starts it, runs the tests of this folder, and ends it.

    python -m tests.e2e [test] [PYTEST'S ARGUMENTS]     with KEEP=1 the cluster stays, and is used again
    python -m tests.e2e up | image | down | env

`env` prints what a shell needs to use the cluster by hand: eval "$(python -m tests.e2e env)".
"""

import os
import shlex
import signal
import subprocess
import sys

from tests.cluster import build
from tests.cluster.toolchain import BuildError
from tests.e2e import cluster, images
from tests.e2e.machine import E2eError, Machine, alone, home, machine, prepare, say, step

TESTS_SECONDS = 2400
"""far more than they take; a run that hangs is to end the cluster as well"""
SHOWN = ("PATH", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "KIND_EXPERIMENTAL_PROVIDER", "KUBECONFIG")


def test(arguments: list[str]) -> int:
    here = prepare()
    try:
        build.programs([build.ARGOCD])  # minutes, the first time
        start(here)
        with step("tests"):
            pytest = [sys.executable, "-m", "pytest", "tests/e2e", *arguments]
            environment = {**os.environ, "E2E": "1"}
            done = subprocess.run(pytest, env=environment, cwd=images.ROOT, timeout=TESTS_SECONDS, check=False)
            return done.returncode
    except (E2eError, BuildError) as error:  # said before the cluster is ended, which may fail as well
        say(str(error))
        return 1
    except subprocess.TimeoutExpired:
        say(f"the tests did not end in {TESTS_SECONDS} s")
        return 1
    finally:
        if os.environ.get("KEEP"):
            say("the cluster stays; make e2e-down ends it")
        else:
            cluster.down(here)


def start(here: Machine) -> None:
    names = images.operator(here)
    cluster.up(here)
    cluster.load(here, *names)


def up(_: list[str]) -> int:
    start(prepare())
    return 0


def image(_: list[str]) -> int:
    images.operator(prepare())
    return 0


def down(_: list[str]) -> int:
    cluster.down(machine())
    return 0


def env(_: list[str]) -> int:
    environment = machine().environment
    for name in SHOWN:
        print(f"export {name}={shlex.quote(environment[name])}")
    return 0


COMMANDS = {"test": test, "up": up, "image": image, "down": down, "env": env}
"""each under a lock but the last, which changes nothing"""


def main(arguments: list[str]) -> int:
    named = bool(arguments) and arguments[0] in COMMANDS
    command = COMMANDS[arguments[0]] if named else test
    rest = arguments[1:] if named else arguments
    for number in (signal.SIGTERM, signal.SIGHUP):  # as ctrl-C, so that the cluster is ended
        signal.signal(number, signal.default_int_handler)
    try:
        if command is env:
            return env(rest)
        with alone(home()):
            return command(rest)
    except (E2eError, BuildError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
