"""Makes tests/e2e/states anew: python -m tests.states (a minute or two)."""

import sys
from pathlib import Path

from tests.cluster.control_plane import running_control_plane
from tests.states import capture

CRDS = Path(__file__).parents[2] / "crds"


def main() -> int:
    with running_control_plane(audit=True) as plane:
        plane.kubectl("apply", "--server-side", f"--filename={CRDS}")
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
        states = capture.captured(plane)
    changed = list(capture.differences(states))
    capture.write(states)
    print("\n".join(changed) or "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
