"""Behaviours of the clouds that no document settles: one switch each, changeable while running.

`opposite` is a second plausible answer; a client that is right must work under both. Profiles: `documented` (every
default), `opposite`, and `mix` (every second switch turned).
"""

from dataclasses import dataclass
from typing import Any, Literal

Value = str | float | bool


@dataclass(frozen=True)
class Switch:
    """`choices` for a word; None for a number or a truth value, whose type is the default's."""

    default: Value
    opposite: Value
    doc: str
    choices: tuple[str, ...] | None = None


def word(doc: str, *choices: str) -> Switch:
    """The first choice is the default, the second the opposite."""
    return Switch(choices[0], choices[1], doc, choices)


def number(doc: str, default: float, opposite: float) -> Switch:
    return Switch(float(default), float(opposite), doc)


GCORE: dict[str, Switch] = {
    "task_seconds": number("how long a task takes; --task-seconds sets it", 2, 2),
    "ready_seconds": number("from a finished task to a serving resource", 0, 5),
    "duplicate_create": word("POST of a name that exists", "conflict", "task_error"),
    "busy": word("a mutation while a task runs on the resource", "conflict", "queue"),
    "missing_delete": word("DELETE of what does not exist", "not_found", "task"),
    "get_while_deleting": word("a resource whose delete task runs", "visible", "not_found"),
    "quota": word("where a quota error appears", "http_400", "task_error", "http_403"),
    "capacity": word("a region without room for a flavour", "http_403", "task_error", "error_message", "http_400"),
    "null_in_patch": word("a null in a PATCH body", "unchanged", "resets", "rejected"),
    "maps_in_patch": word("`envs` in a PATCH body", "replace", "merge"),
    "probes_in_patch": word("one probe in a PATCH body", "replace", "merge"),
    "update_applies": word("when a PATCH is visible in GET", "at_finish", "at_once"),
    "failed_create_leaves": word("after a create task in ERROR", "nothing", "error_resource"),
    "empty_patch": word("a PATCH that changes nothing", "task", "no_tasks"),
    "patch_when_disabled": word("PATCH of a disabled or stopped resource", "allowed", "conflict"),
    "repeated_start_stop": word("start of a started deployment, stop of a stopped one", "ok", "conflict"),
    "start_stop_seconds": number("from stop or start to the new status", 0, 5),
    "unknown_fields": word("fields that the schema does not know", "ignored", "rejected"),
    "max_below_min": word("a scale with max < min", "rejected", "accepted"),
    "repeated_regions": word("a region that a deployment names twice", "rejected", "accepted"),
    "missing_reference": word("a pull secret, credential or API key that does not exist", "rejected", "accepted"),
    "in_use_delete": word("DELETE of a credential that a resource uses", "conflict", "allowed"),
    "caas_default_triggers": word("CaaS scale without triggers", "none", "cpu_80"),
    "caas_address_while_deploying": word("address before the first task ends", "present", "empty"),
    "probes_echo": word("disabled probes in a reply", "echo", "null"),
    "task_data": word("`data` of a task", "null", "body"),
    "inference_task_region": word("region_id of an inference task", "null", "first"),
    "other_created_resources": word("created_resources of update and delete tasks", "null", "names", "empty"),
    "task_created_on": word("created_on of a task", "present", "absent"),
    "task_gone": word("an unknown or forgotten task id", "not_found", "forbidden"),
    "task_retention_seconds": number("how long an ended task is kept; 0: for ever", 0, 3600),
    "task_order": word("order of the task list by default", "desc", "asc"),
    "timestamps": word("form of a time", "bare", "z"),
    "name_reuse_seconds": number("how long a deleted name stays taken", 0, 5),
    "gcore_appear_seconds": number("from POST to being seen, at most until the create task ends", 0, 2),
    "gcore_list_lag_seconds": number("from being seen in GET to being seen in LIST", 0, 2),
    "error_body": word("body of a 401 or of an injected 429 or 5xx", "json", "text"),
    "gcore_addresses": word(
        "addresses of resources: a public-looking name, or one that the simulator serves", "public", "local"
    ),
    "address_warm_seconds": number("503 at a local address for so long after its task", 0, 90),
}

