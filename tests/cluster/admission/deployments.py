"""Wrong InferenceDeployments."""

from tests.cluster.admission.case import INFD, REGION, UNSET, Wrong, probe, regions, scale

DEPLOYMENTS = (
    Wrong("no regions", INFD, {"regions": UNSET}, "spec.regions", "regions is required"),
    Wrong("empty regions", INFD, regions(), "spec.regions", "should have at least 1 items"),
    Wrong("a region twice", INFD, regions(REGION, REGION), "spec.regions", "each region once"),
    Wrong(
        "a region by both", INFD, regions({**REGION, "regionName": "x"}), "spec.regions[0]", "regionId or regionName"
    ),
    Wrong("a region by none", INFD, regions({"scale": REGION["scale"]}), "spec.regions[0]", "regionId or regionName"),
    Wrong(
        "65 regions", INFD, regions(*({**REGION, "regionId": i + 1} for i in range(65))), "spec.regions", "at most 64"
    ),
    Wrong(
        "max below min in the second region",
        INFD,
        regions(REGION, {"regionId": 80, "scale": {"min": 2, "max": 1}}),
        "spec.regions[1].scale.min",
        "min must not be greater than max",
    ),
    Wrong("max 301", INFD, regions({**REGION, **scale(max=301)}), "spec.regions[0].scale.max", "equal to 300"),
    Wrong("polling 4", INFD, regions({**REGION, **scale(pollingInterval=4)}), "scale.pollingInterval", "equal to 5"),
    Wrong(
        "gpu 101", INFD, regions({**REGION, **scale(triggers={"gpuMemory": {"threshold": 101}})}), "gpuMemory", "100"
    ),
    Wrong(
        "sqs", INFD, regions({**REGION, **scale(triggers={"sqs": {"queueLength": 1}})}), "sqs.secretName", "Required"
    ),
    Wrong("name too long", INFD, {"name": "a" * 31}, "spec.name", "may not be more than 30"),
    Wrong("name too short", INFD, {"name": "abc"}, "spec.name", "at least 4"),
    Wrong("metadata.name too long", INFD, {}, "spec.name", "at most 30 characters", name="a" * 31),
    Wrong("image by digest", INFD, {"image": "nginx@sha256:" + "a" * 64}, "spec.image", "takes no digest"),
    Wrong("image host with a port", INFD, {"image": "host.example:5000/a"}, "spec.image", "takes no port"),
    Wrong("image in capitals", INFD, {"image": "Team/Model"}, "spec.image", "should match"),
    Wrong("command as a string", INFD, {"command": "serve"}, "spec.command", "must be of type array"),
    Wrong("an API key twice", INFD, {"apiKeys": ["a", "a"]}, "spec.apiKeys[1]", "Duplicate value"),
    Wrong(
        "both ways to pull",
        INFD,
        {"credentialsName": "there", "imagePullSecretRef": {"name": "here"}},
        "spec.credentialsName",
        "at most one of these may be set: credentialsName or imagePullSecretRef",
    ),
    Wrong(
        "a probe of nothing", INFD, probe(periodSeconds=5), "spec.readinessProbe", "needs httpGet, tcpSocket or exec"
    ),
    Wrong(
        "a probe of two",
        INFD,
        probe(tcpSocket={"port": 80}, exec={"command": ["true"]}),
        "spec.readinessProbe",
        "at most one of these may be set",
    ),
    Wrong("a probe's scheme", INFD, probe(httpGet={"port": 80, "scheme": "http"}), "httpGet.scheme", '"HTTP", "HTTPS"'),
    Wrong("a probe's port", INFD, probe(tcpSocket={"port": 0}), "spec.readinessProbe.tcpSocket.port", "equal to 1"),
    Wrong(
        "a header without value",
        INFD,
        probe(httpGet={"port": 80, "httpHeaders": [{"name": "A"}]}),
        "spec.readinessProbe.httpGet.httpHeaders[0]",
        "value or valueFrom",
    ),
    Wrong("readiness", INFD, {"readiness": "Most"}, "spec.readiness", '"All", "Any", "Quorum"'),
    Wrong("auth_enabled", INFD, {"authEnabled": False}, "spec.authEnabled", "unknown field"),
    Wrong("timeout -1", INFD, {"timeout": -1}, "spec.timeout", "greater than or equal to 0"),
)
