"""When to look again."""

import random

from hypothesis import given
from hypothesis import strategies as st

from caas_operator.core.schedule import FIRST_BACKOFF, LONGEST_BACKOFF, backoff, look_again


@given(failures=st.integers(1, 10_000), seed=st.integers())
def test_a_backoff_is_between_nothing_and_five_minutes_and_never_a_hot_loop(failures: int, seed: int) -> None:
    wait = backoff(failures, random.Random(seed))
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (failures - 1)) if failures < 50 else LONGEST_BACKOFF
    assert 0.1 * FIRST_BACKOFF <= wait <= ceiling


def test_backoffs_spread() -> None:
    jitter = random.Random(1)
    waits = [backoff(10, jitter) for _ in range(200)]
    assert min(waits) < 80
    assert max(waits) > 250


def test_a_look_comes_between_two_and_thirty_seconds_and_less_often_with_time() -> None:
    assert [look_again(waited) for waited in (0.0, 8.0, 40.0, 120.0, 9999.0)] == [2.0, 2.0, 10.0, 30.0, 30.0]


def test_a_clock_that_went_back_makes_no_hot_loop() -> None:
    assert look_again(-1000.0) == 2.0
