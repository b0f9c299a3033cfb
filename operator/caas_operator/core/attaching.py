"""The attachment of an object: seeing how it stands, making it, keeping it in step, taking it away."""

import dataclasses
import logging
from dataclasses import dataclass, field
from typing import cast

from caas_operator.core.attachment import NOTHING_ATTACHED, Attached, Attachment, attachment_name
from caas_operator.core.bond import Bond
from caas_operator.core.errors import CloudError, InvalidSpec, NotFound
from caas_operator.core.inventory import Inventory, Listing
from caas_operator.core.model import External, Key
from caas_operator.core.outcome import Outcome, Reason, State
from caas_operator.core.ports import AttachingVerbs, Clock
from caas_operator.core.problems import explain
from caas_operator.core.reporting import Reporter
from caas_operator.core.results import LOOKING, Result, connection_of, in_progress, place_of
from caas_operator.core.schedule import CREATE_FENCE, look_again
from caas_operator.core.steps import Seen, Unseen
from caas_operator.core.subject import Subject

logger = logging.getLogger("caas_operator.engine")

SHOWS_WITHIN = 30.0
"""Seconds until what was answered and is not to be seen counts as not done."""


@dataclass
class AttachmentObserver:
    """The eyes. An object that has no attachment, and never had one, costs nothing here."""

    clock: Clock
    leading_since: float
    watching: dict[Key, Inventory] = field(default_factory=dict)

    async def see(self, subject: Subject, seen: Seen) -> Attached:
        """How the object's attachment stands. Raises CloudError."""
        obj = subject.obj
        retained = obj.deleting and obj.spec.get("deletionPolicy") == "Retain"
        wanted = None if obj.deleting or subject.moving else subject.attachment
        if subject.observe_only or retained or (wanted is None and not subject.attached):
            self.unwatch(obj.key)
            return NOTHING_ATTACHED
        if subject.connection is None or subject.place is None or isinstance(seen, Unseen):
            return Attached(surplus=obj.deleting and subject.place is not None, unseen=True)
        inventory = subject.connection.attachments(subject.kind, subject.place.scope)
        self._watch(subject, inventory)
        listing = await inventory.listing(subject.track.attaching.floor, obj.key)
        found = listing.by_name.get(attachment_name(subject.marker))
        if wanted is not None:
            return Attached(lacking=found is None or _differs(subject, wanted, found), found=found)
        if subject.problem and not obj.deleting:
            # What is wanted could not be told.
            return NOTHING_ATTACHED
        until = self._unproven_until(subject, listing)
        noted = subject.intent is not None and subject.intent.attached and not obj.deleting
        surplus = found is not None or until > 0.0 or noted
        if not surplus:
            self.unwatch(obj.key)
        return Attached(surplus=surplus, found=found, until=until)

    def _unproven_until(self, subject: Subject, listing: Listing) -> float:
        """While a POST of one may be under way, its absence in a LIST proves nothing; 0.0 where it does."""
        memory = subject.track.attaching
        since = memory.lost
        if memory.sent is None and not subject.attachment_recorded:
            # Who led before us may have sent one.
            since = max(since, self.leading_since)
        until = since + CREATE_FENCE
        return until if since and listing.begun <= until else 0.0

    def _watch(self, subject: Subject, inventory: Inventory) -> None:
        key = subject.obj.key
        if self.watching.get(key) not in (None, inventory):
            self.unwatch(key)
        self.watching[key] = inventory
        inventory.subscribe(key, frozenset({attachment_name(subject.marker)}), 0.0)

    def unwatch(self, key: Key) -> None:
        if (inventory := self.watching.pop(key, None)) is not None:
            inventory.unsubscribe(key)


def _differs(subject: Subject, wanted: Attachment, found: External) -> bool:
    """Of what the cloud hides, only a hash in status tells after a restart what was sent."""
    memory = subject.track.attaching
    if memory.sent == wanted:
        # As the cloud itself wrote it then: it may put a name into another form.
        return found.wire != memory.answer
    if memory.sent is not None or found.wire != wanted.shown:
        return True
    record, field_ = subject.obj.status.get("appliedSecrets") or {}, subject.kind.attached_by
    now = subject.fingerprint
    if now is None or record.get("keyId", now["keyId"]) != now["keyId"]:
        # Without our key, or with another one than then, nothing is known; that is no change.
        return not subject.attachment_recorded
    return bool((record.get("hmac") or {}).get(field_) != now["hmac"].get(field_))


@dataclass(frozen=True)
class Attacher:
    """The hands: one mutating call each."""

    clock: Clock
    say: Reporter
    bond: Bond

    async def attach(self, subject: Subject, found: External | None) -> Result:
        """Make it, or bring it up to date."""
        memory, wanted, now = subject.track.attaching, subject.attachment, self.clock.now()
        assert wanted is not None, "a step that attaches has something to attach"  # noqa: S101 - decide() saw it
        if memory.sent == wanted and now - memory.at < SHOWS_WITHIN:
            memory.floor = now
            return Result(in_progress(subject, serves=None), again_at=now + look_again(0.0))
        await self.bond.note_attachment(subject, there=True)
        subject.leaving()
        try:
            answer = await _verbs(subject).attach(place_of(subject).scope, wanted, found)
        except (InvalidSpec, CloudError) as error:
            memory.floor = self.clock.now()
            cause = error if isinstance(error, CloudError) else None
            if found is None and cause is not None and cause.ambiguous:
                memory.lost = memory.floor
            return self.say.fail(subject, explain(error, subject.kind.attached_by), cause)
        memory.sent, memory.answer = wanted, answer
        memory.at = memory.floor = self.clock.now()
        subject.track.problem = None
        logger.info("%s %s", "updated" if found else "made", wanted.name, extra={"operation": "attach"})
        return Result(again_at=memory.at)

    async def detach(self, subject: Subject, attached: Attached) -> Result:
        """Take it away; when it is proved gone, let the object forget it."""
        memory, now = subject.track.attaching, self.clock.now()
        if attached.found is None and attached.until:
            memory.floor = now
            waited = now - (memory.lost or attached.until - CREATE_FENCE)
            return Result(_going(subject, LOOKING), again_at=min(attached.until + 0.1, now + look_again(waited)))
        if attached.found is None:
            await self.bond.note_attachment(subject, there=False)
            return Result(again_at=now)
        try:
            await _verbs(subject).detach(place_of(subject).scope, attached.found.name)
        except NotFound:
            # That proves nothing: only a LIST does.
            memory.floor = self.clock.now()
            return Result(_going(subject), again_at=memory.floor + look_again(0.0))
        except CloudError as error:
            memory.floor = self.clock.now()
            problem = explain(error, f"delete of {attached.found.name}")
            return self.say.fail(subject, dataclasses.replace(problem, state=State.RETRYING), error)
        memory.floor = self.clock.now()
        subject.track.problem = None
        logger.info("deleted %s", attached.found.name, extra={"operation": "detach"})
        return Result(_going(subject), again_at=memory.floor)


def _going(subject: Subject, told: str = "") -> Outcome | None:
    return Outcome(State.DELETING, Reason.DELETING, told) if subject.obj.deleting else None


def _verbs(subject: Subject) -> AttachingVerbs:
    return cast("AttachingVerbs", connection_of(subject).verbs(subject.kind))
