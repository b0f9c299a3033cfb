"""Specs for property tests, as users write them: only fields that live in a cloud."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Raw = dict[str, Any]

WORDS = st.text("abcdefghij", min_size=1, max_size=6)
PORTS = st.integers(1, 65535)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
KEYS = {f"key{n}": f"value {n}" for n in range(4)}
VALUES = {"Secret/one": KEYS, "Secret/two": {"other": "value"}, "ConfigMap/one": KEYS}
"""What the references of these specs point at."""


def some(**optional: SearchStrategy[Any]) -> SearchStrategy[Raw]:
    """A map with any of these keys."""
    return st.fixed_dictionaries({}, optional=optional)


def with_some(required: dict[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> SearchStrategy[Raw]:
    return st.fixed_dictionaries(required, optional=optional)


def thresholds(most: int) -> SearchStrategy[Raw]:
    return st.fixed_dictionaries({"threshold": st.integers(1, most)})


RATES = st.fixed_dictionaries({"rate": st.integers(1, 1000), "window": st.integers(1, 3600)})
SOURCES = st.one_of(
    st.sampled_from([*KEYS]).map(lambda key: {"secretKeyRef": {"name": "one", "key": key}}),
    st.sampled_from([*KEYS]).map(lambda key: {"configMapKeyRef": {"name": "one", "key": key}}),
    st.just({"secretKeyRef": {"name": "gone", "key": "none", "optional": True}}),
)
ENV = st.dictionaries(WORDS, st.one_of(TEXT, SOURCES), max_size=4).map(
    lambda chosen: [
        {"name": name, "valueFrom": value} if isinstance(value, dict) else {"name": name, "value": value}
        for name, value in chosen.items()
    ]
)
ENV_FROM = st.lists(
    st.one_of(
        st.sampled_from(["one", "two"]).map(lambda name: {"secretRef": {"name": name}}),
        st.just({"prefix": "P_", "configMapRef": {"name": "one"}}),
        st.just({"configMapRef": {"name": "gone", "optional": True}}),
    ),
    max_size=2,
)
LOGGING = some(
    enabled=st.booleans(),
    destinationRegionId=st.integers(1, 99),
    topicName=WORDS,
    retentionPolicy=st.fixed_dictionaries({"period": st.integers(1, 1825)}),
)
DESCRIPTIONS = st.one_of(TEXT, TEXT.map(lambda text: f"{text} [caas-operator abc]"))


def _caas_scale(low: int, more: int, rest: Raw) -> Raw:
    if low == 0:
        rest = {**rest, "triggers": {**rest.get("triggers", {}), "http": {"rate": 1, "window": 1}}}
    return {"min": low, "max": max(1, low + more), **rest}


CAAS_SCALES = st.builds(
    _caas_scale,
    st.integers(0, 12),
    st.integers(0, 12),
    some(cooldownPeriod=st.integers(1, 3600), triggers=some(cpu=thresholds(99), memory=thresholds(99), http=RATES)),
)
CONTAINERS = with_some(
    {
        "image": st.sampled_from(["nginx", "nginx:1.27"]),
        "listeningPort": PORTS,
        "flavor": st.sampled_from(["80mCPU-128MiB", "160mCPU-256MiB"]),
        "scale": CAAS_SCALES,
    },
    description=DESCRIPTIONS,
    commands=st.sampled_from(["sleep 1", "python3 -m app"]),
    env=ENV,
    envFrom=ENV_FROM,
    timeout=st.integers(0, 180),
    suspend=st.booleans(),
    isApiKeyAuth=st.booleans(),
    pullSecret=st.just("registry"),
    logging=LOGGING,
)

SQS = with_some(
    {
        "queueUrl": st.just("https://sqs.example.test/1"),
        "queueLength": st.integers(1, 99),
        "activationQueueLength": st.integers(1, 99),
        "awsRegion": st.just("us-east-1"),
        "secretName": st.just("aws"),
    },
    awsEndpoint=st.just("https://aws.example.test"),
    scaleOnFlight=st.booleans(),
    scaleOnDelayed=st.booleans(),
)
INFERENCE_SCALES = st.builds(
    lambda low, more, rest: {"min": low, "max": low + more, **rest},
    st.integers(0, 100),
    st.integers(0, 100),
    some(
        cooldownPeriod=st.integers(1, 3600),
        pollingInterval=st.integers(5, 3600),
        triggers=some(
            cpu=thresholds(100),
            memory=thresholds(100),
            gpuUtilization=thresholds(100),
            gpuMemory=thresholds(100),
            http=RATES,
            sqs=SQS,
        ),
    ),
)
REGIONS = st.dictionaries(st.sampled_from([8, 26, 76]), INFERENCE_SCALES, min_size=1).map(
    lambda chosen: [{"regionId": region, "scale": scale} for region, scale in chosen.items()]
)
HEADERS = st.dictionaries(st.sampled_from(["X-One", "X-Two"]), st.one_of(TEXT, SOURCES)).map(
    lambda chosen: [
        {"name": name, "valueFrom": value} if isinstance(value, dict) else {"name": name, "value": value}
        for name, value in chosen.items()
    ]
)
HANDLERS = st.one_of(
    with_some(
        {"port": PORTS},
        path=st.sampled_from(["/", "/live"]),
        scheme=st.sampled_from(["HTTP", "HTTPS"]),
        host=st.just("localhost"),
        httpHeaders=HEADERS,
    ).map(lambda action: {"httpGet": action}),
    PORTS.map(lambda port: {"tcpSocket": {"port": port}}),
    st.lists(WORDS, min_size=1, max_size=2).map(lambda command: {"exec": {"command": command}}),
)
NUMBERS = some(
    enabled=st.booleans(),
    initialDelaySeconds=st.integers(0, 9),
    periodSeconds=st.integers(1, 9),
    timeoutSeconds=st.integers(1, 9),
    successThreshold=st.integers(1, 9),
    failureThreshold=st.integers(1, 9),
)
PROBES = st.one_of(st.just({"enabled": False}), st.builds(lambda one, two: {**one, **two}, HANDLERS, NUMBERS))
DEPLOYMENTS = with_some(
    {
        "image": st.sampled_from(["vllm/vllm-openai", "registry.example.com/a/b:c"]),
        "listeningPort": PORTS,
        "flavor": st.sampled_from(["inference-4vcpu-16gib", "inference-2vcpu-8gib"]),
        "regions": REGIONS,
    },
    description=DESCRIPTIONS,
    command=st.lists(WORDS, max_size=3),
    env=ENV,
    envFrom=ENV_FROM,
    timeout=st.integers(0, 999),
    apiKeys=st.lists(WORDS, unique=True, max_size=3),
    credentialsName=WORDS,
    ingressOpts=some(disableResponseBuffering=st.booleans()),
    logging=LOGGING,
    livenessProbe=PROBES,
    readinessProbe=PROBES,
    startupProbe=PROBES,
    suspend=st.booleans(),
)

ALLOWLISTS = with_some(
    {
        "type": st.just("allowlist"),
        "allowedDomains": st.lists(st.sampled_from(["a.example", "b.example"]), min_size=1, unique=True),
    },
    domainSecrets=st.just(
        [{"domain": "a.example", "name": "T", "valueFrom": {"secretKeyRef": {"name": "one", "key": "key1"}}}]
    ),
)
SANDBOXES = some(
    expiresAfter=with_some({"minutes": st.integers(1, 20)}, anchor=st.just("lastActiveAt")),
    fileIds=st.lists(WORDS, unique=True, max_size=2),
    memoryLimit=st.sampled_from(["1g", "4g", "16g", "64g"]),
    networkPolicy=st.one_of(st.just({"type": "disabled"}), ALLOWLISTS),
    skills=st.lists(with_some({"type": st.just("skillReference"), "skillId": WORDS}, version=st.just("latest"))),
)
