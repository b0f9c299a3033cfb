"""Who may use which account, what an account says of itself, and how its troubles reach its objects and are cured."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.support.accounts import SYSTEM_NAMESPACE
from tests.support.tls import TlsFront, tls_front
from tests.support.world import CREATE, MERGE, UPDATE, World, condition, world_of

BOX, ACCOUNT, SHARED = "CaasContainer", "CloudAccount", "ClusterCloudAccount"


@pytest.fixture(scope="module")
def clouds(control_plane: ControlPlane) -> Iterator[World]:
    """A simulator, accounts that only its own namespace may use, and no operator."""
    with world_of(control_plane, task_seconds=0.3, operate=False) as world:
        for name in ("gcore", "openai", "gateway"):
            world.edit(SHARED, name, allowedNamespaces={"names": [world.namespace]})
        yield world


@pytest.fixture(scope="module")
def front(clouds: World) -> Iterator[TlsFront]:
    with tls_front(clouds.simulator.urls.gcore) as front:
        yield front


@pytest.fixture(scope="module")
def running(clouds: World, front: TlsFront) -> Iterator[World]:
    with clouds.operating(allowed_endpoint_hosts=f"api.gcore.com,{front.host}", metrics_address="127.0.0.1:0"):
        yield clouds


@pytest.fixture
def world(running: World) -> World:
    """A namespace of its own, where no account may be used yet."""
    return replace(running, namespace=running.plane.create_namespace())


def cloud(world: World, secret: str, **more: Any) -> dict[str, Any]:
    """The gcore part of an account's spec."""
    ref = {"namespace": SYSTEM_NAMESPACE, "name": secret, "key": "api-key"}
    return {"endpoint": world.simulator.urls.gcore, "apiKeySecretRef": ref, "projectId": 1, "regionId": 76, **more}


def shared_account(world: World, name: str, *namespaces: str, secret: str = "gcore", **spec: Any) -> None:
    allowed = {"allowedNamespaces": {"names": list(namespaces)}} if namespaces else {}
    world.create(SHARED, name, **{"gcore": cloud(world, secret), **allowed, **spec})


def by(name: str, kind: str = SHARED) -> dict[str, Any]:
    return {"kind": kind, "name": name}


def told(world: World, kind: str, name: str, type_: str = "Ready") -> str:
    found = condition(world.get(kind, name) or {}, type_)
    return str(found["message"]) if found else ""


def label(world: World, **labels: str | None) -> None:
    path = f"/api/v1/namespaces/{world.namespace}"
    world.http.patch(path, json={"metadata": {"labels": labels}}, headers=MERGE).raise_for_status()


def system(world: World) -> World:
    return replace(world, namespace=SYSTEM_NAMESPACE)


def own_account(world: World, front: TlsFront, name: str, **spec: Any) -> None:
    """A CloudAccount of the namespace, by TLS."""
    world.create_secret(name, key=world.simulator.keys.gcore)
    gcore = {
        "endpoint": front.url,
        "apiKeySecretRef": {"name": name, "key": "key"},
        "projectId": 1,
        "regionId": 76,
        **spec.pop("gcore", {}),
    }
    world.create(ACCOUNT, name, gcore=gcore, caBundle=front.ca_bundle, **spec)


def test_an_account_of_a_namespace_reaches_only_hosts_that_are_allowed_and_only_by_https(
    world: World, front: TlsFront
) -> None:
    own_account(world, front, "main", default=True, gcore={"endpoint": world.simulator.urls.gcore})
    world.wait_condition(ACCOUNT, "main", "Stalled", "True", "InvalidSpec")
    assert "spec.gcore.endpoint" in told(world, ACCOUNT, "main")
    assert "https" in told(world, ACCOUNT, "main")
    world.create(BOX, "web")
    world.wait_condition(BOX, "web", "Ready", "False", "DependencyNotReady")
    assert "CloudAccount/main" in told(world, BOX, "web")
    gcore = (world.get(ACCOUNT, "main") or {})["spec"]["gcore"]
    world.edit(ACCOUNT, "main", gcore={**gcore, "endpoint": "https://10.0.0.1"})
    world.wait(lambda: "10.0.0.1:443 is not among" in told(world, ACCOUNT, "main"), told="a host that is not allowed")
    assert not world.simulator.journal(CREATE[BOX], name="web")
    world.edit(ACCOUNT, "main", gcore={**gcore, "endpoint": front.url})
    world.wait_ready(ACCOUNT, "main")
    world.wait_ready(BOX, "web")


