"""Wrong accounts."""

from tests.cluster.admission.case import ACCOUNT, CLUSTER_ACCOUNT, SECRET, UNSET, Wrong

ACCOUNTS = (
    Wrong(
        "no cloud", ACCOUNT, {"gcore": UNSET}, "spec", "exactly one of these must be set: gcore or openai or gateway"
    ),
    Wrong("two clouds", ACCOUNT, {"openai": {"apiKeySecretRef": SECRET}}, "spec", "exactly one of these must be set"),
    Wrong("no key", ACCOUNT, {"gcore": {}}, "spec.gcore.apiKeySecretRef", "Required value"),
    Wrong("resync 29", ACCOUNT, {"resyncSeconds": 29}, "spec.resyncSeconds", "greater than or equal to 30"),
    Wrong("rate 0", ACCOUNT, {"rateLimit": {"requestsPerSecond": 0}}, "spec.rateLimit.requestsPerSecond", "equal to 1"),
    Wrong("template without name", ACCOUNT, {"nameTemplate": "{namespace}"}, "spec.nameTemplate", "should match"),
    Wrong("template with more", ACCOUNT, {"nameTemplate": "{name}-{uid}"}, "spec.nameTemplate", "should match"),
    Wrong("CA that is no base64", ACCOUNT, {"caBundle": "-----BEGIN"}, "spec.caBundle", "must be of type byte"),
    Wrong(
        "endpoint with a password",
        ACCOUNT,
        {"gcore": {"apiKeySecretRef": SECRET, "endpoint": "https://me:hunter2@api.example.com"}},
        "spec.gcore.endpoint",
        "should match",
    ),
    Wrong(
        "a Secret elsewhere",
        ACCOUNT,
        {"gcore": {"apiKeySecretRef": {**SECRET, "namespace": "kube-system"}}},
        "spec.gcore.apiKeySecretRef.namespace",
        "unknown field",
    ),
    Wrong("no endpoint of the gateway", ACCOUNT, {"gcore": UNSET, "gateway": {}}, "spec.gateway.endpoint", "Required"),
    Wrong(
        "a Secret nowhere",
        CLUSTER_ACCOUNT,
        {"gcore": {"apiKeySecretRef": SECRET}},
        "spec.gcore.apiKeySecretRef.namespace",
        "Required value",
    ),
    Wrong(
        "In without values",
        CLUSTER_ACCOUNT,
        {"allowedNamespaces": {"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
        "spec.allowedNamespaces.selector.matchExpressions[0].values",
        "values are required with In and NotIn",
    ),
)
