"""A day of sandboxes that nobody uses, while expired ones pile up: what the operator asks, counted exactly."""

from tests.support.engine.lives import Life
from tests.support.engine.simulated import SimulatedWorld

STEPS, A_STEP, EXPIRED_A_STEP = 100, 2, 200
STEP = 86_400 / STEPS
LIST = "openai.containers.list"


async def test_a_list_is_one_page_and_nothing_else_is_asked_while_twenty_thousand_expired_ones_pile_up() -> None:
    """Two hundred of ours come one after the other and end after 20 minutes; others' are older than those that live."""
    world = SimulatedWorld()
    world.start()
    lives = []
    for step in range(STEPS):
        lives += [Life.begin(world, "SandboxContainer", f"idle-{step}-{number}") for number in range(A_STEP)]
        for _ in range(EXPIRED_A_STEP):
            world.change("create", "sandbox", body={"name": "old"}, age_seconds=3 * STEP)
        await world.run(STEP, step=60)
    await world.run(1800, step=60)
    assert [world.server.says(life.uid, "Complete") for life in lives] == ["True Expired"] * 200
    asked = world.asked()
    assert {entry.operation for entry in asked} == {LIST, "openai.containers.create"}
    assert sum(entry.operation != LIST for entry in asked) == 200
    assert [entry.query for entry in asked if "after=" in entry.query] == [], "a second page was read"
    assert len(asked) <= 200 + 86_400 / 60 + STEPS * A_STEP, "a LIST a resync, and before a create"
    assert world.clouds.journal.counters.activity == {}, "a sandbox was used"
    known = world.clouds.sandboxes.known.values()
    assert len(known) == 20_200
    await world.process.stop()


async def test_where_all_have_ended_nothing_is_listed_any_more() -> None:
    world = SimulatedWorld()
    world.start()
    life = Life.begin(world, "SandboxContainer", "one")
    await world.run(1500, step=30)
    assert world.server.says(life.uid, "Complete") == "True Expired"
    before = len(world.asked())
    await world.run(3600, step=60)
    await world.restart()
    await world.run(3600, step=60)
    assert len(world.asked()) == before
    await life.delete()
    assert [entry.operation for entry in world.asked()[before:]] == []
    await world.process.stop()