def test_a_cluster_account_serves_the_namespaces_that_it_names(world: World) -> None:
    shared_account(world, "named", "somewhere-else")
    world.wait_ready(SHARED, "named")
    world.create(BOX, "web-named", accountRef=by("named"))
    world.wait_condition(BOX, "web-named", "Ready", "False", "DependencyNotReady")
    assert not world.simulator.journal(CREATE[BOX], name="web-named")
    world.edit(SHARED, "named", allowedNamespaces={"names": ["somewhere-else", world.namespace]})
    world.wait_ready(BOX, "web-named")


def test_a_cluster_account_serves_the_namespaces_that_have_its_labels(world: World) -> None:
    shared_account(world, "labelled", allowedNamespaces={"selector": {"matchLabels": {"team": "blue"}}})
    world.create(BOX, "web-labelled", accountRef=by("labelled"))
    world.wait_condition(BOX, "web-labelled", "Ready", "False", "DependencyNotReady")
    label(world, team="blue")
    world.simulator.advance(61)
    world.wait_ready(BOX, "web-labelled")
    label(world, team=None)
    world.simulator.advance(61)
    world.wait_condition(BOX, "web-labelled", "Synced", "False", "DependencyNotReady")


def test_an_object_whose_account_no_longer_allows_it_is_not_touched_any_more(world: World) -> None:
    shared_account(world, "withdrawn", world.namespace)
    world.create(BOX, "web-withdrawn", accountRef=by("withdrawn"))
    world.wait_ready(BOX, "web-withdrawn")
    world.edit(SHARED, "withdrawn", allowedNamespaces={"names": ["somewhere-else"]})
    world.wait_condition(BOX, "web-withdrawn", "Synced", "False", "DependencyNotReady")
    assert (condition(world.get(BOX, "web-withdrawn") or {}, "Ready") or {})["status"] == "True"
    world.edit(BOX, "web-withdrawn", image="nginx:1.28")
    world.wait(lambda: (world.get(BOX, "web-withdrawn") or {})["status"]["observedGeneration"] == 2, told="seen")
    world.simulator.advance(300)
    assert not world.simulator.journal(UPDATE[BOX], name="web-withdrawn")
    world.edit(SHARED, "withdrawn", allowedNamespaces={"names": [world.namespace]})
    world.wait_ready(BOX, "web-withdrawn")
    assert len(world.simulator.journal(UPDATE[BOX], name="web-withdrawn")) == 1


def test_two_defaults_are_an_error_that_names_both(world: World) -> None:
    for name in ("first", "second"):
        shared_account(world, name, world.namespace, default=True)
        world.wait_ready(SHARED, name)
    world.create(BOX, "web-torn")
    world.wait_condition(BOX, "web-torn", "Ready", "False", "DependencyNotReady")
    assert "ClusterCloudAccount/first and ClusterCloudAccount/second" in told(world, BOX, "web-torn")
    world.edit(SHARED, "first", default=False)
    obj = world.wait_ready(BOX, "web-torn")
    assert obj["status"]["account"]["name"] == "second"


def test_an_object_without_an_account_waits_and_is_made_when_one_appears(world: World) -> None:
    world.create(BOX, "web-early")
    world.wait_condition(BOX, "web-early", "Ready", "False", "DependencyNotReady")
    assert "no account for gcore" in told(world, BOX, "web-early")
    shared_account(world, "late", world.namespace, default=True)
    world.wait_ready(BOX, "web-early")


