"""`caas-operator run`: the operator itself."""

import sys
from collections.abc import Sequence

from caas_operator.app.settings import SettingsInvalid, load


def main(argv: Sequence[str]) -> int:
    try:
        settings = load(argv)
    except SettingsInvalid as error:
        sys.stderr.write(f"caas-operator run: error:\n{error}\n")
        return 2
    # None of this is needed to say that a flag is wrong.
    import uvloop  # noqa: PLC0415

    from caas_operator.app import wiring  # noqa: PLC0415
    from caas_operator.kube.errors import ClusterError, KubeconfigInvalid  # noqa: PLC0415

    try:
        return uvloop.run(wiring.run(settings))
    except (SettingsInvalid, KubeconfigInvalid, ClusterError) as error:
        sys.stderr.write(f"caas-operator run: error: {error}\n")
        return 1
