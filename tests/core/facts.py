"""Facts and resources for tests of decide()."""

from dataclasses import replace

from caas_operator.core.attachment import Attached
from caas_operator.core.decision import Facts
from caas_operator.core.model import External, Health
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import TaskState
from caas_operator.core.steps import (
    Absent,
    Present,
)
from caas_operator.core.tasks import Verdict


def box(health: Health = Health.SERVING, *, foreign: str = "", id_: str = "1/one") -> External:
    return External(id=id_, name="one", health=health, wire={}, foreign=foreign)


BOX, TWIN, EXPIRED = box(), box(id_="twin"), box(Health.EXPIRED)
LOGIN = External("caas-operator-00", "caas-operator-00", Health.SERVING, {})
LACKING, SURPLUS = Attached(lacking=True, found=LOGIN), Attached(surplus=True, found=LOGIN)
FOREIGN = box(foreign="it belongs to another service")
PROBLEM = Outcome(State.RETRYING, Reason.DEPENDENCY_NOT_READY, "the Secret is missing")
OURS, THEIRS = Present(BOX, mine=True), Present(BOX, mine=False)
UNPROVEN = Absent(proven=False, proven_at=70.0)
RUNNING, FINISHED = Verdict(TaskState.RUNNING), Verdict(TaskState.FINISHED)
FAILED, LOST = Verdict(TaskState.FAILED, "no capacity"), Verdict(TaskState.LOST)

MANAGED = Facts(OURS, finalizer=True, claimed=True, pinned=True)
NEW = Facts(Absent())
GOING = replace(MANAGED, deleting=True)
LIVES = replace(MANAGED, expires=True)
