"""Leases, on a real API server."""

import itertools

import pytest

from caas_operator.kube.errors import ClusterError
from caas_operator.kube.lease import Lease, micro_time
from caas_operator.kube.session import Session

AT = 1_800_000_000.25


@pytest.fixture
def lease(session: Session, namespace: str) -> Lease:
    """Its clock goes a second on at each write: one that changes nothing makes no new version."""
    seconds = itertools.count()
    return Lease(session, namespace, "leader", now=lambda: AT + next(seconds))


async def refusal(attempt: object) -> int | None:
    with pytest.raises(ClusterError) as caught:
        await attempt  # type: ignore[misc]
    return caught.value.status


async def test_the_first_to_take_it_makes_it(lease: Lease) -> None:
    assert await lease.read() is None
    assert await lease.read(latest=False) is None
    made = await lease.take(None, "one", 15)
    assert made.spec == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 15,
        "acquireTime": "2027-01-15T08:00:00.250000Z",
        "renewTime": "2027-01-15T08:00:00.250000Z",
        "leaseTransitions": 0,
    }
    assert (made.holder, made.duration_seconds, made.transitions) == ("one", 15, 0)
    assert await lease.read() == made
    assert await refusal(lease.take(None, "two", 15)) == 409


async def test_who_has_not_seen_the_last_version_is_refused(lease: Lease) -> None:
    made = await lease.take(None, "one", 15)
    renewed = await lease.renew(made)
    for attempt in (lease.renew(made), lease.take(made, "two", 15), lease.release(made)):
        assert await refusal(attempt) == 409
    assert await lease.read() == renewed


async def test_a_renewal_moves_nothing_but_its_time(session: Session, namespace: str) -> None:
    now = AT
    lease = Lease(session, namespace, "leader", now=lambda: now)
    made = await lease.take(None, "one", 15)
    now = AT + 2
    renewed = await lease.renew(made)
    assert renewed.spec == {**made.spec, "renewTime": micro_time(AT + 2)}
    assert renewed.spec != made.spec


async def test_another_holder_is_a_transition_and_the_same_one_is_none(lease: Lease) -> None:
    first = await lease.take(None, "one", 15)
    again = await lease.take(first, "one", 15)
    assert again.transitions == 0
    second = await lease.take(again, "two", 20)
    assert (second.holder, second.duration_seconds, second.transitions) == ("two", 20, 1)


async def test_a_released_lease_has_no_holder_and_keeps_what_others_wrote_on_it(
    lease: Lease, session: Session, namespace: str
) -> None:
    made = await lease.take(None, "one", 15)
    labelled = {**made.body, "metadata": {**made.body["metadata"], "labels": {"team": "a"}}}
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/leader"
    await session.call("PUT", path, body=labelled)
    seen = await lease.read()
    assert seen is not None
    released = await lease.release(seen)
    assert (released.holder, released.duration_seconds) == ("", 1)
    assert released.body["metadata"]["labels"] == {"team": "a"}
    assert (await lease.take(released, "two", 15)).transitions == 1


async def test_a_deleted_lease_cannot_be_renewed(lease: Lease, session: Session, namespace: str) -> None:
    made = await lease.take(None, "one", 15)
    await session.call("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/leader")
    assert await lease.read() is None
    assert await refusal(lease.renew(made)) in {404, 409}


def test_times_are_utc_with_six_digits() -> None:
    assert micro_time(0) == "1970-01-01T00:00:00.000000Z"
    assert micro_time(AT) == "2027-01-15T08:00:00.250000Z"
