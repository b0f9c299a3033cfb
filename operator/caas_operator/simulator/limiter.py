"""How many requests a cloud takes from one credential."""

from dataclasses import dataclass

from caas_operator.simulator.switches import Switches


@dataclass
class Bucket:
    tokens: float
    filled_at: float


class Limiter:
    """A token bucket for each cloud and credential, sized by the switches, filled by the simulated clock."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, cloud: str, credential: str, now: float) -> bool:
        """Whether this request may pass."""
        rate = self._switches.number(f"{cloud}_rate_limit_rps")
        if rate <= 0:
            return True
        burst = max(1.0, self._switches.number(f"{cloud}_rate_limit_burst"))
        bucket = self._buckets.setdefault((cloud, credential), Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + max(0.0, now - bucket.filled_at) * rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
