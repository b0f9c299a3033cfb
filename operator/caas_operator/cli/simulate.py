"""`caas-operator simulate`: the clouds, simulated."""

import argparse
import sys
from typing import Literal, cast

from caas_operator.simulator.config import Config


def parser() -> argparse.ArgumentParser:
    defaults = Config()
    made = argparse.ArgumentParser(
        prog="caas-operator simulate",
        description="Serve Gcore, OpenAI containers and a gateway, simulated, until SIGTERM or SIGINT. "
        "Prints one line of JSON with their URLs once they listen.",
    )
    for name in ("gcore", "openai", "gateway", "admin"):
        made.add_argument(f"--{name}-port", type=int, default=0, metavar="PORT", help="0: a free one (default)")
    made.add_argument(
        "--host", default="127.0.0.1", help="the IPv4 address to listen at (default 127.0.0.1); 0.0.0.0 in a container"
    )
    made.add_argument("--gcore-api-key", default=defaults.gcore_api_key, metavar="KEY")
    made.add_argument("--openai-api-key", default=defaults.openai_api_key, metavar="KEY")
    made.add_argument("--gateway-virtual-key", default=defaults.gateway_virtual_key, metavar="KEY")
    made.add_argument(
        "--gateway-provider-key",
        action="append",
        metavar="NAME",
        help="a provider key of the gateway; repeat for several (default: one)",
    )
    made.add_argument("--seed", type=int, default=defaults.seed, help="for ids and choices (default 0)")
    made.add_argument(
        "--task-seconds", type=float, default=defaults.task_seconds, help="how long a task takes (default 2)"
    )
    made.add_argument(
        "--clock", choices=("real", "manual"), default="real", help="manual: time moves by the admin API only"
    )
    made.add_argument("--exit-with-parent", action="store_true", help=argparse.SUPPRESS)  # for tests; needs a pipe
    return made


def main(argv: list[str]) -> int:
    """Run the simulator; 0 after a clean stop, 1 when a port is taken, 2 for bad arguments or a missing extra."""
    given = parser().parse_args(argv)
    try:
        from caas_operator.simulator.server import Ports, run  # noqa: PLC0415 - needs the extra `simulator`
    except ModuleNotFoundError as error:
        sys.stderr.write(f"the simulator needs {error.name}: pip install 'caas-operator[simulator]'\n")
        return 2
    config = Config(
        gcore_api_key=given.gcore_api_key,
        openai_api_key=given.openai_api_key,
        gateway_virtual_key=given.gateway_virtual_key,
        gateway_provider_keys=tuple(given.gateway_provider_key or Config().gateway_provider_keys),
        seed=given.seed,
        task_seconds=given.task_seconds,
        clock=cast(Literal["real", "manual"], given.clock),
    )
    ports = Ports(given.gcore_port, given.openai_port, given.gateway_port, given.admin_port)
    try:
        return run(config, ports, host=given.host, exit_with_parent=given.exit_with_parent)
    except OSError as error:
        sys.stderr.write(f"the simulator cannot listen: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
