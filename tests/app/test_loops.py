"""The tasks of a process and their end."""

import asyncio
import logging

import pytest

from caas_operator.app.loops import Loops
from tests.support.clock import settle


async def test_a_task_that_missed_its_cancellation_is_cancelled_again() -> None:
    missed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            missed.set()
        await asyncio.Event().wait()

    loops = Loops()
    loops.start(stubborn())
    await settle()
    await asyncio.wait_for(loops.end(), 30)
    assert missed.is_set()


async def test_a_task_that_ends_by_an_error_is_told_of_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise RuntimeError("a defect")

    async def done() -> None:
        return

    loops = Loops()
    with caplog.at_level(logging.ERROR):
        loops.start(broken())
        loops.start(done())
        await settle()
    assert loops.failed() == 1
    assert "a part of the operator has ended" in caplog.text
    await loops.end()
