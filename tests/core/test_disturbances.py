"""Secrets that change, writes that come too late, and crowds."""

from caas_operator.core.errors import Unavailable
from caas_operator.core.model import AccountRef, Health, JsonObject
from tests.core.passes import ready
from tests.support.engine.process import Account
from tests.support.engine.world import World


async def test_a_changed_secret_reaches_the_cloud(world: World) -> None:
    world.reader.put("s", value="old")
    await ready(world, secrets=["s"])
    world.reader.put("s", value="new")
    await world.run(90)
    assert world.boxes.things["1/one"].wire["secret-s"] == "new"
    assert world.boxes.calls["update"] == 1


async def test_a_missing_secret_is_waited_for(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a", secrets=["s"])
    await world.run(60)
    assert world.server.says(uid) == "False DependencyNotReady"
    assert world.boxes.mutations() == 0
    assert world.server.writes == ["status"]
    world.reader.put("s", value="x")
    await world.run(70)
    assert world.server.says(uid) == "True Available"


async def test_a_secret_that_went_missing_leaves_ready_true(world: World) -> None:
    world.reader.put("s", value="x")
    uid = await ready(world, secrets=["s"])
    world.reader.drop("s")
    await world.run(300)
    assert world.server.says(uid) == "True Available"
    assert world.server.says(uid, "Synced") == "False DependencyNotReady"
    assert world.server.writes == ["status"]


async def test_no_value_of_a_secret_is_on_the_object(world: World) -> None:
    world.reader.put("s", value="hunter2")
    uid = await ready(world, secrets=["s"])
    assert "hunter2" not in str(world.server.bodies[uid])
    assert "hunter2" not in str(world.process.events.told)


async def test_a_write_that_came_too_late_is_made_again_soon(world: World) -> None:
    """Somebody labels the object between our read and our write: their change tells the queue nothing."""
    uid = world.server.apply("Box", "one", image="a")
    await world.run(1)
    labelled = False

    def label(part: str) -> None:
        nonlocal labelled
        if not labelled:
            labelled = True
            world.server.label(uid)

    world.server.before_write = label
    await world.run(60)
    assert labelled
    assert world.server.says(uid) == "True Available"


async def test_the_operation_is_recorded_although_the_first_write_came_too_late(world: World) -> None:
    uid = world.server.apply("Box", "one", image="a")

    def label(part: str) -> None:
        if part == "status":
            world.server.before_write = lambda _: None
            world.server.label(uid)

    world.server.before_write = label
    await world.run(1)
    assert world.server.status(uid)["operation"]["type"] == "Create"
    await world.run(60)
    assert world.boxes.calls["create"] == 1


async def test_five_hundred_creates_cost_one_post_each_and_few_lists(world: World) -> None:
    for number in range(500):
        world.server.apply("Box", f"n{number}", image="a")
    await world.run(30)
    assert world.boxes.calls["create"] == 500
    assert world.boxes.calls["list"] <= 25
    assert world.boxes.calls["tasks"] <= 10
    assert len(world.server.writes) == 1500


async def test_one_broken_object_costs_the_others_nothing(world: World) -> None:
    world.server.apply("Box", "broken", image="bad")
    for number in range(20):
        world.server.apply("Box", f"n{number}", image="a")
    await world.run(30)
    assert len(world.boxes.living()) == 20


async def test_an_account_that_hangs_starves_no_new_object_of_another(world: World) -> None:
    """Calls of one account wait for its bucket; whoever is new elsewhere must not stand in the same line."""
    slow = Account(AccountRef("CloudAccount", "slow"), world.hanging, default=False)
    world.accounts.append(slow)
    for number in range(300):
        world.server.apply("Box", f"n{number}", image="a", accountRef={"kind": "CloudAccount", "name": "slow"})
    await world.run(2)
    uid = world.server.apply("Box", "other", image="a")
    await world.run(30)
    assert world.server.says(uid) == "True Available"


async def test_a_reconcile_request_while_lists_fail_is_answered_when_they_work_again(world: World) -> None:
    uid = await ready(world)
    world.boxes.always["list"] = Unavailable("no", status=503)
    world.server.annotate(uid, reconcile_requested_at="now")
    await world.run(100)
    del world.boxes.always["list"]
    await world.run(120)
    assert world.server.status(uid).get("lastHandledReconcileAt") == "now"


async def test_the_deadline_counts_from_the_operation_over_a_restart(world: World) -> None:
    """Failing for an hour, then edited: the new generation has its own ten minutes, whoever counts them."""
    uid = await ready(world)
    thing = world.boxes.things["1/one"]
    thing.health = Health.BROKEN
    await world.run(3600, step=5)
    assert world.server.says(uid, "Stalled") == "True ProgressDeadlineExceeded"
    world.boxes.cures = False
    world.server.edit(uid, image="b")
    await world.run(1)
    await world.restart()
    await world.run(200)
    assert world.server.says(uid) == "False CloudError"
    assert world.server.says(uid, "Stalled") == "-"


async def test_a_write_that_is_repeated_says_nothing_of_a_generation_that_came_meanwhile(world: World) -> None:
    """The Ready of the first generation comes too late because somebody edited: it is no Ready of the second."""
    uid = world.server.apply("Box", "one", image="a")
    early = []

    def look(_type: str, body: JsonObject) -> None:
        for one in body["status"].get("conditions", ()):
            ready = one["type"] == "Ready" and one["status"] == "True" and one["observedGeneration"] == 2
            if ready and world.boxes.things["1/one"].wire["image"] != "b":
                early.append(body["status"])

    def edit(part: str) -> None:
        if part == "status" and world.server.writes.count("status") == 1:
            world.server.before_write = lambda _: None
            world.server.edit(uid, image="b")

    world.server.before_write = edit
    world.server.listeners.append(look)
    await world.run(60)
    assert world.boxes.things["1/one"].wire["image"] == "b"
    assert early == []
