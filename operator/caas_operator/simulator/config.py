"""What a simulator is started with."""

from dataclasses import dataclass
from typing import Literal

ClockKind = Literal["real", "manual"]


@dataclass(frozen=True)
class Config:
    """Start values of one simulated world; most of them can be changed later through the admin API.

    Keys are plain text: the simulator holds nothing that is worth protecting, and its journal shows what clients
    sent so that tests can assert it.
    """

    gcore_api_key: str = "gcore-key"
    openai_api_key: str = "sk-openai"
    gateway_virtual_key: str = "sk-bf-gateway"
    gateway_provider_keys: tuple[str, ...] = ("key-1",)
    seed: int = 0
    task_seconds: float = 2.0
    clock: ClockKind = "real"
