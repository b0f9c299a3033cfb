"""Values that the chart is tried with, from nothing to everything."""

from tests.deploy.chart import Json

ACCOUNT: Json = {
    "name": "gcore",
    "spec": {
        "default": True,
        "gcore": {
            "apiKeySecretRef": {"namespace": "caas-operator", "name": "gcore", "key": "api-key"},
            "projectId": 1,
            "regionId": 76,
        },
        "allowedNamespaces": {"names": ["*"]},
    },
}
ALL_ON: Json = {
    "clusterId": "prod 1",
    "commonLabels": {"team": "platform"},
    "imagePullSecrets": [{"name": "registry"}],
    "exportTo": {"enabled": True},
    "accounts": [ACCOUNT],
    "replicas": 3,
    "settings": {"environmentAccountNamespaces": ["team-a"], "readinessCheckNetworks": ["10.20.0.0/16", "fd00::/8"]},
    "extraEnv": [
        {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
        {"name": "GCORE_API_KEY", "valueFrom": {"secretKeyRef": {"name": "gcore", "key": "api-key"}}},
    ],
    "extraEnvFrom": [{"secretRef": {"name": "keys", "optional": True}}],
    "extraArgs": ["--log-level=debug"],
    "extraVolumes": [{"name": "tmp", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the container
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}]
            }
        }
    },
    "podAnnotations": {"a/b": "c"},
    "podLabels": {"d": "e"},
    "serviceAccount": {"annotations": {"f": "g"}},
    "crds": {"annotations": {"h": "i"}},
    "networkPolicy": {
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "egress": {"restrict": True, "extra": [{"ports": [{"port": 8080, "protocol": "TCP"}]}]},
    },
    "metrics": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "podMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True, "alertLabels": {"team": "platform"}},
        "dashboard": {"enabled": True, "annotations": {"folder": "operators"}},
    },
}
CASES: dict[str, Json] = {
    "default": {},
    "all-on": ALL_ON,
    "namespaced": {"watchNamespaces": ["team-a", "team-b"], "clusterId": "mine"},
    "tenants": {"tenantNamespaces": ["team-a", "team-b"]},
    "alone": {"replicas": 1, "leaderElection": {"enabled": False}},
    "one-with-a-lease": {"replicas": 1},
    "asleep": {"replicas": 0},
    "renamed": {"fullnameOverride": "clouds", "nameOverride": "clouds"},
    "ipv6": {"listenHost": "[::]"},
    "bare": {
        "rbac": {"create": False, "userRoles": False},
        "serviceAccount": {"create": False, "name": "mine"},
        "crds": {"install": False},
        "deletionProtection": {"policy": False},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "topologySpread": {"topologyKeys": []},
        "metrics": {"enabled": False},
    },
    "account-of-a-namespace": {
        "watchNamespaces": ["team-a"],
        "clusterId": "mine",
        "accounts": [
            {
                "name": "openai",
                "kind": "CloudAccount",
                "namespace": "team-a",
                "spec": {"openai": {"apiKeySecretRef": {"name": "openai", "key": "api-key"}}},
            }
        ],
    },
}
