"""What the cloud's own lists lack is told before anything is sent."""

from caas_operator.core.errors import NotFound
from tests.core.passes import ready
from tests.support.engine.world import World


async def test_what_the_cloud_does_not_offer_is_refused_before_the_object_is_claimed(world: World) -> None:
    world.boxes.flavors = ("small", "big")
    uid = world.server.apply("Box", "one", image="a", flavor="huge")
    await world.run(300)
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"
    shown = world.server.condition(uid, "Stalled")
    assert shown is not None
    assert shown["message"].startswith("spec.flavor: ")
    assert world.boxes.mutations() == 0
    assert world.server.writes == ["status"], "neither finalizer nor intent"
    world.server.edit(uid, flavor="big")
    await world.run(30)
    assert world.server.says(uid) == "True Available"


async def test_what_is_there_is_taken_back_though_the_cloud_offers_no_more_of_it(world: World) -> None:
    uid = await ready(world, flavor="old")
    world.boxes.flavors = ("new",)
    world.server.wipe_status(uid)
    await world.restart()
    await world.run(60)
    assert world.server.says(uid) == "True Available"
    assert world.boxes.mutations() == 0


async def test_a_place_that_the_cloud_does_not_know_is_told_from_its_lists(world: World) -> None:
    world.boxes.flavors = ("small",)
    world.boxes.always["list"] = NotFound("Region 99 not found", status=404)
    uid = world.server.apply("Box", "one", image="a", flavor="huge")
    await world.run(30)
    assert world.server.says(uid, "Stalled") == "True InvalidSpec"


async def test_without_a_word_of_the_lists_the_clouds_own_stands(world: World) -> None:
    world.boxes.always["list"] = NotFound("Region 99 not found", status=404)
    uid = world.server.apply("Box", "one", image="a")
    await world.run(30)
    assert world.server.says(uid) == "False CloudError"
    assert world.server.says(uid, "Stalled") == "-"


async def test_the_place_of_what_is_bound_is_not_the_specs_fault(world: World) -> None:
    uid = await ready(world, flavor="old")
    world.boxes.flavors = ("new",)
    world.boxes.always["list"] = NotFound("Region 1 not found", status=404)
    world.server.edit(uid, image="b")
    await world.run(30)
    assert world.server.says(uid, "Synced") == "False CloudError"
    assert world.server.says(uid, "Stalled") == "-"
