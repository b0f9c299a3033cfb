"""What a user may ask for beyond the cloud's own word: that the address answers, and that it is published.

Objects that ask for neither pay nothing.
"""

import dataclasses
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.answering import Answers
from caas_operator.core.model import ExportTarget, Key
from caas_operator.core.outcome import Outcome, State
from caas_operator.core.ports import Clock
from caas_operator.core.results import Result, deadline, in_progress
from caas_operator.core.schedule import LONGEST_DEPENDENCY_WAIT, backoff
from caas_operator.core.status import is_ready
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Exports

SHOWN = frozenset({State.SERVING, State.SUSPENDED, State.DRIFTED})
"""States in which the resource is there and done, as far as the cloud is concerned."""
NO_ADDRESS = "readinessCheck: the cloud shows no address yet"


@dataclass(frozen=True)
class Finisher:
    """The last word on a pass, before its outcome is written down."""

    answers: Answers
    exports: Exports
    clock: Clock
    jitter: random.Random

    async def finish(self, subject: Subject, result: Result) -> Result:
        if subject.obj.deleting or subject.spec is None:
            self.answers.forget(subject.obj.key)
            return result
        return await self._published(subject, self._answered(subject, result))

    def rest(self, key: Key) -> None:
        """The object is paused: ask nothing for it."""
        self.answers.forget(key)

    def forget(self, key: Key) -> None:
        self.answers.forget(key)
        self.exports.forget(key)

    def _answered(self, subject: Subject, result: Result) -> Result:
        """Until its address has answered once, a new generation is not Ready. Nothing is said before the first try."""
        obj, found, outcome = subject.obj, result.binding.found, result.outcome
        url = None
        serving = outcome is not None and outcome.state in (State.SERVING, State.DRIFTED)
        if serving and found is not None and not is_ready(obj, obj.generation):
            url = subject.kind.checked(subject.spec, found)
        if not url:
            self.answers.forget(obj.key)
            return result if url is None else self._waiting(subject, result, NO_ADDRESS)
        reply = self.answers.reply(obj.key, url, obj.generation)
        if reply is None:
            return Result(again_at=result.again_at)
        if reply.alive:
            return result
        return self._waiting(subject, result, f"readinessCheck: {reply.barred or f'waiting for 2xx or 3xx from {url}'}")

    def _waiting(self, subject: Subject, result: Result, told: str) -> Result:
        """It goes on being asked; what lasts is told as of a Deployment that makes no progress."""
        outcome = dataclasses.replace(in_progress(subject, serves=None), message=told, deadline=True)
        due = deadline(subject, self.clock.now()) or math.inf
        again_at = min(due, math.inf if result.again_at is None else result.again_at)
        return dataclasses.replace(result, outcome=outcome, again_at=again_at if math.isfinite(again_at) else None)

    async def _published(self, subject: Subject, result: Result) -> Result:
        outcome, wanted = result.outcome, _asked_target(subject.obj.spec)
        written = _target(subject.obj.status.get("exportedTo"))
        if outcome is None or (written is None and wanted is None):
            return result
        if outcome.state is State.COMPLETE:
            # There is nothing left that anybody could use.
            wanted = None
        problem = None
        if written is not None and written != wanted:
            problem = await self.exports.retract(subject.obj, written)
            if problem is None:
                result = _recording(result, {})
        found = result.binding.found if outcome.state in SHOWN else None
        value = subject.kind.exported(found) if found is not None else ""
        if problem is None and wanted is not None and value:
            problem = await self.exports.publish(subject.obj, wanted, value)
            if problem is None:
                result = _recording(result, dataclasses.asdict(wanted))
        return self._troubled(subject, result, problem)

    def _troubled(self, subject: Subject, result: Result, problem: Outcome | None) -> Result:
        """The resource serves all the same: an object that is Ready stays so, at its old generation."""
        if problem is None:
            subject.track.unpublished = 0
            return result
        if result.outcome is None or result.outcome.state not in SHOWN:
            return result
        subject.track.unpublished += 1
        again_at = self.clock.now() + min(LONGEST_DEPENDENCY_WAIT, backoff(subject.track.unpublished, self.jitter))
        return dataclasses.replace(result, outcome=dataclasses.replace(problem, serves=True), again_at=again_at)


def _recording(result: Result, exported: Mapping[str, Any]) -> Result:
    return dataclasses.replace(result, binding=dataclasses.replace(result.binding, exported=exported))


def _asked_target(spec: Mapping[str, Any]) -> ExportTarget | None:
    return _target((spec.get("exportTo") or {}).get("configMapKeyRef"))


def _target(ref: Mapping[str, str] | None) -> ExportTarget | None:
    return ExportTarget(ref["name"], ref["key"]) if ref else None
