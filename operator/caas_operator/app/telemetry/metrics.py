"""What Prometheus sees. Labels take their values from short lists (kinds, verbs, accounts...), never an object."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from caas_operator.core.queue import Priority

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX = "caas_operator"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CALLS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Every instrument of the operator, in a registry of its own."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._hooks: list[Callable[[], None]] = []
        build = Info(f"{_PREFIX}_build", "The version that runs.", registry=self.registry)
        build.info({"version": version})
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

        self.leader = self._gauge("leader", "1 while this process leads, 0 while it stands by.")

        self.passes = self._counter("passes", "Passes over an object, by what they concluded.", "kind", "outcome")
        self.pass_seconds = self._histogram(
            "pass_seconds", "How long a pass took, its cloud calls included.", _FAST, "kind"
        )
        self.queue_depth = self._gauge("queue_depth", "Objects that wait for a pass.", "priority")
        self.queue_wait_seconds = self._histogram(
            "queue_wait_seconds", "From being due to the start of the pass.", _FAST, "priority"
        )
        self.objects = self._gauge("objects", "Objects, by the status of their Ready condition.", "kind", "ready")

        self.cloud_requests = self._counter(
            "cloud_requests", "Calls to a cloud; status is `none` without an answer.", "account", "operation", "status"
        )
        self.cloud_request_seconds = self._histogram(
            "cloud_request_seconds", "From the first byte sent to the last received.", _CALLS, "operation"
        )
        self.account_up = self._gauge(
            "account_up", "1 while the credential works and the account is not frozen.", "account"
        )
        self.tasks_pending = self._gauge("tasks_pending", "Tasks of the cloud that are waited for.", "account")
        self.inventory_age_seconds = self._gauge(
            "inventory_age_seconds", "Since the last complete list of an account's oldest scope.", "account"
        )

        self.kube_writes = self._counter("kube_writes", "Writes to objects, by their part.", "kind", "verb")

    def passed(self, kind: str, outcome: str, seconds: float) -> None:
        """A pass over an object has ended."""
        self.passes.labels(kind, outcome).inc()
        self.pass_seconds.labels(kind).observe(seconds)

    def waited(self, priority: Priority, seconds: float) -> None:
        """An object was in line for so long."""
        self.queue_wait_seconds.labels(priority.name.lower()).observe(seconds)

    def called(self, account: str, operation: str, status: str, seconds: float) -> None:
        """One call to a cloud has ended; `status` as the transport says it: a word where there was no answer."""
        self.cloud_request(account, operation, int(status) if status.isdecimal() else None, seconds)

    def cloud_request(self, account: str, operation: str, status: int | None, seconds: float) -> None:
        """One call to a cloud has ended."""
        self.cloud_requests.labels(account, operation, "none" if status is None else str(status)).inc()
        self.cloud_request_seconds.labels(operation).observe(seconds)

    def kube_write(self, kind: str, verb: str) -> None:
        """One write to an object was done; `verb` is its part: metadata or status."""
        self.kube_writes.labels(kind, verb).inc()

    def forget_account(self, account: str) -> None:
        """The account is gone; its gauges would show its last state for ever."""
        for metric in (self.account_up, self.tasks_pending, self.inventory_age_seconds, self.cloud_requests):
            metric.remove_by_labels({"account": account})

    def before_scrape(self, hook: Callable[[], None]) -> None:
        """`hook` sets the gauges that are counted only when somebody looks."""
        self._hooks.append(hook)

    def render(self) -> bytes:
        for hook in self._hooks:
            hook()
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}_total", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"{_PREFIX}_{name}", text, labels, buckets=buckets, registry=self.registry)
