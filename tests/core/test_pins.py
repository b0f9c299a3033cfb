"""An object stays where it is bound, whatever accounts and spec say by now."""

from caas_operator.core.model import AccountRef
from caas_operator.core.ports import Defaults
from tests.core.passes import BOTH, ready
from tests.support.engine.cloud import no_answer
from tests.support.engine.process import Account
from tests.support.engine.world import ELSEWHERE, World


@BOTH
async def test_an_account_whose_project_changes_moves_nothing(world: World, kind: str) -> None:
    uid = await ready(world, kind)
    world.account.defaults, world.account.version = Defaults(project_id=2), "2"
    world.server.edit(uid, size=1)
    await world.restart()
    await world.run(120)
    assert world.server.says(uid) == "True Available"
    assert world.cloud(kind).calls["create"] == 0


async def test_a_new_default_account_moves_nothing(world: World) -> None:
    uid = await ready(world)
    other = Account(AccountRef("CloudAccount", "other"), world.clouds, defaults=Defaults(project_id=9))
    world.accounts.insert(0, other)
    await world.restart()
    world.server.edit(uid, image="b")
    await world.run(120)
    assert world.server.status(uid)["account"]["name"] == "main"
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert world.boxes.calls["create"] == 0


async def test_another_account_in_spec_is_stalled_and_deleting_goes_on(world: World) -> None:
    uid = await ready(world)
    world.accounts.append(Account(AccountRef("CloudAccount", "other"), world.clouds, default=False))
    world.server.edit(uid, accountRef={"kind": "CloudAccount", "name": "other"})
    await world.run(60)
    assert world.server.says(uid, "Stalled") == "True ImmutableField"
    assert world.server.says(uid) == "True Available"
    world.server.delete(uid)
    await world.run(60)
    assert world.server.bodies == {}
    assert world.boxes.things == {}


async def test_another_project_in_spec_is_stalled(world: World) -> None:
    uid = await ready(world)
    world.server.edit(uid, project="7")
    await world.run(60)
    assert world.server.says(uid, "Stalled") == "True ImmutableField"
    assert world.boxes.calls["create"] == 0


async def test_an_account_that_points_elsewhere_stops_changes_and_keeps_the_finalizer(world: World) -> None:
    uid = await ready(world)
    world.account.endpoint, world.account.version = ELSEWHERE, "2"
    world.server.edit(uid, image="b")
    await world.run(120)
    assert world.server.says(uid, "Synced") == "False DependencyNotReady"
    world.server.delete(uid)
    await world.run(120)
    assert world.server.says(uid) == "False DeleteBlocked"
    assert world.server.finalizers(uid)
    world.account.endpoint, world.account.version = "https://cloud.example", "3"
    await world.run(120)
    assert world.server.bodies == {}
    assert world.boxes.things == {}


async def test_a_post_under_way_is_looked_for_where_it_was_sent(world: World) -> None:
    """The account points elsewhere before the answer is known: an absence there proves nothing about here."""
    world.boxes.fail("create", no_answer(), lands_after=20)
    uid = world.server.apply("Box", "one", image="a")
    await world.run(5)
    world.account.endpoint, world.account.version = ELSEWHERE, "2"
    await world.run(300)
    assert world.clouds[f"Box {ELSEWHERE}"].living() == []
    world.server.delete(uid)
    await world.run(300)
    assert world.server.finalizers(uid), "what the first endpoint has made is still there"


async def test_an_account_that_no_longer_allows_the_namespace_stops_changes(world: World) -> None:
    uid = await ready(world)
    world.account.allowed = False
    world.server.edit(uid, image="b")
    await world.run(120)
    assert world.boxes.mutations() == 0
    assert world.server.says(uid, "Synced") == "False DependencyNotReady"
