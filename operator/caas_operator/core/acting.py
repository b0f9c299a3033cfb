"""From a step to whoever carries it out."""

import random
from dataclasses import dataclass
from typing import Self

from caas_operator.core import steps
from caas_operator.core.attaching import Attacher
from caas_operator.core.bond import Bond
from caas_operator.core.changing import Changer
from caas_operator.core.keeping import Keeper
from caas_operator.core.model import External
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock
from caas_operator.core.problems import explain_task
from caas_operator.core.reporting import Reporter
from caas_operator.core.results import Result, follow, hold, refusal, serving, verb_of
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Events, Objects


@dataclass(frozen=True)
class Actor:
    objects: Objects
    say: Reporter
    bond: Bond
    change: Changer
    keep: Keeper
    attach: Attacher

    @classmethod
    def of(cls, objects: Objects, events: Events, clock: Clock, jitter: random.Random) -> Self:
        say = Reporter(clock, jitter)
        bond = Bond(objects, events, clock, say)
        change, keep = Changer(events, clock, say, bond), Keeper(events, clock, say, bond)
        return cls(objects, say, bond, change, keep, Attacher(clock, say, bond))

    def is_known(self, subject: Subject) -> bool:
        board = subject.connection.tasks if subject.connection else None
        if board is None or subject.operation is None:
            return False
        return board.follow(subject.obj.key, subject.operation).known

    async def act(  # noqa: C901, PLR0911, PLR0912 - one case a step
        self, subject: Subject, step: steps.Step, seen: steps.Seen
    ) -> Result:
        match step:
            case steps.Hold():
                return hold(subject)
            case steps.Report(problem):
                return self.say.report(subject, problem, seen)
            case steps.Follow():
                return follow(subject, known=self.is_known(subject))
            case steps.Retry(error):
                subject.track.spent = subject.operation.task_ids if subject.operation else ()
                return self.say.fail(subject, explain_task(error, verb_of(subject), serves=serving(seen)))
            case steps.AwaitProof(until):
                return self.say.await_proof(subject, until)
            case steps.Attach(found_attached):
                return await self.attach.attach(subject, found_attached)
            case steps.Detach(attached):
                return await self.attach.detach(subject, attached)
            case steps.Create():
                return await self.change.create(subject)
            case steps.Refuse(found):
                return Result(refusal(subject, found))
            case steps.Update(found, drift):
                return await self.change.update(subject, found, drift)
            case steps.Delete(External() as found, twin=True):
                return await self.change.discard(subject, found)
            case steps.Delete(found):
                return await self.change.delete(subject, found)
            case steps.Protected():
                told = "deletionProtection is on: set it to false to let the deletion go on"
                return Result(Outcome(State.DELETE_BLOCKED, Reason.DELETE_BLOCKED, told))
            case steps.Missing():
                told = f"spec.importId: {subject.import_id} is not in the cloud"
                return Result(Outcome(State.RETRYING, Reason.NOT_FOUND, told, serves=False))
            case steps.Ended(found):
                return self.say.ended(subject, found)
            case steps.Forget():
                await self.objects.delete(subject.obj)
                return Result()
            case steps.Replace(found):
                return await self.keep.replace(subject, found)
            case steps.Furnish(found):
                return await self.keep.furnish(subject, found)
            case steps.Renew():
                told = "the sandbox has expired: making a new one, with an empty disk"
                return Result(Outcome(State.EXPIRED, Reason.EXPIRED, told, serves=False), again_at=0.0)
            case steps.Touch(found, stale):
                return await self.keep.touch(subject, found, stale)
            case steps.Observe(seen_only):
                return self.say.observe(subject, seen_only)
            case steps.Outdated(found, stale):
                return self.say.outdated(subject, found, stale)
            case steps.Watch(found):
                return self.say.watch(subject, found)
        raise AssertionError(f"{step} is carried out by the reconciler")