def test_a_wrong_key_is_told_on_the_account_and_on_those_who_wait_and_a_changed_secret_cures_both(
    world: World,
) -> None:
    system(world).create_secret("wrong", **{"api-key": "no-such-key-at-all"})
    shared_account(world, "wrong", world.namespace, secret="wrong")
    world.wait_condition(SHARED, "wrong", "Ready", "False", "CredentialsInvalid")
    world.create(BOX, "web-locked", accountRef=by("wrong"))
    world.wait_condition(BOX, "web-locked", "Ready", "False", "CredentialsInvalid")
    world.simulator.advance(120)
    world.wait_condition(SHARED, "wrong", "Ready", "False", "CredentialsInvalid")
    assert world.writes(BOX, "web-locked") == 1
    assert not world.simulator.journal(CREATE[BOX], name="web-locked")
    system(world).change_secret("wrong", **{"api-key": world.simulator.keys.gcore})
    world.simulator.advance(11)
    world.wait_ready(SHARED, "wrong")
    world.wait_ready(BOX, "web-locked")


def test_a_missing_secret_is_named_and_cured(world: World) -> None:
    shared_account(world, "keyless", world.namespace, secret="not-yet")
    world.wait_condition(SHARED, "keyless", "Ready", "False", "DependencyNotReady")
    assert "spec.gcore.apiKeySecretRef: Secret caas-operator/not-yet does not exist" in told(world, SHARED, "keyless")
    world.create(BOX, "web-keyless", accountRef=by("keyless"))
    world.wait_condition(BOX, "web-keyless", "Ready", "False", "DependencyNotReady")
    assert "not-yet" not in told(world, BOX, "web-keyless"), "a tenant learns nothing of the account's Secret"
    system(world).create_secret("not-yet", **{"api-key": world.simulator.keys.gcore})
    world.simulator.advance(11)
    world.wait_ready(SHARED, "keyless")
    world.wait_ready(BOX, "web-keyless")


def test_an_account_stays_until_nobody_uses_it(world: World) -> None:
    shared_account(world, "leaving", world.namespace)
    world.create(BOX, "web-last", accountRef=by("leaving"))
    world.wait_ready(BOX, "web-last")
    world.wait(lambda: (world.get(SHARED, "leaving") or {})["metadata"].get("finalizers"), told="the finalizer")
    world.delete(SHARED, "leaving")
    world.wait_condition(SHARED, "leaving", "Ready", "False", "DeleteBlocked")
    assert "1 object" in told(world, SHARED, "leaving")
    world.edit(BOX, "web-last", image="nginx:1.28")
    world.wait_ready(BOX, "web-last")
    world.delete(BOX, "web-last")
    world.wait_gone(BOX, "web-last")
    world.wait_gone(SHARED, "leaving")
    assert not [item for item in world.in_cloud(BOX) if item["name"] == "web-last"]
    assert world.operator is not None
    metrics = world.operator.metrics
    world.wait(lambda: 'account="ClusterCloudAccount/leaving"' not in metrics(), told="its metrics are gone")


def test_an_account_that_nobody_uses_goes_at_once(world: World) -> None:
    shared_account(world, "unused", world.namespace)
    world.wait_ready(SHARED, "unused")
    world.delete(SHARED, "unused")
    world.wait_gone(SHARED, "unused")


def test_retry_after_freezes_the_account_and_everything_recovers(world: World) -> None:
    system(world).create_secret("slow", **{"api-key": world.simulator.keys.gcore})
    shared_account(world, "slow", world.namespace, secret="slow")
    world.wait_ready(SHARED, "slow")
    world.simulator.fault(CREATE[BOX], "respond", name="web-slow-*", count=1, status=429, retry_after=100)
    for number in range(5):
        world.create(BOX, f"web-slow-{number}", accountRef=by("slow"))
    world.wait_condition(SHARED, "slow", "Ready", "False", "RateLimited")
    frozen = world.simulator.journal(since=0)[-1].seq
    world.simulator.advance(30)
    assert world.operator is not None
    assert up(world, "ClusterCloudAccount/slow") == 0
    assert not world.simulator.journal(CREATE[BOX], name="web-slow-*", since=frozen)
    world.simulator.advance(90)
    for number in range(5):
        world.wait_ready(BOX, f"web-slow-{number}")
    world.simulator.advance(11)
    world.wait_ready(SHARED, "slow")
    assert up(world, "ClusterCloudAccount/slow") == 1


