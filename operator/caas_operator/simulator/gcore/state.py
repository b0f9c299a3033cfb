"""What Gcore holds: containers, deployments, tasks, credentials, and the catalogue around them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from caas_operator.simulator.gcore.catalog import PROJECTS, QUOTA_LIMITS, REGIONS

JSON = dict[str, Any]
Place = tuple[int, int]
"""project id, region id"""

Finish = Callable[[str | None], None]
"""What a task does when it ends; its argument is the error text, None for success."""


@dataclass(slots=True)
class Task:
    """One asynchronous job. `final` is None until it ended; `due` is None while it is held or queued."""

    id: str
    task_type: str
    project_id: int
    region_id: int | None
    name: str
    finish: Finish
    created_on: float
    seconds: float
    request_id: str
    data: JSON | None = None
    error: str | None = None
    created_resources: JSON | None = None
    starts_at: float | None = None
    due: float | None = None
    final: str | None = None
    finished_on: float | None = None
    acknowledged_at: float | None = None
    held: bool = False
    followers: list["Task"] = field(default_factory=list)
    shown: tuple[str, bytes] | None = None


@dataclass(frozen=True)
class Work:
    """What a task is to do.

    `created` is the key of created_resources for a create; `error` makes the task fail; `after` is a task that
    must end first.
    """

    task_type: str
    project_id: int
    region_id: int | None
    name: str
    finish: Finish = lambda _: None
    created: str | None = None
    error: str | None = None
    after: Task | None = None


@dataclass(slots=True)
class Container:
    """A CaaS container.

    `spec` holds the create body's fields with the server's defaults; `shown_as` what was put over the computed
    reply behind everybody's back; `wire` caches the reply.
    """

    project: int
    region: int
    name: str
    spec: JSON
    created_at: float
    visible_at: float = 0.0
    listed_at: float = 0.0
    source: str = "cloud"
    status: str = "Deploying"
    status_message: str | None = None
    served_since: float | None = None
    deleting: bool = False
    task: Task | None = None
    shown_as: JSON = field(default_factory=dict)
    wire: bytes | None = None


@dataclass(slots=True)
class Deployment:
    """An inference deployment, as Container; `region_errors` holds error_message by region id."""

    project: int
    name: str
    spec: JSON
    created_at: float
    visible_at: float = 0.0
    listed_at: float = 0.0
    status: str = "DEPLOYING"
    stopped: bool = False
    served_since: float | None = None
    deleting: bool = False
    task: Task | None = None
    object_references: list[JSON] = field(default_factory=list)
    region_errors: dict[int, str] = field(default_factory=dict)
    shown_as: JSON = field(default_factory=dict)
    wire: bytes | None = None


class GcoreState:
    """All of it, by the keys that the API uses."""

    def __init__(self) -> None:
        self.projects: dict[int, JSON] = {item["id"]: dict(item) for item in PROJECTS}
        self.regions: dict[int, JSON] = {item["id"]: dict(item) for item in REGIONS}
        self.quotas: dict[str, int] = dict(QUOTA_LIMITS)
        self.capacity: dict[tuple[int, str], int] = {}
        self.containers: dict[Place, dict[str, Container]] = {}
        self.deployments: dict[int, dict[str, Deployment]] = {}
        self.tasks: dict[str, Task] = {}
        self.pull_secrets: dict[Place, dict[str, JSON]] = {}
        self.caas_keys: dict[Place, dict[str, JSON]] = {}
        self.registry_credentials: dict[int, dict[str, JSON]] = {}
        self.api_keys: dict[int, dict[str, JSON]] = {}
        self.inference_secrets: dict[int, dict[str, JSON]] = {}
        self.freed: dict[tuple[int, int, str], float] = {}
        """when a name was last freed; region 0 stands for inference"""

    def forget_task(self, task_id: str) -> None:
        self.tasks.pop(task_id, None)

    def forget_wires(self) -> None:
        """Render everything anew: something that all replies depend on has changed."""
        for containers in self.containers.values():
            for container in containers.values():
                container.wire = None
        for deployments in self.deployments.values():
            for deployment in deployments.values():
                deployment.wire = None
        for task in self.tasks.values():
            task.shown = None
