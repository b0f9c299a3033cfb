"""Alerts and dashboard ask for metrics that there are."""

import json
import re

import pytest

from caas_operator.app.telemetry.metrics import Metrics
from tests.deploy.chart import CHART, NAME, Helm, Json, documents, of_kind, the
from tests.deploy.manifests import MONITORING

OF_THE_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}


@pytest.fixture(scope="module")
def alerts(helm: Helm) -> list[Json]:
    (rule,) = of_kind(helm.render(MONITORING), "PrometheusRule")
    (group,) = rule["spec"]["groups"]
    return list(group["rules"])


@pytest.fixture(scope="module")
def dashboard(helm: Helm) -> Json:
    found: Json = json.loads(
        the(helm.render(MONITORING), "ConfigMap", f"{NAME}-dashboard")["data"]["caas-operator.json"]
    )
    return found


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    """Every series that the operator can serve, with the names of its labels."""
    metrics, found = Metrics("0"), {}
    for instrument in vars(metrics).values():
        names, labels = getattr(instrument, "_name", None), set(getattr(instrument, "_labelnames", ()))
        if names is not None:
            for suffix in ("", "_total", "_bucket", "_sum", "_count"):
                found[f"{names}{suffix}"] = labels | ({"le"} if suffix == "_bucket" else set())
    return found | {"caas_operator_build_info": {"version"}} | {name: set() for name in OF_THE_PROCESS}


def series(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:caas_operator|process)_\w+", expression))


def used_labels(expression: str) -> set[str]:
    selected = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!=|=)", expression)
    grouped = [name for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression) for name in group.split(", ")]
    return {*selected, *grouped} - {"namespace", "pod", "instance"}  # Prometheus adds these


def judge(expression: str, served: dict[str, set[str]]) -> None:
    assert series(expression), expression
    for name in series(expression):
        assert name in served, expression
        if len(series(expression)) == 1:
            assert used_labels(expression) <= served[name], expression
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing), expression


def test_every_alert_asks_for_what_is_served(alerts: list[Json], served: dict[str, set[str]]) -> None:
    for alert in alerts:
        judge(alert["expr"], served)


def test_an_alert_names_only_labels_that_its_series_has(alerts: list[Json], served: dict[str, set[str]]) -> None:
    for alert in alerts:
        named = set(re.findall(r"\$labels\.(\w+)", json.dumps(alert["annotations"])))
        assert named <= used_labels(alert["expr"]), alert["alert"]
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert {"summary", "description"} == set(alert["annotations"])


def test_every_panel_asks_for_what_is_served(dashboard: Json, served: dict[str, set[str]]) -> None:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace('namespace=~"$namespace"', "")
            judge(expression, served)
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) - {"pod"}
            assert shown <= used_labels(expression), panel["title"]


def test_every_metric_is_on_the_dashboard_or_in_an_alert(alerts: list[Json], dashboard: Json) -> None:
    asked = json.dumps([alerts, dashboard])
    families = [one.name for one in Metrics("0").registry.collect() if one.name.startswith("caas_operator_")]
    assert [name for name in families if name not in asked] == []


def test_panels_do_not_overlap(dashboard: Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_without_metrics_nothing_asks_for_them(helm: Helm) -> None:
    off = {"metrics": {**MONITORING["metrics"], "enabled": False}}
    rendered = helm.render(off)
    assert not of_kind(rendered, "Service", "ServiceMonitor", "PodMonitor", "PrometheusRule")
    assert "--metrics-address" not in json.dumps(rendered)


def test_the_dashboard_is_the_file_of_the_chart(dashboard: Json) -> None:
    path = CHART / "files" / "dashboards" / "caas-operator.json"
    assert documents(path.read_text(encoding="utf-8")) == [dashboard]
