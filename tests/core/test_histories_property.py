"""The stateful property test: any history, then what should exist exists, and nothing else.

PROPERTY_STEPS says how many steps, other ones each time; without it 2,000, and always the same.
"""

import logging
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.histories import machine

STEPS_EACH = 50
PLENTY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_property_any_history_ends_in_what_the_final_specs_ask_for(caplog: pytest.LogCaptureFixture) -> None:
    """A failure is shrunk, which takes minutes, and printed as the steps that lead to it."""
    caplog.set_level(logging.CRITICAL)
    asked = os.environ.get("PROPERTY_STEPS")
    steps, before = int(asked or 2000), machine.taken
    run_state_machine_as_test(
        machine.Histories,
        settings=settings(
            max_examples=-(-steps // STEPS_EACH) + steps // 1000 + 1,  # some end early
            stateful_step_count=STEPS_EACH,
            derandomize=asked is None,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=PLENTY,
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    assert machine.taken - before >= steps