OPENAI: dict[str, Switch] = {
    "list_refreshes": word("LIST counts as activity", "no", "yes"),
    "expired_get": word("GET of an expired sandbox", "snapshot", "not_found"),
    "deleted_get": word("GET of a deleted sandbox", "not_found", "snapshot"),
    "expired_file_call": word("a file call on an expired sandbox", "bad_request", "not_found"),
    "deleted_delete": word("DELETE of a deleted sandbox", "not_found", "ok"),
    "expired_delete": word("DELETE of an expired sandbox", "ok", "not_found"),
    "delete_list_lag_seconds": number("how long LIST shows a deleted sandbox", 0, 120),
    "create_appear_seconds": number("from POST to being seen in LIST", 0, 5),
    "network_policy_unset_echo": word("network_policy in a reply when unset", "disabled", "absent", "null"),
    "defaults_echoed": word("memory_limit and expires_after in a reply when unset", "yes", "no"),
    "running_word": word("status of a live sandbox", "running", "active"),
    "name_filter": word("`name` of LIST", "exact", "substring", "ignored"),
    "unknown_after": word("`after` with an unknown id", "not_found", "empty"),
    "openai_unknown_fields": word("fields that the schema does not know", "ignored", "rejected"),
    "file_path_prefix": word("path of an uploaded file", "plain", "prefixed"),
    "empty_page_ids": word("first_id and last_id of an empty page", "null", "absent"),
    "allowed_domain_check": word("a domain off the organisation's list", "accepted", "rejected"),
}

GATEWAY: dict[str, Switch] = {
    "gateway_auth": word("a virtual key is mandatory", "enforced", "open"),
    "gateway_metadata": word("metadata at the upstream", "ignored", "rejected", "echoed"),
    "gateway_last_id_cursor": word("last_id as `after`, with one provider key", "rejected", "accepted"),
    "passthrough": word("/openai_passthrough with a virtual key", "served", "model_blocked"),
    "azure_list": word("LIST of provider azure", "refused", "allowed"),
}

RATES: dict[str, Switch] = {
    f"{cloud}_{name}": switch
    for cloud in ("gcore", "openai", "gateway")
    for name, switch in {
        "rate_limit_rps": number("requests a second and key before 429; 0: no limit", 0, 0),
        "rate_limit_burst": number("requests that may come at once", 10, 10),
        "rate_limit_retry_after": number("seconds in Retry-After of such a 429; 0: no header", 1, 0),
        "date_header": word("the Date header of every reply", "present", "absent"),
        "date_header_offset_seconds": number("how wrong the Date header is", 0, 0),
    }.items()
}

SWITCHES: dict[str, Switch] = GCORE | OPENAI | GATEWAY | RATES
Profile = Literal["documented", "opposite", "mix"]


class Switches:
    """The current values."""

    def __init__(self, **changes: Value) -> None:
        self._values: dict[str, Any] = {name: switch.default for name, switch in SWITCHES.items()}
        for name, value in changes.items():
            self.set(name, value)

    def word(self, name: str) -> str:
        return str(self._values[name])

    def number(self, name: str) -> float:
        return float(self._values[name])

    def set(self, name: str, value: object) -> None:
        """Raises KeyError for an unknown switch, ValueError for a value that it does not take."""
        switch = SWITCHES[name]
        if switch.choices is not None:
            if value not in switch.choices:
                raise ValueError(f"{name} takes one of {list(switch.choices)}")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} takes a number")
        self._values[name] = value

    def profile(self, profile: Profile) -> None:
        """Set every switch at once; raises ValueError for an unknown profile."""
        if profile not in ("documented", "opposite", "mix"):
            raise ValueError("profile takes documented, opposite or mix")
        kept = self._values["task_seconds"]
        for index, (name, switch) in enumerate(SWITCHES.items()):
            turned = profile == "opposite" or (profile == "mix" and index % 2 == 1)
            self._values[name] = switch.opposite if turned else switch.default
        self._values["task_seconds"] = kept

    def as_json(self) -> dict[str, Any]:
        return dict(self._values)
