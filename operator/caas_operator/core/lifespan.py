"""How long a transient resource lives by the user's wish. Resources that do not expire have none of this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.core.conditions import parse_time
from caas_operator.core.model import External


@dataclass(frozen=True, slots=True)
class Lifespan:
    """Seconds everywhere; None is without limit.

    `keep_alive`: touch it so often that it does not expire. `deadline`: from the first create until it is deleted; a
    replacement does not move it. `renew`: an expired one is made anew. `replace`: a changed spec is met by a new one.
    `kept_after`: how long the finished object itself stays.
    """

    keep_alive: float | None = None
    deadline: float | None = None
    renew: bool = False
    replace: bool = False
    kept_after: float | None = None

    def ends_at(self, status: Mapping[str, Any]) -> float | None:
        """When the deadline is over; None without one, or before the first create."""
        if self.deadline is None or "startedAt" not in status:
            return None
        return parse_time(status["startedAt"]) + self.deadline

    def touch_at(self, found: External, touched_at: float) -> float | None:
        """When the resource is to be touched next: `keep_alive` seconds after it was last seen or made active."""
        if self.keep_alive is None or found.expires_at is None:
            return None
        active_at = max(found.active_at, touched_at)
        return active_at + self.keep_alive

    def forgotten_at(self, status: Mapping[str, Any]) -> float | None:
        """When the finished object goes, as a Job's ttlSecondsAfterFinished has it."""
        if self.kept_after is None:
            return None
        for condition in status.get("conditions", ()):
            if condition["type"] == "Complete" and condition["status"] == "True":
                return parse_time(condition["lastTransitionTime"]) + self.kept_after
        return None


UNLIMITED = Lifespan()
