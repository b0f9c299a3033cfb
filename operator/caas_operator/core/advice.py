"""What the cloud can say beyond "no more": which limit is used up, and where there is room."""

import dataclasses
import logging

from caas_operator.core.errors import CloudError, InvalidSpec
from caas_operator.core.model import External
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.quota import quota_text
from caas_operator.core.results import Result
from caas_operator.core.steps import Present, Seen
from caas_operator.core.subject import Advice, Subject

logger = logging.getLogger("caas_operator.engine")

HOLDS_SECONDS = 600.0
"""How long an advice is kept for one and the same failure: its message stays the same from try to try."""


async def advised(subject: Subject, result: Result, seen: Seen, now: float) -> Result:
    """The result, with the cloud's advice behind its message where a quota or a capacity is used up."""
    outcome = result.outcome
    if outcome is None or not _used_up(outcome) or subject.spec is None:
        return result
    known = subject.track.advice
    if known.about != outcome.message or now - known.at >= HOLDS_SECONDS:
        found = seen.found if isinstance(seen, Present) else None
        known = subject.track.advice = Advice(outcome.message, await _ask(subject, found), now)
    if not known.text:
        return result
    return dataclasses.replace(result, outcome=dataclasses.replace(outcome, message=f"{known.about}; {known.text}"))


def _used_up(outcome: Outcome) -> bool:
    if outcome.reason is Reason.QUOTA_EXCEEDED:
        return outcome.state is State.RETRYING
    return outcome.state is State.BROKEN and (quota_text(outcome.message) or "capacity" in outcome.message.lower())


async def _ask(subject: Subject, found: External | None) -> str:
    if subject.connection is None or subject.place is None:
        return ""
    try:
        text = await subject.connection.verbs(subject.kind).advise(subject.wanted(subject.place), found)
    except (CloudError, InvalidSpec) as error:
        logger.info("no advice: %s", subject.fit(str(error)), extra={"operation": "advise"})
        return ""
    return subject.fit(text)
