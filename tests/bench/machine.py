"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from tests.cluster.build import KUBERNETES_VERSION

LIBRARIES = ("kopf", "aiohttp", "httpx", "pydantic", "uvloop")


def machine() -> dict[str, str]:
    load = os.getloadavg()
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load average at the end, 1 and 15 minutes": f"{load[0]:.1f}, {load[2]:.1f}",
        "Kubernetes": KUBERNETES_VERSION,
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
