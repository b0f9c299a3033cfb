"""Wrong SandboxContainers."""

from tests.cluster.admission.case import FROM_CONFIG, FROM_SECRET, SBX, Wrong, allowlist, domain_secret

SANDBOXES = (
    Wrong(
        "minutes 21", SBX, {"expiresAfter": {"minutes": 21}}, "spec.expiresAfter.minutes", "less than or equal to 20"
    ),
    Wrong("minutes 0", SBX, {"expiresAfter": {"minutes": 0}}, "spec.expiresAfter.minutes", "equal to 1"),
    Wrong(
        "another anchor", SBX, {"expiresAfter": {"anchor": "now", "minutes": 5}}, "expiresAfter.anchor", "Unsupported"
    ),
    Wrong("memory 2g", SBX, {"memoryLimit": "2g"}, "spec.memoryLimit", '"1g", "4g", "16g", "64g"'),
    Wrong(
        "allowlist without domains",
        SBX,
        {"networkPolicy": {"type": "allowlist"}},
        "spec.networkPolicy.allowedDomains",
        "allowedDomains is required with type allowlist",
    ),
    Wrong("no domain", SBX, allowlist(allowedDomains=[]), "spec.networkPolicy.allowedDomains", "at least 1 items"),
    Wrong("a URL as domain", SBX, allowlist(allowedDomains=["https://a/"]), "allowedDomains[0]", "should match"),
    Wrong("disabled with domains", SBX, allowlist(type="disabled"), "allowedDomains", "refused with type disabled"),
    Wrong(
        "a secret value written out",
        SBX,
        domain_secret(value="hunter2-in-clear"),
        "spec.networkPolicy.domainSecrets[0].value",
        "a secret is never written here: use valueFrom.secretKeyRef",
        unsaid="hunter2",
    ),
    Wrong(
        "a secret value written out beside valueFrom",
        SBX,
        domain_secret(value="hunter2-in-clear", valueFrom=FROM_SECRET),
        "spec.networkPolicy.domainSecrets[0].value",
        "a secret is never written here",
        unsaid="hunter2",
    ),
    Wrong("a secret from nowhere", SBX, domain_secret(), "domainSecrets[0].valueFrom", "valueFrom is required"),
    Wrong("a secret from a ConfigMap", SBX, domain_secret(valueFrom=FROM_CONFIG), "configMapKeyRef", "unknown field"),
    Wrong(
        "secrets without a network",
        SBX,
        {
            "networkPolicy": {
                "type": "disabled",
                "domainSecrets": domain_secret(valueFrom=FROM_SECRET)["networkPolicy"]["domainSecrets"],
            }
        },
        "spec.networkPolicy.domainSecrets",
        "domainSecrets needs type allowlist",
    ),
    Wrong("provider", SBX, {"provider": "acme"}, "spec.provider", "Unsupported value"),
    Wrong(
        "a gateway with skills",
        SBX,
        {"provider": "openai", "skills": [{"type": "skillReference", "skillId": "s"}]},
        "spec.skills",
        "skills must not be set together with provider",
    ),
    Wrong("a gateway with a network", SBX, {"provider": "xai", **allowlist()}, "spec.networkPolicy", "with provider"),
    Wrong(
        "a gateway with files",
        SBX,
        {"provider": "xai", "files": [{"path": "a", **FROM_SECRET}]},
        "spec.files",
        "with provider",
    ),
    Wrong("a file from nowhere", SBX, {"files": [{"path": "a"}]}, "spec.files[0]", "exactly one of these must be set"),
    Wrong("a file elsewhere", SBX, {"files": [{"path": "../a", **FROM_SECRET}]}, "spec.files[0].path", "should match"),
    Wrong("a file twice", SBX, {"files": [{"path": "a", **FROM_SECRET}] * 2}, "spec.files[1]", "Duplicate value"),
    Wrong("a skill by no id", SBX, {"skills": [{"type": "skillReference"}]}, "spec.skills[0]", "takes skillId"),
    Wrong(
        "an inline skill with a version",
        SBX,
        {"skills": [{"type": "inline", "name": "n", "description": "d", "version": "1", **FROM_SECRET}]},
        "spec.skills[0]",
        "type inline takes name, description and exactly one of",
    ),
    Wrong(
        "a skill's version",
        SBX,
        {"skills": [{"type": "skillReference", "skillId": "s", "version": "0"}]},
        "spec.skills[0].version",
        "should match",
    ),
    Wrong("a bill by keepAlive", SBX, {"keepAlive": True}, "spec.activeDeadlineSeconds", "keepAlive needs"),
    Wrong(
        "a bill by Recreate", SBX, {"expiryPolicy": "Recreate"}, "spec.activeDeadlineSeconds", "expiryPolicy Recreate"
    ),
    Wrong("deadline 0", SBX, {"activeDeadlineSeconds": 0}, "spec.activeDeadlineSeconds", "equal to 1"),
    Wrong("an import undecided", SBX, {"importId": "cntr_1"}, "spec.deletionPolicy", "importId needs deletionPolicy"),
    Wrong("watching nothing", SBX, {"managementPolicy": "ObserveOnly"}, "spec.importId", "ObserveOnly needs importId"),
    Wrong(
        "adopting nothing", SBX, {"adoptionPolicy": "Always"}, "spec.importId", "adoptionPolicy Always needs importId"
    ),
)
