"""Bodies that tests send, and paths they send them to."""

from typing import Any

import httpx

JSON = dict[str, Any]
CAAS = "/cloud/v1/caas/1/76/containers"
INFERENCE = "/cloud/v3/inference/1/deployments"
TASKS = "/cloud/v1/tasks"


def a_container(name: str = "web", **changes: object) -> JSON:
    return {
        "name": name,
        "image": "nginx:1.27",
        "listening_port": 80,
        "flavor": "80mCPU-128MiB",
        "scale": {"min": 1, "max": 2},
        **changes,
    }


def a_region(region: int = 76, low: int = 1, high: int = 2, **scale: object) -> JSON:
    return {"region_id": region, "scale": {"min": low, "max": high, **scale}}


def a_deployment(name: str = "model", **changes: object) -> JSON:
    return {
        "name": name,
        "image": "vllm/vllm-openai:v0.9",
        "listening_port": 8000,
        "flavor_name": "inference-4vcpu-16gib",
        "containers": [a_region()],
        **changes,
    }


def task_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    (task,) = answer.json()["tasks"]
    return str(task)


def task(gcore: httpx.Client, task_id: str) -> JSON:
    shown: JSON = gcore.get(f"{TASKS}/{task_id}").raise_for_status().json()
    return shown
