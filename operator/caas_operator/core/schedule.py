"""When to look again. Seconds everywhere."""

import random

FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0
FIRST_LOOK, LONGEST_LOOK = 2.0, 30.0
CREATE_FENCE = 70.0
"""The longest a POST can be in flight (its timeout, 60) plus 10.

Only a LIST begun later proves that it made nothing.
"""
DELETE_WAITS_FOR_TASK = 600.0
TASK_FORGOTTEN = 7200.0
EXPIRY_MOVE = 300.0
"""How far `expiresAt` of a sandbox in use must have moved to be worth a write."""


def backoff(failures: int, jitter: random.Random) -> float:
    """Exponential with full jitter.

    Between nothing and 2, 4, 8 ... 300 seconds, but never less than a tenth of that.
    """
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 10))
    return ceiling * (0.1 + 0.9 * jitter.random())


def look_again(waited: float) -> float:
    """How long until the next look at something that changes by itself and has done so for `waited` seconds."""
    return min(LONGEST_LOOK, max(FIRST_LOOK, waited / 4))


REVISIT = 1800.0
"""A converged object is looked at again after about this long although nothing woke it."""
LONGEST_DEPENDENCY_WAIT = 60.0
"""A missing Secret or account is looked for at least this often."""
