"""A token bucket: how many calls may go out, and when the next one may."""


class TokenBucket:
    """`rate` tokens a second, at most `burst` of them saved. Times are of one clock that never goes back."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self.rate = rate
        self.burst = max(1, burst)
        self._tokens = float(self.burst)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one token if there is one."""
        self._refill(now)
        # Refilling adds up fractions: a token that is a rounding error short is there.
        if self._tokens < 1 - 1e-6:
            return False
        self._tokens -= 1
        return True

    def seconds_to_token(self, now: float, ahead: int = 0) -> float:
        """How long until there is a token for one who has `ahead` others before it."""
        self._refill(now)
        missing = 1 + ahead - self._tokens
        return missing / self.rate if missing > 1e-6 else 0.0

    def drain(self, now: float, until: float) -> None:
        """Leave one token and save none before `until`: who was told to slow down does not come back with a burst."""
        self._refill(now)
        self._tokens = min(self._tokens, 1.0)
        self._at = max(self._at, until)

    def retune(self, rate: float, burst: int, now: float) -> None:
        self._refill(now)
        self.rate = rate
        self.burst = max(1, burst)
        self._tokens = min(self._tokens, float(self.burst))

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(float(self.burst), self._tokens + (now - self._at) * self.rate)
            self._at = now
