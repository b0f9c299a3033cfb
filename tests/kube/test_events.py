"""Events, on a real API server; time is a number that the tests move."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from caas_operator.core.model import Resource
from caas_operator.kube import events as module
from caas_operator.kube.event_record import Subject
from caas_operator.kube.events import BURST, REFILL_SECONDS, SAME_SECONDS, Events
from caas_operator.kube.session import Session
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import widget
from tests.kube.stub import status, stubbed

NOON = 1_800_000_000.0


class Time:
    now = NOON

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def speaking(session: Session, time: Time) -> AsyncIterator[Events]:
    events = Events(session, now=time, instance="test-0")
    running = asyncio.create_task(events.run())
    try:
        yield events
        await events.drain(10)
    finally:
        running.cancel()


def shown(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    listed = plane.kubectl("get", "events", "-n", namespace, "-o", "json")
    return sorted(json.loads(listed.stdout)["items"], key=lambda event: str(event["reason"]))


def somebody(name: str = "it", uid: str = "u") -> Resource:
    return Resource("CaasContainer", uid, "ns", name, 1, 7, "", None, {}, (), {}, {})


async def test_an_event_is_about_its_object(session: Session, widgets: ControlPlane, namespace: str) -> None:
    made = widget(widgets, namespace)
    async with speaking(session, Time()) as events:
        events.warn(made, "CloudError", "no capacity in region 7")
    (event,) = shown(widgets, namespace)
    assert event["involvedObject"]["uid"] == made.uid
    assert event["involvedObject"]["name"] == made.name
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "CloudError", "no capacity in region 7")
    assert event["reportingComponent"] == event["source"]["component"] == "caas-operator"
    assert event["firstTimestamp"] == "2027-01-15T08:00:00Z"


async def test_the_same_event_is_counted_and_a_late_one_is_new(
    session: Session, widgets: ControlPlane, namespace: str
) -> None:
    made, time = widget(widgets, namespace), Time()
    async with speaking(session, time) as events:
        for _ in range(3):
            events.normal(made, "Adopted", "took over 1/2/web")
            time.now += 60
        events.normal(made, "Adopted", "took over 1/2/other")
        time.now += SAME_SECONDS + 60
        events.normal(made, "Adopted", "took over 1/2/web")
    counts = sorted((event["message"], event["count"]) for event in shown(widgets, namespace))
    assert counts == [("took over 1/2/other", 1), ("took over 1/2/web", 1), ("took over 1/2/web", 3)]


async def test_a_counted_event_that_has_expired_is_made_again(
    session: Session, widgets: ControlPlane, namespace: str
) -> None:
    made = widget(widgets, namespace)
    async with speaking(session, Time()) as events:
        events.warn(made, "CloudError", "again")
        await events.drain(10)
        widgets.kubectl("delete", "events", "--all", "-n", namespace)
        events.warn(made, "CloudError", "again")
    assert [event["count"] for event in shown(widgets, namespace)] == [1]


async def test_cluster_scoped_objects_speak_in_default_and_namespaces_in_themselves(
    session: Session, widgets: ControlPlane, namespace: str
) -> None:
    account = Subject("caas-operator.dev/v1alpha1", "ClusterCloudAccount", None, "main", f"uid-{namespace}")
    async with speaking(session, Time()) as events:
        events.warn(account, "CredentialsInvalid", f"seen from {namespace}")
        events.warn(Subject.of_namespace(namespace), "Orphaned", "1/2/web is left in the cloud")
    (event,) = shown(widgets, namespace)
    assert (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == ("Namespace", namespace)
    messages = [event["message"] for event in shown(widgets, "default")]
    assert f"seen from {namespace}" in messages


async def test_a_long_name_and_a_long_message_fit(session: Session, widgets: ControlPlane, namespace: str) -> None:
    made = widget(widgets, namespace, name="a" * 219 + ".b" + "c" * 32)
    async with speaking(session, Time()) as events:
        events.warn(made, "CloudError", "ä" * 2000)
    (event,) = shown(widgets, namespace)
    assert len(event["message"]) == 1024
    assert event["message"].endswith("ä...")


async def test_an_object_that_says_too_much_is_cut_short_and_others_are_not(tmp_path: Path) -> None:
    posted: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        posted.append((await request.json())["message"])
        return web.json_response({})

    time = Time()
    async with stubbed(tmp_path, handler) as session, speaking(session, time) as events:
        for number in range(BURST + 10):
            events.warn(somebody(uid="loud"), "CloudError", f"loud {number}")
        events.warn(somebody(uid="calm"), "CloudError", "calm")
        time.now += REFILL_SECONDS
        events.warn(somebody(uid="loud"), "CloudError", "loud later")
        events.warn(somebody(uid="loud"), "CloudError", "too soon")
    assert posted == [*(f"loud {number}" for number in range(BURST)), "calm", "loud later"]


async def test_refused_events_are_logged_and_the_next_ones_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    posted: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        posted.append((await request.json())["message"])
        return status(403, "Forbidden", "events is forbidden") if len(posted) == 1 else web.json_response({})

    async with stubbed(tmp_path, handler) as session, speaking(session, Time()) as events:
        events.warn(somebody(), "CloudError", "first")
        events.warn(somebody(), "CloudError", "second")
    assert posted == ["first", "second"]
    assert "events is forbidden" in caplog.text


async def test_saying_never_blocks_when_nobody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_QUEUE_LENGTH", 3)

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({})

    async with stubbed(tmp_path, handler) as session:
        events = Events(session, now=Time(), instance="test-0")
        with caplog.at_level(logging.WARNING):
            for number in range(5):
                events.warn(somebody(uid=str(number)), "CloudError", "x")
            await events.drain(0.01)
    assert caplog.text.count("too many are waiting") == 2
    assert "3 events were lost at the end" in caplog.text
