"""The life of a sandbox by the user's wish: kept alive, ended, renewed, replaced, imported, furnished."""

import base64
from functools import partial

from tests.support.world import CREATE, DELETE, World, condition, reason

SBX = "SandboxContainer"


def living(world: World, name: str) -> list[str]:
    return [item["id"] for item in world.in_cloud(SBX) if item["name"].startswith(f"{name}-")]


def is_touched(world: World, times: int) -> bool:
    return world.simulator.counters().calls("openai.containers.get") >= times


def test_a_sandbox_is_kept_alive_until_its_deadline_and_then_deleted(world: World) -> None:
    world.simulator.switch("list_refreshes", "no")  # else every LIST keeps it alive, and nothing is left to do
    world.create(SBX, "kept", expiresAfter={"minutes": 4}, keepAlive=True, activeDeadlineSeconds=600)
    world.wait_ready(SBX, "kept")
    for touched in range(1, 5):
        world.simulator.advance(121)
        world.wait(partial(is_touched, world, touched), told="kept alive")
        assert len(living(world, "kept")) == 1
    world.simulator.advance(121)
    obj = world.wait_condition(SBX, "kept", "Complete", "True", "Expired")
    assert "activeDeadlineSeconds" in condition(obj, "Complete")["message"]  # type: ignore[index]
    assert not living(world, "kept")
    assert len(world.simulator.journal("openai.containers.get")) <= 5


def test_an_expired_sandbox_is_made_anew_where_that_is_asked_for(world: World) -> None:
    minute = {"minutes": 1}
    world.create(SBX, "renewed", expiresAfter=minute, expiryPolicy="Recreate", activeDeadlineSeconds=3600)
    first = world.wait_ready(SBX, "renewed")["status"]
    world.simulator.advance(61)
    world.resync()

    def renewed() -> object:
        obj = world.get(SBX, "renewed")
        return obj if obj and obj["status"]["externalId"] != first["externalId"] else None

    world.wait(renewed, told="a new sandbox")
    second = world.wait_ready(SBX, "renewed")["status"]
    assert second["externalName"].endswith("-2")
    assert second["startedAt"] == first["startedAt"]
    assert len(living(world, "renewed")) == 1


def test_an_edit_replaces_the_sandbox_where_that_is_allowed_with_three_writes(world: World) -> None:
    world.create(SBX, "replaced", replacePolicy="Recreate", memoryLimit="1g")
    first = world.wait_ready(SBX, "replaced")["status"]
    before = world.writes(SBX, "replaced")
    world.edit(SBX, "replaced", memoryLimit="4g")
    second = world.wait_ready(SBX, "replaced")["status"]
    assert second["externalId"] != first["externalId"]
    assert second["observed"]["memoryLimit"] == "4g"
    assert living(world, "replaced") == [second["externalId"]]
    assert world.writes(SBX, "replaced") - before == 3
    assert len(world.simulator.journal(DELETE[SBX], name=first["externalId"])) == 1
    world.delete(SBX, "replaced")
    world.wait_gone(SBX, "replaced")
    assert not living(world, "replaced")


def test_a_changed_secret_replaces_the_sandbox_where_that_is_allowed(world: World) -> None:
    world.create_config_map("script", run="print(1)")
    file = {"path": "run.py", "configMapKeyRef": {"name": "script", "key": "run"}}
    world.create(SBX, "scripted", replacePolicy="Recreate", files=[file])
    first = world.wait_ready(SBX, "scripted")["status"]
    assert world.writes(SBX, "scripted") <= 3
    (upload,) = world.simulator.journal("openai.files.create", name=first["externalId"])
    assert "print(1)" in str(upload.body)
    path = f"/api/v1/namespaces/{world.namespace}/configmaps/script"
    world._patch(path, {"data": {"run": "print(2)"}})
    world.simulator.advance(70)

    def replaced() -> object:
        obj = world.get(SBX, "scripted")
        return obj if obj and obj["status"]["externalId"] != first["externalId"] else None

    world.wait(replaced, told="replaced for its file")
    world.wait_ready(SBX, "scripted")
    assert len(living(world, "scripted")) == 1


def test_a_finished_object_goes_after_its_time(world: World) -> None:
    world.create(SBX, "tidy", expiresAfter={"minutes": 1}, ttlSecondsAfterFinished=30)
    world.wait_ready(SBX, "tidy")
    world.simulator.advance(61)
    world.resync()
    world.wait_condition(SBX, "tidy", "Complete", "True")
    world.simulator.advance(40)
    world.wait_gone(SBX, "tidy")


def test_a_sandbox_is_imported_by_its_id_and_never_made(world: World) -> None:
    made = world.simulator.change("create", "sandbox", body={"name": "theirs"})
    world.create(SBX, "imported", importId=made["id"], deletionPolicy="Delete")
    obj = world.wait_ready(SBX, "imported")
    assert obj["status"]["externalId"] == made["id"]
    assert not world.simulator.journal(CREATE[SBX], name="imported*")
    world.delete(SBX, "imported")
    world.wait_gone(SBX, "imported")
    assert made["id"] not in [item["id"] for item in world.in_cloud(SBX)]


def test_an_import_of_what_is_not_there_is_told_and_makes_nothing(world: World) -> None:
    world.create(SBX, "absent", importId="cntr_none", deletionPolicy="Retain")
    obj = world.wait_condition(SBX, "absent", "Ready", "False", "NotFound")
    assert reason(obj, "Reconciling") == "ProgressingWithRetry"
    assert not world.simulator.journal(CREATE[SBX], name="absent*")
    world.delete(SBX, "absent")
    world.wait_gone(SBX, "absent")


def test_an_inline_skill_is_sent_as_base64_of_its_bytes(world: World) -> None:
    path = f"/api/v1/namespaces/{world.namespace}/configmaps"
    zipped = base64.b64encode(b"PK\x03\x04\xff\xfe").decode()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "skill"}, "binaryData": {"zip": zipped}}
    world._ok(world.http.post(path, json=body))
    ref = {"name": "skill", "key": "zip"}
    skill = {"type": "inline", "name": "adder", "description": "adds", "configMapKeyRef": ref}
    world.create(SBX, "skilled", skills=[skill])
    world.wait_ready(SBX, "skilled")
    (post,) = world.simulator.journal(CREATE[SBX], name="skilled*")
    assert post.body["skills"][0]["source"] == {"type": "base64", "media_type": "application/zip", "data": zipped}
