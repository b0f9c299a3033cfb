"""The fixed surroundings: projects, regions, flavours, quotas, and reading them."""

from typing import Any

JSON = dict[str, Any]

CLIENT_ID = 1001
USER_ID = 2002
UNLIMITED = 10**9

PROJECTS: tuple[JSON, ...] = (
    {"id": 1, "name": "default", "is_default": True},
    {"id": 2, "name": "second", "is_default": False},
)

CONTAINERS_AND_INFERENCE = ("containers", "inference")

REGIONS: tuple[JSON, ...] = (
    {"id": 6, "display_name": "Luxembourg", "country": "LU", "zone": "EMEA"},
    {"id": 8, "display_name": "Chicago", "country": "US", "zone": "AMERICAS", "products": ()},
    {"id": 42, "display_name": "Manassas", "country": "US", "zone": "AMERICAS"},
    {"id": 76, "display_name": "Luxembourg-2", "country": "LU", "zone": "EMEA"},
    {"id": 80, "display_name": "Frankfurt", "country": "DE", "zone": "EMEA"},
)

CAAS_FLAVORS: dict[str, tuple[int, int]] = {
    f"{cpu}mCPU-{ram}MiB": (cpu, ram)
    for cpu, ram in (
        (80, 128),
        (160, 256),
        (330, 512),
        (580, 1024),
        (1140, 2048),
        (1700, 3072),
        (2260, 4096),
    )
}
"""[DOC-caas]: name to (millicpu, MiB)"""


def _inference_flavor(name: str, cpu: int, memory: int, gpu: tuple[str, int, str] = ("", 0, "")) -> JSON:
    """`gpu` is model, memory in Gi and compute capability of the one GPU, if any."""
    model, gpu_memory, capability = gpu
    return {
        "name": name,
        "description": f"{cpu} vCPU, {memory} GiB",
        "cpu": float(cpu),
        "memory": float(memory),
        "gpu": 1 if model else 0,
        "gpu_model": model,
        "gpu_memory": float(gpu_memory),
        "gpu_compute_capability": capability,
        "is_gpu_shared": False,
    }


INFERENCE_FLAVORS: dict[str, JSON] = {
    "inference-4vcpu-16gib": _inference_flavor("inference-4vcpu-16gib", 4, 16),
    "inference-16vcpu-232gib-1xh100-80gb": _inference_flavor(
        "inference-16vcpu-232gib-1xh100-80gb", 16, 232, ("h100", 80, "9.0")
    ),
}

QUOTA_LIMITS: dict[str, int] = {
    "caas_container_count": 100_000,
    "caas_cpu_count": UNLIMITED,
    "caas_gpu_count": UNLIMITED,
    "caas_ram_size": UNLIMITED,
    "inference_instance_count": 100_000,
    "inference_cpu_millicore_count": UNLIMITED,
    "inference_gpu_a100_count": UNLIMITED,
    "inference_gpu_h100_count": UNLIMITED,
    "inference_gpu_l40s_count": UNLIMITED,
}

DEFAULT_CAPACITY = 1000


def slug(region: JSON) -> str:
    return str(region.get("slug") or region["display_name"].lower().replace(" ", "-"))


def project_wire(project: JSON, created_at: str) -> JSON:
    return {
        "id": project["id"],
        "client_id": CLIENT_ID,
        "name": project["name"],
        "description": project.get("description", ""),
        "state": project.get("state", "ACTIVE"),
        "is_default": project.get("is_default", False),
        "created_at": created_at,
        "deleted_at": project.get("deleted_at"),
        "task_id": None,
    }


def region_wire(region: JSON, created_at: str) -> JSON:
    """Field names and closed words as PY's Region type has them; PY checks state and endpoint_type [RUN]."""
    has = dict.fromkeys(
        (
            "has_ai",
            "has_ai_gpu",
            "has_baremetal",
            "has_basic_vm",
            "has_dbaas",
            "has_ddos",
            "has_k8s",
            "has_kvm",
            "has_sfs",
        ),
        False,
    )
    return {
        "id": region["id"],
        "display_name": region["display_name"],
        "slug": slug(region),
        "state": region.get("state", "ACTIVE"),
        "access_level": "core",
        "available_volume_types": ["standard"],
        "coordinates": None,
        "country": region.get("country", "LU"),
        "created_at": created_at,
        "created_on": created_at,
        "endpoint_type": "public",
        "external_network_id": None,
        "file_share_types": [],
        "keystone_id": region["id"],
        "keystone_name": region["display_name"],
        "metrics_database_id": None,
        "task_id": None,
        "vlan_physical_network": "vlan",
        "zone": region.get("zone", "EMEA"),
        "ddos_endpoint_id": None,
        **has,
    }


def products(region: JSON) -> tuple[str, ...]:
    return tuple(region.get("products", CONTAINERS_AND_INFERENCE))
