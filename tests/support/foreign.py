"""What somebody else has in the cloud, as that API takes it."""

from collections.abc import Mapping

from tests.support.world import Json

BODIES: Mapping[str, Json] = {
    "CaasContainer": {
        "image": "nginx:1.27",
        "listening_port": 80,
        "flavor": "80mCPU-128MiB",
        "scale": {"min": 1, "max": 2},
    },
    "InferenceDeployment": {
        "image": "nginx:1.27",
        "listening_port": 80,
        "flavor_name": "inference-4vcpu-16gib",
        "containers": [{"region_id": 76, "scale": {"min": 1, "max": 2}}],
    },
}
