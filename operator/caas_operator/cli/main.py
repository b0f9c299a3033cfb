"""The command line. Each subcommand is imported when it is asked for, so that `--help` needs nothing."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version

SUBCOMMANDS = {
    "run": "run the operator",
    "simulate": "serve the clouds, simulated, for a demo or tests",
    "crds": "write or check the CustomResourceDefinitions",
}
"""Each is a module of this package with `main(argv) -> int`."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="caas-operator",
        description="Containers that run in somebody else's cloud, declared in your own cluster.",
        epilog="\n".join(f"  {name:10} {what}" for name, what in SUBCOMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("caas-operator"))
    parser.add_argument("command", choices=(*SUBCOMMANDS, "version"), help="what to do; each has its own --help")
    given = list(sys.argv[1:] if argv is None else argv)
    chosen = parser.parse_args(given[:1])
    if chosen.command == "version":
        sys.stdout.write(f"{version('caas-operator')}\n")
        return 0
    subcommand: Callable[[list[str]], int] = import_module(f"caas_operator.cli.{chosen.command}").main
    return subcommand(given[1:])


if __name__ == "__main__":
    sys.exit(main())
