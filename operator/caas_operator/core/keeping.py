"""Steps that only transient resources know: replacing, furnishing, keeping alive."""

import dataclasses
import logging
from dataclasses import dataclass
from typing import cast

from caas_operator.core.bond import Bond
from caas_operator.core.changing import wanted_by
from caas_operator.core.errors import CloudError, InvalidSpec, Rejected
from caas_operator.core.model import External, Health, Place, Receipt, Verb
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import Clock, TransientVerbs
from caas_operator.core.problems import explain
from caas_operator.core.reporting import Reporter
from caas_operator.core.results import Result, bind, connection_of, place_of, provider
from caas_operator.core.schedule import look_again
from caas_operator.core.status import Binding
from caas_operator.core.subject import Subject
from caas_operator.core.surroundings import Events

logger = logging.getLogger("caas_operator.engine")


@dataclass(frozen=True)
class Keeper:
    """Cares for what would expire."""

    events: Events
    clock: Clock
    say: Reporter
    bond: Bond

    async def replace(self, subject: Subject, found: External) -> Result:
        """Say that it is being replaced, then let the old one go. The new one comes with the next pass."""
        track, generation = subject.track, subject.obj.generation
        track.operation = self.bond.operation(subject, Verb.REPLACE, Receipt())
        told = f"replacing {found.id}; its disk is lost"
        outcome = Outcome(State.UPDATING, Reason.UPDATING, told, serves=False)
        binding = Binding(bind(subject, found), provider(subject), found, subject.operation)
        self.events.normal(subject.obj, "Replaced", f"generation {generation} needs another sandbox than {found.id}")
        track.problem = None
        return Result(outcome, binding, self.clock.now())

    async def furnish(self, subject: Subject, found: External) -> Result:
        verbs = cast("TransientVerbs", connection_of(subject).verbs(subject.kind))
        try:
            await verbs.furnish(wanted_by(subject), found)
        except (InvalidSpec, CloudError) as error:
            if isinstance(error, Rejected) and subject.track.doubted != found.id:
                # Of one that ended a moment ago a cloud says the same; only a LIST tells that from a bad file.
                subject.track.doubted, subject.track.floor = found.id, self.clock.now()
                return Result(again_at=self.clock.now())
            cause = error if isinstance(error, CloudError) else None
            return self.say.fail(subject, explain(error, "files", serves=False), cause)
        return self.say.watch(subject, found)

    async def touch(self, subject: Subject, found: External, stale: tuple[str, ...]) -> Result:
        verbs = cast("TransientVerbs", connection_of(subject).verbs(subject.kind))
        asked = self.clock.now()
        try:
            seen = await verbs.touch(Place(place_of(subject).scope, found.name), found.id)
        except CloudError as error:
            # What it says is not to be believed for more than this: only a LIST tells that it is gone.
            logger.warning("keep-alive: %s", subject.fit(error.message), extra={"operation": "touch"})
            kept = self.say.outdated(subject, found, stale)
            return dataclasses.replace(kept, again_at=self.clock.now() + look_again(0.0))
        # Not when it was answered: the cloud counts from no later than that, and the next one must not be late.
        subject.track.touched_at = asked
        return self.say.outdated(subject, seen if seen.health is Health.SERVING else found, stale)
