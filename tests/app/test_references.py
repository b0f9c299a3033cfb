"""Secrets and ConfigMaps: read once for all, again at the resync, and everybody hears of a change."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from caas_operator.app.references import ReferenceCache
from caas_operator.core.model import Key, Reference, Resource
from caas_operator.core.outcome import Outcome, Reason
from caas_operator.core.surroundings import Resolved
from tests.core.build import resource
from tests.support.engine.secrets import FakeReader
from tests.support.engine.world import TickingClock

RESYNC = 60.0


class Shelf:
    def __init__(self) -> None:
        self.clock, self.reader, self.woken = TickingClock(), FakeReader(), list[str]()
        self.cache = ReferenceCache(self.reader, self.clock, lambda key: self.woken.append(key.uid), RESYNC)

    async def resolve(self, obj: Resource, *wanted: Reference, newer_than: float = 0.0) -> Resolved | Outcome:
        return await self.cache.resolve(obj, wanted, newer_than=newer_than)

    async def resolved(self, obj: Resource, *wanted: Reference, newer_than: float = 0.0) -> Resolved:
        found = await self.resolve(obj, *wanted, newer_than=newer_than)
        assert isinstance(found, Resolved), found
        return found


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    made = Shelf()
    running = asyncio.create_task(made.cache.run())
    yield made
    running.cancel()


def secret(name: str = "s", key: str | None = "value", *, optional: bool = False) -> Reference:
    return Reference("Secret", name, key, "spec.env[X]", optional)


A, B = resource(uid="a"), resource(uid="b")


async def test_values_are_found_by_kind_name_and_key(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    found = await shelf.resolved(A, secret())
    sealed = found.inputs.get("Secret", "s", "value")
    assert sealed is not None
    assert sealed.reveal() == "x"


async def test_nothing_wanted_is_resolved_at_once(shelf: Shelf) -> None:
    found = await shelf.resolved(A)
    assert (found.version, shelf.reader.reads) == ("", [])


async def test_one_secret_is_read_once_for_all(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await asyncio.gather(*(shelf.resolved(resource(uid=str(number)), secret()) for number in range(50)))
    assert shelf.reader.reads == ["Secret team/s"]


async def test_a_config_map_is_not_a_secret_of_the_same_name(shelf: Shelf) -> None:
    shelf.reader.put("s", kind="ConfigMap", value="plain")
    found = await shelf.resolve(A, secret())
    assert isinstance(found, Outcome)


async def test_another_namespace_is_another_secret(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    assert isinstance(await shelf.resolve(resource(namespace="others"), secret()), Outcome)


async def test_what_is_missing_is_named_with_its_field(shelf: Shelf) -> None:
    found = await shelf.resolve(A, secret())
    assert isinstance(found, Outcome)
    assert found.reason is Reason.DEPENDENCY_NOT_READY
    assert found.message == "spec.env[X]: Secret team/s does not exist"
    shelf.reader.put("s", other="x")
    await shelf.clock.advance(3)
    found = await shelf.resolve(A, secret())
    assert isinstance(found, Outcome)
    assert found.message == "spec.env[X]: Secret team/s has no key 'value'"


async def test_what_is_optional_may_be_missing(shelf: Shelf) -> None:
    found = await shelf.resolved(A, secret(optional=True))
    assert found.inputs.get("Secret", "s", "value") is None


async def test_a_missing_one_is_looked_for_again_within_seconds(shelf: Shelf) -> None:
    assert isinstance(await shelf.resolve(A, secret()), Outcome)
    shelf.reader.put("s", value="x")
    await shelf.clock.advance(3)
    assert isinstance(await shelf.resolve(A, secret()), Resolved)


async def test_what_cannot_be_read_is_told_and_what_was_read_before_stays(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    shelf.reader.down = True
    now = shelf.clock.now()
    found = await shelf.resolved(A, secret(), newer_than=now)
    assert found.inputs.get("Secret", "s", "value") is not None
    unread = await shelf.resolve(A, secret("other"))
    assert isinstance(unread, Outcome)
    assert "cannot be read" in unread.message


async def test_the_version_changes_with_any_value_and_with_nothing_else(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    shelf.reader.put("t", value="y")
    first = await shelf.resolved(A, secret(), secret("t"))
    assert (await shelf.resolved(B, secret("t"), secret())).version == first.version
    shelf.reader.put("t", value="z")
    assert (await shelf.resolved(A, secret(), secret("t"), newer_than=shelf.clock.now())).version != first.version


async def test_a_change_is_found_at_the_resync_and_wakes_all_who_use_it(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    await shelf.resolved(B, secret())
    await shelf.clock.advance(RESYNC * 2)
    assert shelf.woken == []
    shelf.reader.put("s", value="y")
    await shelf.clock.advance(RESYNC * 2)
    assert sorted(shelf.woken) == ["a", "b"]
    assert len(shelf.reader.reads) <= 6, "once a resync, not once a user"


async def test_a_change_that_one_user_found_wakes_the_others_as_well(shelf: Shelf) -> None:
    """A asks for the newest; B must not keep the old value because A was faster than the resync."""
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    await shelf.resolved(B, secret())
    await shelf.clock.advance(10)
    shelf.reader.put("s", value="y")
    await shelf.resolved(A, secret(), newer_than=shelf.clock.now())
    await shelf.clock.advance(RESYNC * 3)
    assert "b" in shelf.woken


async def test_what_goes_wakes_as_well(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    shelf.reader.drop("s")
    await shelf.clock.advance(RESYNC * 2)
    assert set(shelf.woken) == {"a"}


async def test_a_newer_value_is_read_when_asked_for(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    await shelf.clock.advance(1)
    shelf.reader.put("s", value="y")
    found = await shelf.resolved(A, secret(), newer_than=shelf.clock.now())
    sealed = found.inputs.get("Secret", "s", "value")
    assert sealed is not None
    assert sealed.reveal() == "y"


async def test_what_nobody_uses_is_forgotten_and_no_longer_read(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    await shelf.resolved(A, secret())
    shelf.cache.forget(A.key)
    shelf.cache.forget(Key("Box", "never"))
    shelf.reader.reads.clear()
    await shelf.clock.advance(RESYNC * 3)
    assert shelf.reader.reads == []
    assert not shelf.cache._entries
    assert not shelf.cache._used


async def test_an_object_that_refers_to_another_one_leaves_the_first(shelf: Shelf) -> None:
    shelf.reader.put("s", value="x")
    shelf.reader.put("t", value="y")
    await shelf.resolved(A, secret())
    await shelf.resolved(A, secret("t"))
    shelf.reader.put("s", value="z")
    await shelf.clock.advance(RESYNC * 2)
    assert shelf.woken == []


async def test_no_value_is_in_an_outcome_or_in_what_is_printed(shelf: Shelf) -> None:
    shelf.reader.put("s", value="hunter2")
    found = await shelf.resolve(A, secret(), secret("missing"))
    assert "hunter2" not in str(found)
    assert "hunter2" not in str(await shelf.resolved(A, secret()))
