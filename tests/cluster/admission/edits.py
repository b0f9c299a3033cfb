"""Edits that are refused, before and after the operator has pinned the object."""

from tests.cluster.admission.case import CAAS, FROM_SECRET, INFD, SBX, WrongEdit

PIN = {"externalId": "1/76/shop", "account": {"kind": "ClusterCloudAccount", "name": "gcore"}}
SANDBOX_PIN = {"externalId": "cntr_1", "account": {"kind": "ClusterCloudAccount", "name": "openai"}}

WRONG_EDITS = (
    WrongEdit("region changed", CAAS, {"regionId": 76}, {"regionId": 80}, "spec.regionId", "regionId is immutable"),
    WrongEdit("region added", CAAS, {}, {"regionId": 76}, "spec.regionId", "regionId is immutable"),
    WrongEdit("region removed", CAAS, {"regionId": 76}, {}, "spec.regionId", "regionId is immutable"),
    WrongEdit("region by name", CAAS, {"regionId": 76}, {"regionName": "x"}, "spec.regionName", "is immutable"),
    WrongEdit("project changed", CAAS, {"projectId": 1}, {"projectId": 2}, "spec.projectId", "projectId is immutable"),
    WrongEdit("project added", INFD, {}, {"projectName": "x"}, "spec.projectName", "projectName is immutable"),
    WrongEdit("name changed", CAAS, {"name": "shop"}, {"name": "shop-2"}, "spec.name", "name is immutable once", PIN),
    WrongEdit("name added", CAAS, {}, {"name": "shop"}, "spec.name", "name is immutable once", PIN),
    WrongEdit("name removed", INFD, {"name": "shop"}, {}, "spec.name", "name is immutable once", PIN),
    WrongEdit(
        "name removed where metadata.name does not do",
        CAAS,
        {"name": "shop"},
        {},
        "spec.name",
        "metadata.name is the container's name where spec.name is absent",
    ),
    WrongEdit(
        "account changed",
        CAAS,
        {},
        {"accountRef": {"kind": "ClusterCloudAccount", "name": "other"}},
        "spec.accountRef",
        "the external resource lives in the account named by status.account",
        PIN,
    ),
    WrongEdit(
        "account of the same name in the namespace",
        CAAS,
        {"accountRef": {"kind": "ClusterCloudAccount", "name": "gcore"}},
        {"accountRef": {"name": "gcore"}},
        "spec.accountRef",
        "lives in the account named by status.account",
        PIN,
    ),
    *(
        WrongEdit(
            f"sandbox: {field}", SBX, {}, {field: value}, f"spec.{field}", "a sandbox cannot be changed", SANDBOX_PIN
        )
        for field, value in (
            ("provider", "openai"),
            ("name", "other"),
            ("expiresAfter", {"minutes": 5}),
            ("fileIds", ["file-1"]),
            ("files", [{"path": "a", **FROM_SECRET}]),
            ("memoryLimit", "4g"),
            ("networkPolicy", {"type": "disabled"}),
            ("skills", [{"type": "skillReference", "skillId": "s"}]),
            ("metadata", {"team": "a"}),
        )
    ),
    WrongEdit(
        "sandbox: less memory",
        SBX,
        {"memoryLimit": "4g", "replacePolicy": "Never"},
        {"memoryLimit": "1g", "replacePolicy": "Never"},
        "spec.memoryLimit",
        "a sandbox cannot be changed",
        SANDBOX_PIN,
    ),
    WrongEdit(
        "sandbox: imported later",
        SBX,
        {"deletionPolicy": "Retain"},
        {"deletionPolicy": "Retain", "importId": "cntr_2"},
        "spec.importId",
        "a sandbox cannot be changed",
        SANDBOX_PIN,
    ),
)
