"""What a resource needs beside it: made before it, kept in step, gone after it, and nobody else's is touched."""

import pytest

from caas_operator.core.attachment import attachment_name
from caas_operator.core.errors import Unavailable
from caas_operator.core.fingerprint import Fingerprints
from caas_operator.core.secret import Sealed
from tests.core.attached import asked, login_of, ready
from tests.core.passes import uid_of
from tests.support.engine.private import PrivateWorld


@pytest.fixture
def world(private_world: PrivateWorld) -> PrivateWorld:
    return private_world


async def test_it_is_made_before_the_resource_that_names_it_and_costs_no_write(world: PrivateWorld) -> None:
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(30)
    assert world.server.says(uid) == "True Available"
    passed = world.points.passed
    assert passed.index("metadata done") < passed.index("attach asked") < passed.index("create asked")
    ((scope, name),) = world.boxes.logins
    assert (scope, name) == ("1", login_of(world))
    assert world.passwords == ["first-password"]
    assert world.server.writes == ["metadata", "status", "status"]
    assert world.boxes.calls["create"] == world.boxes.calls["attach"] == 1


async def test_an_object_without_one_costs_no_call(world: PrivateWorld) -> None:
    uid = world.server.apply("Box", "one", image="a")
    await world.run(120)
    world.server.edit(uid, image="b")
    await world.run(120)
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert asked(world) == {}


async def test_a_ready_one_costs_one_list_a_resync_and_no_write(world: PrivateWorld) -> None:
    await ready(world)
    await world.run(600, step=5)
    assert asked(world).keys() == {"attachments"}
    assert asked(world)["attachments"] <= 10
    assert world.server.writes == []


async def test_a_changed_secret_is_sent_once_and_the_resource_left_alone(world: PrivateWorld) -> None:
    await ready(world)
    world.rotate()
    await world.run(120)
    assert world.passwords == ["second-password"]
    assert world.boxes.calls["attach"] == 1
    assert world.boxes.calls["update"] == 0
    assert world.server.says(uid_of(world)) == "True Available"
    assert world.server.writes == ["status"]


async def test_a_secret_that_changed_while_nobody_looked_is_sent_after_the_restart(world: PrivateWorld) -> None:
    await ready(world)
    await world.process.stop()
    world.rotate()
    world.start()
    await world.run(120)
    assert world.passwords == ["second-password"]
    assert world.boxes.calls["attach"] == 1


async def test_a_restart_with_nothing_changed_sends_nothing(world: PrivateWorld) -> None:
    await ready(world)
    await world.restart()
    await world.run(120)
    assert asked(world).keys() == {"attachments"}
    assert world.server.writes == []


async def test_another_key_for_fingerprints_is_no_change(world: PrivateWorld) -> None:
    await ready(world)
    await world.process.stop()
    world.fingerprints = Fingerprints("key-2", Sealed("another"))
    world.start()
    await world.run(120)
    assert world.boxes.calls["attach"] == 0
    assert world.server.status(uid_of(world))["appliedSecrets"]["keyId"] == "key-2"


async def test_without_a_key_a_changed_secret_is_noticed_while_the_process_lives(world: PrivateWorld) -> None:
    world.process.reconciler.fingerprints = None
    await ready(world)
    world.rotate()
    await world.run(120)
    assert world.passwords == ["second-password"]


async def test_what_somebody_else_changed_or_deleted_is_made_right(world: PrivateWorld) -> None:
    await ready(world)
    ((key, login),) = world.boxes.logins.items()
    login["user"] = "somebody"
    await world.run(120)
    assert world.boxes.logins[key]["user"] == "robot"
    del world.boxes.logins[key]
    await world.run(120)
    assert world.boxes.logins[key]["user"] == "robot"
    assert world.boxes.calls["attach"] == 2


async def test_a_cloud_that_writes_names_its_own_way_is_not_corrected_for_ever(world: PrivateWorld) -> None:
    world.boxes.normalises = True
    await ready(world)
    await world.run(300)
    assert world.boxes.calls["attach"] == 0


async def test_one_that_is_left_from_before_is_taken_back_and_brought_up_to_date(world: PrivateWorld) -> None:
    """A cluster that was rebuilt: its names are the same, what was sent is not known."""
    uid = await ready(world)
    world.server.edit(uid, deletionPolicy="Retain")
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert len(world.boxes.logins) == 1
    world.rotate()
    await ready(world)
    assert world.passwords == ["second-password"]
    assert len(world.boxes.living()) == 1


async def test_those_of_others_are_never_touched(world: PrivateWorld) -> None:
    theirs = {"user": "them", "password": "theirs"}
    for name in ("robot", attachment_name("0000000000"), "caas-operator-"):
        world.boxes.logins["1", name] = dict(theirs)
    uid = await ready(world)
    world.server.edit(uid, login=None)
    await world.run(60)
    world.server.delete(uid)
    await world.run(60)
    assert list(world.boxes.logins.values()) == [theirs] * 3


async def test_cleared_it_is_detached_first_then_taken_away_and_forgotten(world: PrivateWorld) -> None:
    uid = await ready(world)
    world.server.edit(uid, login=None)
    await world.run(60)
    assert login_of(world) is None
    assert world.boxes.logins == {}
    assert world.server.says(uid) == "True Available"
    assert world.server.status(uid)["appliedFields"] == []
    world.boxes.calls.clear()
    await world.run(600, step=5)
    assert asked(world) == {}
    world.server.edit(uid, login="registry")
    await world.run(60)
    assert world.passwords == ["first-password"]
    assert login_of(world) is not None


async def test_deleted_it_goes_after_the_resource_and_the_finalizer_after_it(world: PrivateWorld) -> None:
    uid = await ready(world)
    world.boxes.fail("detach", Unavailable("no", status=503))
    world.server.delete(uid)
    await world.run(4)
    assert world.boxes.living() == []
    assert world.server.finalizers(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.boxes.logins == {}


async def test_with_retain_it_stays(world: PrivateWorld) -> None:
    uid = await ready(world, deletionPolicy="Retain")
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert len(world.boxes.logins) == len(world.boxes.living()) == 1


async def test_under_observe_only_nothing_is_attached_or_taken_away(world: PrivateWorld) -> None:
    uid = await ready(world)
    world.server.edit(uid, managementPolicy="ObserveOnly", login=None)
    await world.run(60)
    world.server.delete(uid)
    await world.run(30)
    assert world.server.bodies == {}
    assert asked(world) == {}
    assert len(world.boxes.logins) == 1
