"""The demo: from nothing to a table of Ready objects, an edit, and back to an empty cloud.

    python -m tests.demo            all of it; nothing is left
    python -m tests.demo --keep     leave it running in the background, for kubectl (also: KEEP=1)
    python -m tests.demo stop       end what was left running

It exits with 0 only if every step really held.
"""

import argparse
import os
import signal
import subprocess
import sys
from typing import NoReturn

from tests.cluster.control_plane import ControlPlaneError
from tests.cluster.toolchain import BuildError
from tests.demo import keep, play
from tests.demo.screen import Screen
from tests.demo.stage import ROOT, DemoFailed, set_up

INTERRUPTED = 130
FAILURES = (
    DemoFailed,
    ControlPlaneError,
    BuildError,
    AssertionError,
    RuntimeError,
    OSError,
    subprocess.SubprocessError,
)
"""What a step, or what it runs on, may end with: told in a few lines, without a traceback."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("play", "stop", "hold"), default="play", help=argparse.SUPPRESS)
    parser.add_argument("--colour", action="store_true", default=sys.stdout.isatty(), help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", default=os.environ.get("KEEP", "") not in {"", "0"})
    chosen = parser.parse_args(arguments)
    os.chdir(ROOT)  # the commands that are shown name files from here
    _stop_once()
    screen = Screen(chosen.colour)
    try:
        if chosen.what == "stop":
            return keep.stop(screen)
        if chosen.what == "hold":
            return keep.hold(screen)
        return keep.start(screen) if chosen.keep else whole(screen)
    except FAILURES as error:
        screen.end(f"The demo failed: {error}")
        return 1
    except KeyboardInterrupt:
        screen.end("Interrupted; everything is stopped.")
        return INTERRUPTED


def whole(screen: Screen) -> int:
    with set_up(screen) as stage:
        play.apply_all(stage)
        play.show_cloud(stage)
        play.edit(stage)
        play.delete_all(stage)
        screen.step("Stop")
    screen.end("Every step held. Leave it running to try it yourself: make demo KEEP=1")
    return 0


def _stop_once() -> None:
    """Ctrl-C or SIGTERM ends the demo; impatience while it tidies up does not leave half of it behind."""

    def end(*_: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


if __name__ == "__main__":
    sys.exit(main())
