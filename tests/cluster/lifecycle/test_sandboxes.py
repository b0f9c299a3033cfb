"""What only sandboxes have: a gateway, write-only secrets, twins, expiry."""

from tests.support.world import DELETE, World, condition

SBX = "SandboxContainer"
GATEWAY = {"accountRef": {"kind": "ClusterCloudAccount", "name": "gateway"}}


def test_a_sandbox_behind_a_gateway_is_made_once_and_deleted(world: World) -> None:
    world.create(SBX, "behind", provider="openai", **GATEWAY)
    obj = world.wait_ready(SBX, "behind")
    assert obj["status"]["account"]["provider"] == "gateway"
    posts = world.simulator.journal("gateway.containers.create")
    assert [post.body["provider"] for post in posts] == ["openai"]
    world.resync()
    world.delete(SBX, "behind")
    world.wait_gone(SBX, "behind")
    assert not [item for item in world.in_cloud(SBX) if item["name"].startswith("behind")]


def test_a_provider_with_a_direct_account_is_an_invalid_spec(world: World) -> None:
    world.create(SBX, "direct", provider="openai")
    obj = world.wait_condition(SBX, "direct", "Stalled", "True", "InvalidSpec")
    assert "spec.provider" in condition(obj, "Stalled")["message"]  # type: ignore[index]


def test_a_provider_that_cannot_list_is_an_invalid_spec(world: World) -> None:
    world.simulator.switch("azure_list", "refused")
    world.create(SBX, "azure", provider="azure", **GATEWAY)
    world.wait_condition(SBX, "azure", "Stalled", "True", "InvalidSpec")
    assert not world.simulator.journal("gateway.containers.create", name="azure*")


def test_a_domain_secret_is_sent_once_and_its_change_is_told_as_drift(world: World) -> None:
    world.simulator.switch("allowed_domain_check", "accepted")
    world.create_secret("domain", token="first-value")
    policy = {
        "type": "allowlist",
        "allowedDomains": ["example.com"],
        "domainSecrets": [
            {
                "domain": "example.com",
                "name": "TOKEN",
                "valueFrom": {"secretKeyRef": {"name": "domain", "key": "token"}},
            }
        ],
    }
    world.create(SBX, "netted", networkPolicy=policy)
    obj = world.wait_ready(SBX, "netted")
    assert world.writes(SBX, "netted") <= 2
    assert "first-value" not in str(obj)
    (post,) = world.simulator.journal("openai.containers.create", name="netted*")
    assert post.body["network_policy"]["domain_secrets"][0]["value"] == "first-value"
    world.change_secret("domain", token="second-value")
    world.simulator.advance(70)
    obj = world.wait_condition(SBX, "netted", "Synced", "False", "DriftDetected")
    assert condition(obj, "Ready")["status"] == "True"  # type: ignore[index]
    assert "second-value" not in str(obj)
    world.change_secret("domain", token="first-value")
    world.simulator.advance(70)
    world.wait_condition(SBX, "netted", "Synced", "True")


def test_of_a_create_that_was_done_twice_the_younger_goes(world: World) -> None:
    world.create(SBX, "twin")
    obj = world.wait_ready(SBX, "twin")
    world.simulator.advance(5)
    name, kept = obj["status"]["externalName"], obj["status"]["externalId"]
    world.simulator.change("create", "sandbox", body={"name": name})
    world.resync()
    world.wait(lambda: [i["id"] for i in world.in_cloud(SBX) if i["name"] == name] == [kept], told="one is left")
    assert len(world.simulator.journal(DELETE[SBX])) >= 1
    world.wait(lambda: "DoubleDeleted" in [event["reason"] for event in world.events("twin")], told="the event")


def test_a_sandbox_is_never_asked_for_by_get(world: World) -> None:
    world.create(SBX, "quiet")
    world.wait_ready(SBX, "quiet")
    for _ in range(3):
        world.resync()
    assert world.simulator.counters().calls("openai.containers.get", "gateway.containers.get") == 0
