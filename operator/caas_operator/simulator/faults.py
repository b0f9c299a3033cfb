"""Rules that make a cloud misbehave: which requests they meet, and what happens to those."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

JSON = dict[str, Any]

Effect = Literal[
    "respond",  # answer `status` with `body` (absent: the cloud's own envelope); nothing is done
    "drop",  # close the connection without an answer; nothing is done
    "do_then_respond",  # carry it out, then answer `status`
    "do_then_drop",  # carry it out, then close the connection
    "malformed",  # carry it out, answer 200 with JSON that is cut in half
    "delay",  # wait `seconds` of real time, `when` before or after carrying it out
    "hold",  # as delay, until the rule is released or removed
    "task_error",  # the task that this request starts ends in ERROR with `text`
    "task_seconds",  # ... takes `seconds`
    "task_hold",  # ... does not end until the rule is released or removed
    "set",  # the resource shows the wire fields of `set` once it is made (Gcore: when its task ends)
]
ENDS = frozenset({"respond", "drop", "do_then_respond", "do_then_drop", "malformed"})


@dataclass
class Rule:
    """One rule; it meets a request when operation, cloud and name (all globs) match.

    `count` limits how many requests it meets (None: all), after `skip` that it lets pass. `name` is matched
    against every name of the request: the resource's name, a sandbox's or task's id. A request that names
    nothing, as a list does, is met only by a rule without a name.
    """

    effect: Effect
    operation: str = "*"
    cloud: str = "*"
    name: str | None = None
    count: int | None = None
    skip: int = 0
    status: int = 500
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | str | None = None
    seconds: float = 0.0
    when: Literal["before", "after"] = "before"
    text: str = "Simulated task failure"
    set: JSON = field(default_factory=dict)
    id: int = 0
    used: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    on_release: list[Callable[[], None]] = field(default_factory=list)

    def meets(self, cloud: str, operation: str, names: tuple[str, ...]) -> bool:
        if self.count is not None and self.used >= self.count:
            return False
        if not (fnmatchcase(operation, self.operation) and fnmatchcase(cloud, self.cloud)):
            return False
        return self.name is None or any(fnmatchcase(known, self.name) for known in names)

    def release(self) -> None:
        self.released.set()
        waiting, self.on_release = self.on_release, []
        for resume in waiting:
            resume()

    def as_json(self) -> JSON:
        hidden = {"released", "on_release"}
        return {key: value for key, value in vars(self).items() if key not in hidden} | {
            "released": self.released.is_set()
        }


@dataclass
class Plan:
    """What the rules do to one request: waits before and after, at most one end, changes of its task."""

    before: list[Rule] = field(default_factory=list)
    after: list[Rule] = field(default_factory=list)
    end: Rule | None = None
    task_error: str | None = None
    task_seconds: float | None = None
    task_hold: Rule | None = None
    set: JSON = field(default_factory=dict)

    def add(self, rule: Rule) -> bool:
        """Take a rule in; False when it has no place because the request's end is already decided."""
        match rule.effect:
            case "delay" | "hold":
                (self.before if rule.when == "before" else self.after).append(rule)
            case "task_error":
                self.task_error = rule.text
            case "task_seconds":
                self.task_seconds = rule.seconds
            case "task_hold":
                self.task_hold = rule
            case "set":
                self.set.update(rule.set)
            case _:
                if self.end is not None:
                    return False
                self.end = rule
        return True


NO_PLAN = Plan()


class Faults:
    """The rules in force, in the order they were added."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._next_id = 1

    def add(self, fields: JSON) -> Rule:
        """A new rule from JSON. Raises ValueError for an unknown effect or field."""
        known = set(Rule.__dataclass_fields__) - {"id", "used", "released", "on_release"}
        if unknown := set(fields) - known:
            raise ValueError(f"unknown fields of a fault: {sorted(unknown)}; known: {sorted(known)}")
        if fields.get("effect") not in get_args(Effect):
            raise ValueError(f"effect must be one of {list(get_args(Effect))}")
        rule = Rule(**fields)
        rule.id = self._next_id
        self._next_id += 1
        self.rules.append(rule)
        return rule

    def plan(self, cloud: str, operation: str, names: tuple[str, ...]) -> Plan:
        if not self.rules:
            return NO_PLAN
        plan = Plan()
        for rule in self.rules:
            if not rule.meets(cloud, operation, names):
                continue
            if rule.skip > 0:
                rule.skip -= 1
            elif plan.add(rule):
                rule.used += 1
        return plan

    def release(self, rule_id: int) -> bool:
        """Let go what the rule holds; the rule meets no further request."""
        for rule in self.rules:
            if rule.id == rule_id:
                rule.count = rule.used
                rule.release()
                return True
        return False

    def remove(self, rule_id: int | None = None) -> None:
        """Remove one rule or all, letting go what they hold."""
        gone = [rule for rule in self.rules if rule_id in (None, rule.id)]
        self.rules = [rule for rule in self.rules if rule_id not in (None, rule.id)]
        for rule in gone:
            rule.release()
