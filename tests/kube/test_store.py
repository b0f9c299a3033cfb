"""Writes to custom resources, on a real API server."""

import json
from collections.abc import Callable

import pytest

from caas_operator.core.errors import NotLeading, ObjectGone, StaleObject
from caas_operator.core.model import FINALIZER, Resource
from caas_operator.kube.errors import ClusterRefused
from caas_operator.kube.session import Session
from caas_operator.kube.store import ObjectStore
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import WIDGET, widget

Made = Callable[..., Resource]


@pytest.fixture
def writes() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def store(session: Session, writes: list[tuple[str, str]]) -> ObjectStore:
    return ObjectStore(session, [WIDGET], on_write=lambda kind, verb: writes.append((kind, verb)))


@pytest.fixture
def make(widgets: ControlPlane, namespace: str) -> Made:
    return lambda **fields: widget(widgets, namespace, **fields)


def patches(plane: ControlPlane, resource: Resource) -> list[str]:
    """The path and query after the object's name of all PATCHes in its namespace, by anybody."""
    assert plane.audit_log is not None
    seen = [json.loads(line) for line in plane.audit_log.read_text(encoding="utf-8").splitlines()]
    return [
        event["requestURI"].rpartition(f"/{resource.name}")[2]
        for event in seen
        if event["verb"] == "patch" and event.get("objectRef", {}).get("namespace") == resource.namespace
    ]


async def test_status_is_written_and_returned_as_the_server_has_it(store: ObjectStore, make: Made) -> None:
    written = await store.patch_status(make(), {"size": 1, "facts": {"a": "x", "b": "y"}})
    assert written is not None
    changed = await store.patch_status(written, {"facts": {"a": "z"}})
    assert changed is not None
    assert changed.status == {"facts": {"a": "z"}}
    assert changed.resource_version > written.resource_version
    assert await store.get("Widget", changed.namespace, changed.name, uid=changed.uid) == changed


async def test_only_what_changed_is_ours_in_managed_fields(
    store: ObjectStore, make: Made, widgets: ControlPlane
) -> None:
    made = make(spec={"wish": 1})  # the API server tracks no owners of an object that was made without fields
    widgets.kubectl(
        "patch", "widgets", made.name, "-n", made.namespace or "", "--subresource=status", "--type=merge",
        "-p", '{"status": {"theirs": 1}}', "--field-manager=somebody",
    )  # fmt: skip
    now = await store.get("Widget", made.namespace, made.name, uid=made.uid)
    assert now is not None
    assert await store.patch_status(now, {"theirs": 1, "ours": 2}) is not None
    shown = widgets.kubectl(
        "get", "widgets", made.name, "-n", made.namespace or "", "--show-managed-fields", "-o", "json"
    )
    owners = {f["manager"]: f["fieldsV1"] for f in json.loads(shown.stdout)["metadata"]["managedFields"]}
    assert owners["caas-operator"] == {"f:status": {"f:ours": {}}}


async def test_an_unchanged_object_costs_no_call(
    store: ObjectStore, make: Made, widgets: ControlPlane, writes: list[tuple[str, str]]
) -> None:
    made = make(metadata={"annotations": {"a": "1"}, "finalizers": [FINALIZER]})
    written = await store.patch_status(made, {"size": 3})
    assert written is not None
    assert await store.patch_status(written, {"size": 3}) is None
    same = await store.patch_metadata(written, annotations={"a": "1", "b": None}, finalizers=(FINALIZER,))
    assert same is written
    assert writes == [("Widget", "status")]
    assert patches(widgets, made) == ["/status?fieldManager=caas-operator"]


async def test_annotations_and_finalizers_go_in_one_patch_and_leave_the_rest(
    store: ObjectStore, make: Made, widgets: ControlPlane
) -> None:
    made = make(metadata={"annotations": {"theirs": "1", "old": "2"}}, spec={"wish": 1})
    written = await store.patch_metadata(made, annotations={"ours": "x", "old": None}, finalizers=(FINALIZER,))
    assert written.annotations == {"theirs": "1", "ours": "x"}
    assert written.finalizers == (FINALIZER,)
    assert written.spec == {"wish": 1}
    assert written.generation == made.generation
    assert patches(widgets, made) == ["?fieldManager=caas-operator"]


async def test_a_change_by_somebody_else_makes_the_write_stale(store: ObjectStore, make: Made) -> None:
    made = make()
    await store.patch_metadata(made, annotations={"a": "1"})
    with pytest.raises(StaleObject):
        await store.patch_metadata(made, annotations={"b": "1"})
    with pytest.raises(StaleObject):
        await store.patch_status(made, {"size": 1})


async def test_a_deleted_object_is_gone(store: ObjectStore, make: Made, widgets: ControlPlane) -> None:
    made = make()
    widgets.kubectl("delete", "widgets", made.name, "-n", made.namespace or "")
    with pytest.raises(ObjectGone):
        await store.patch_status(made, {"size": 1})
    with pytest.raises(ObjectGone):
        await store.patch_metadata(made, finalizers=(FINALIZER,))
    assert await store.get("Widget", made.namespace, made.name, uid=made.uid) is None


async def test_another_object_of_the_same_name_is_never_written(
    store: ObjectStore, make: Made, widgets: ControlPlane
) -> None:
    first = make()
    widgets.kubectl("delete", "widgets", first.name, "-n", first.namespace or "")
    second = make()
    with pytest.raises(StaleObject):
        await store.patch_status(first, {"size": 1})
    assert await store.get("Widget", first.namespace, first.name, uid=first.uid) is None
    assert await store.get("Widget", second.namespace, second.name, uid=second.uid) == second


async def test_removing_the_last_finalizer_lets_a_deleting_object_go(
    store: ObjectStore, make: Made, widgets: ControlPlane
) -> None:
    made = make(metadata={"finalizers": [FINALIZER]})
    widgets.kubectl("delete", "widgets", made.name, "-n", made.namespace or "", "--wait=false")
    deleting = await store.get("Widget", made.namespace, made.name, uid=made.uid)
    assert deleting is not None
    assert deleting.deleting
    await store.patch_metadata(deleting, finalizers=())
    assert await store.get("Widget", made.namespace, made.name, uid=made.uid) is None


async def test_a_refused_write_says_why_in_the_servers_words(
    store: ObjectStore, make: Made, writes: list[tuple[str, str]]
) -> None:
    with pytest.raises(ClusterRefused, match=r"status\.size") as caught:
        await store.patch_status(make(), {"size": 11})
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")
    assert writes == []


async def test_who_does_not_lead_writes_nothing(session: Session, make: Made, widgets: ControlPlane) -> None:
    def refuse() -> None:
        raise NotLeading("another one leads")

    store, made = ObjectStore(session, [WIDGET], before_write=refuse), make()
    with pytest.raises(NotLeading):
        await store.patch_status(made, {"size": 1})
    with pytest.raises(NotLeading):
        await store.patch_metadata(made, finalizers=(FINALIZER,))
    with pytest.raises(NotLeading):
        await store.delete(made)
    assert patches(widgets, made) == []
    assert await store.get("Widget", made.namespace, made.name, uid=made.uid) == made
