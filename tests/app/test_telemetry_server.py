import logging

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from caas_operator.app.telemetry.metrics import Metrics
from caas_operator.app.telemetry.server import Probes, TelemetryServer, serve


async def fetch(address: str | None, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}{path}") as answer:
        return answer.status, await answer.text()


def fine() -> None:
    return None


async def started(health: str, metrics: str, probes: Probes | None = None) -> TelemetryServer:
    return await serve(health, metrics, probes or Probes(fine, fine), Metrics("1.2.3"))


async def test_probes_answer_503_with_the_reason() -> None:
    server = await started("127.0.0.1:0", "", Probes(healthy=fine, ready=lambda: "the first list is not complete"))
    try:
        assert await fetch(server.health, "/healthz") == (200, "ok\n")
        assert await fetch(server.health, "/readyz") == (503, "the first list is not complete\n")
        assert (await fetch(server.health, "/metrics"))[0] == 404
        assert server.metrics is None
    finally:
        await server.close()


async def test_real_ports_are_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        server = await started("127.0.0.1:0", ":0")
    try:
        assert server.health != server.metrics
        assert (await fetch(server.metrics, "/metrics"))[0] == 200
        assert (await fetch(server.metrics, "/healthz"))[0] == 404
    finally:
        await server.close()
    assert f"health is served at http://{server.health}/healthz" in caplog.text
    assert f"metrics are served at http://{server.metrics}/metrics" in caplog.text
    with pytest.raises(aiohttp.ClientConnectorError):
        await fetch(server.health, "/healthz")


async def test_one_listener_serves_both_where_the_addresses_are_the_same() -> None:
    first = await started("127.0.0.1:0", "")
    address = first.health or ""
    await first.close()
    server = await started(address, address)
    try:
        assert server.health == server.metrics == address
        assert (await fetch(address, "/healthz"))[0] == 200
        assert (await fetch(address, "/metrics"))[0] == 200
    finally:
        await server.close()


async def test_an_address_in_use_is_an_error_and_leaves_nothing_listening() -> None:
    first, second = await started("127.0.0.1:0", ""), await started("127.0.0.1:0", "")
    free, used = first.health or "", second.health or ""
    await first.close()
    try:
        with pytest.raises(OSError, match="address already in use"):
            await started(free, used)
        with pytest.raises(aiohttp.ClientConnectorError):
            await fetch(free, "/healthz")
    finally:
        await second.close()


async def test_nothing_listens_where_nothing_was_asked_for() -> None:
    server = await started("", "")
    assert (server.health, server.metrics) == (None, None)
    await server.close()


def test_what_is_counted_is_rendered_and_gauges_are_set_by_hooks() -> None:
    metrics = Metrics("1.2.3")
    metrics.before_scrape(lambda: metrics.objects.labels("CaasContainer", "True").set(3))
    metrics.cloud_request("CloudAccount/demo/main", "create", 201, 0.3)
    metrics.cloud_request("CloudAccount/demo/main", "create", None, 60)
    metrics.kube_write("CaasContainer", "status")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    assert samples["caas_operator_build_info", "1.2.3"] == 1
    assert samples["caas_operator_objects", "CaasContainer", "True"] == 3
    assert samples["caas_operator_cloud_requests_total", "201", "CloudAccount/demo/main", "create"] == 1
    assert samples["caas_operator_cloud_requests_total", "CloudAccount/demo/main", "create", "none"] == 1
    assert samples["caas_operator_cloud_request_seconds_count", "create"] == 2
    assert samples["caas_operator_kube_writes_total", "CaasContainer", "status"] == 1
    assert ("process_resident_memory_bytes",) in samples


def test_the_gauges_of_an_account_that_is_gone_go_too() -> None:
    metrics = Metrics("1.2.3")
    metrics.account_up.labels("a").set(1)
    metrics.account_up.labels("b").set(1)
    metrics.tasks_pending.labels("a").set(1)
    metrics.forget_account("a")
    text = metrics.render().decode()
    assert 'account="a"' not in text
    assert 'caas_operator_account_up{account="b"} 1.0' in text