def test_a_default_that_comes_later_moves_no_live_object(world: World, front: TlsFront) -> None:
    shared_account(world, "first-come", world.namespace, default=True)
    world.create(BOX, "web-settled")
    before = world.wait_ready(BOX, "web-settled")
    own_account(world, front, "nearer", default=True, gcore={"projectId": 2})
    world.wait_ready(ACCOUNT, "nearer")
    world.edit(BOX, "web-settled", image="nginx:1.28")
    after = world.wait_ready(BOX, "web-settled")
    assert after["status"]["account"] == before["status"]["account"]
    assert after["status"]["externalId"] == before["status"]["externalId"]
    world.create(BOX, "web-newcomer")
    newcomer = world.wait_ready(BOX, "web-newcomer")
    assert (newcomer["status"]["account"]["kind"], newcomer["status"]["externalId"]) == (
        ACCOUNT,
        "2/76/web-newcomer",
    )


def test_an_account_whose_secret_goes_stops_edits_and_lets_deletions_through(world: World) -> None:
    system(world).create_secret("fleeting", **{"api-key": world.simulator.keys.gcore})
    shared_account(world, "fleeting", world.namespace, secret="fleeting")
    for name in ("web-stays", "web-goes"):
        world.create(BOX, name, accountRef=by("fleeting"))
        world.wait_ready(BOX, name)
    writes = world.writes(BOX, "web-stays")
    world.http.delete(f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/secrets/fleeting").raise_for_status()
    world.simulator.advance(61)
    world.wait_condition(SHARED, "fleeting", "Ready", "False", "DependencyNotReady")
    assert world.writes(BOX, "web-stays") == writes, "its trouble shows on the account alone"
    world.edit(BOX, "web-stays", image="nginx:1.28")
    world.wait_condition(BOX, "web-stays", "Synced", "False", "DependencyNotReady")
    world.delete(BOX, "web-goes")
    world.wait_gone(BOX, "web-goes")
    assert not [item for item in world.in_cloud(BOX) if item["name"] == "web-goes"]
    assert not world.simulator.journal(UPDATE[BOX], name="web-stays")
    system(world).create_secret("fleeting", **{"api-key": world.simulator.keys.gcore})
    world.simulator.advance(11)
    world.wait_ready(BOX, "web-stays")


def test_the_metrics_tell_of_each_account(world: World) -> None:
    shared_account(world, "measured", world.namespace)
    held = world.simulator.fault(CREATE[BOX], "task_hold", name="web-measured")
    world.create(BOX, "web-measured", accountRef=by("measured"))
    world.wait_condition(BOX, "web-measured", "Reconciling", "True")
    account = 'account="ClusterCloudAccount/measured"'
    assert up(world, "ClusterCloudAccount/measured") == 1
    assert sample(world, f"caas_operator_tasks_pending{{{account}}}") == 1
    assert (sample(world, f"caas_operator_inventory_age_seconds{{{account}}}") or 1000) < 100
    created = f'caas_operator_cloud_requests_total{{{account},operation="caas.create",status="200"}}'
    assert sample(world, created) == 1
    assert (sample(world, 'caas_operator_queue_wait_seconds_count{priority="edit"}') or 0) > 0
    world.simulator.release(held)
    world.wait_ready(BOX, "web-measured")
    assert sample(world, f"caas_operator_tasks_pending{{{account}}}") == 0


def up(world: World, account: str) -> float | None:
    return sample(world, f'caas_operator_account_up{{account="{account}"}}')


def sample(world: World, name: str) -> float | None:
    assert world.operator is not None
    for line in world.operator.metrics().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return None
