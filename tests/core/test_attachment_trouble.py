"""What is attached to a resource, when something goes wrong with either of them or with the Secret it is made of."""

import pytest

from caas_operator.core.errors import Forbidden, QuotaExceeded, Rejected
from caas_operator.core.model import AccountRef
from tests.core.attached import asked, message, ready
from tests.support.engine.cloud import no_answer
from tests.support.engine.private import PrivateCloud, PrivateWorld
from tests.support.engine.process import Account
from tests.support.engine.world import ELSEWHERE


@pytest.fixture
def world(private_world: PrivateWorld) -> PrivateWorld:
    return private_world


async def test_a_refused_deletion_of_it_keeps_the_object_and_says_why(world: PrivateWorld) -> None:
    uid = await ready(world)
    world.boxes.always["detach"] = Rejected("it is in use", status=400)
    world.server.delete(uid)
    await world.run(30)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert "it is in use" in message(world, uid)
    del world.boxes.always["detach"]
    await world.run(400, step=5)
    assert world.server.bodies == {}
    assert world.boxes.logins == {}


async def test_a_deletion_that_cannot_see_it_waits(world: PrivateWorld) -> None:
    uid = await ready(world)
    await world.restart()
    world.boxes.always["attachments"] = Forbidden("no", status=403)
    world.server.delete(uid)
    await world.run(60)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.server.finalizers(uid)
    del world.boxes.always["attachments"]
    await world.run(400, step=5)
    assert world.server.bodies == {}
    assert world.boxes.logins == {}


async def test_one_whose_resource_was_refused_goes_with_the_object(world: PrivateWorld) -> None:
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(20)
    assert len(world.boxes.logins) == 1
    world.server.delete(uid)
    await world.run(20)
    assert world.server.bodies == {}
    assert world.boxes.logins == {}


async def test_one_whose_resource_was_refused_goes_though_the_process_died(world: PrivateWorld) -> None:
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(20)
    await world.restart()
    world.server.delete(uid)
    await world.run(200, step=5)
    assert world.server.bodies == {}
    assert world.boxes.logins == {}


@pytest.mark.parametrize("change", ["project", "account"])
async def test_it_does_not_stay_behind_when_the_object_goes_elsewhere_before_it_is_made(
    world: PrivateWorld, change: str
) -> None:
    other = Account(AccountRef("CloudAccount", "other"), world.clouds, endpoint=ELSEWHERE, default=False)
    world.accounts.append(other)
    world.boxes.always["create"] = QuotaExceeded("no quota", status=400)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(20)
    assert len(world.boxes.logins) == 1
    there = world.boxes
    if change == "project":
        world.server.edit(uid, project="2")
        del world.boxes.always["create"]
    else:
        world.server.edit(uid, accountRef={"kind": "CloudAccount", "name": "other"})
        there = world.clouds[f"Box {ELSEWHERE}"]  # type: ignore[assignment]
        assert isinstance(there, PrivateCloud)
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert [scope for scope, _ in there.logins] == ["2" if change == "project" else "1"]
    assert len(world.boxes.logins) == (1 if there is world.boxes else 0)


async def test_a_create_without_an_answer_is_looked_for_by_its_name(world: PrivateWorld) -> None:
    world.boxes.fail("attach", no_answer(), done=True)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.passwords == ["first-password"]


async def test_a_create_that_lands_late_is_not_left_behind_by_a_deletion(world: PrivateWorld) -> None:
    world.boxes.fail("attach", no_answer(), lands_after=50)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(1)
    assert world.boxes.calls["create"] == 0
    world.server.delete(uid)
    await world.run(200, step=5)
    assert world.server.bodies == {}
    world.boxes.settle()
    assert world.boxes.logins == {}


async def test_a_secret_that_gives_none_is_refused_until_it_does(world: PrivateWorld) -> None:
    world.reader.put("registry", user="robot")
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(30)
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    assert asked(world) == {}
    world.rotate("at-last")
    await world.run(90)
    assert world.server.says(uid) == "True Available"
    assert world.passwords == ["at-last"]


async def test_a_ready_object_whose_secret_goes_bad_keeps_what_it_has(world: PrivateWorld) -> None:
    uid = await ready(world)
    world.reader.put("registry", user="robot")
    await world.run(90)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    world.reader.drop("registry")
    await world.run(90)
    assert world.server.says(uid, "Synced") == "False DependencyNotReady"
    assert world.passwords == ["first-password"]
    assert asked(world).keys() <= {"attachments"}


async def test_what_the_cloud_says_of_it_is_told_without_the_password(world: PrivateWorld) -> None:
    world.boxes.always["attach"] = Rejected("login robot:first-password is not good", status=400)
    uid = world.server.apply("Box", "one", image="a", login="registry")
    await world.run(30)
    assert message(world, uid) == "login (HTTP 400): login ***:*** is not good"
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"


async def test_a_copied_annotation_leads_to_nothing(world: PrivateWorld) -> None:
    uid = await ready(world)
    copied = world.server.annotation(uid, "create-intent")
    other = world.server.apply("Box", "two", {"caas-operator.dev/create-intent": copied or ""}, image="a")
    await world.run(30)
    world.server.delete(other)
    await world.run(60)
    assert len(world.boxes.logins) == 1
