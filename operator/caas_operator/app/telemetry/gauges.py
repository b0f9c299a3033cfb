"""What is counted only when somebody looks at the metrics."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from caas_operator.app.accounts.registry import AccountRegistry
from caas_operator.app.accounts.terms import group_of
from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.core.model import Resource
from caas_operator.core.queue import WorkQueue


@dataclass(frozen=True)
class Gauges:
    metrics: Metrics
    queue: WorkQueue
    accounts: AccountRegistry
    objects: Callable[[], Iterable[Resource]]

    def set(self) -> None:
        for priority, depth in self.queue.depth().items():
            self.metrics.queue_depth.labels(priority.name.lower()).set(depth)
        counted = Counter((obj.kind, _ready_status(obj)) for obj in self.objects())
        self.metrics.objects.clear()
        for (kind, ready), number in counted.items():
            self.metrics.objects.labels(kind, ready).set(number)
        self._set_accounts()

    def _set_accounts(self) -> None:
        for entry in self.accounts:
            name, connection = group_of(entry.ref, entry.obj.namespace if entry.obj else None), entry.connection
            self.metrics.account_up.labels(name).set(entry.up)
            if connection is not None and connection.tasks is not None:
                self.metrics.tasks_pending.labels(name).set(connection.tasks.pending)
            age = connection.inventory_age() if connection is not None else None
            if age is not None:
                self.metrics.inventory_age_seconds.labels(name).set(age)
            else:
                self.metrics.inventory_age_seconds.remove_by_labels({"account": name})


def _ready_status(obj: Resource) -> str:
    for condition in obj.status.get("conditions", ()):
        if condition["type"] == "Ready":
            return str(condition["status"])
    return "None"
