"""Histories: users, clouds, crashes and time in any order, then a calm end that is compared with what should exist."""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from caas_operator.core.model import JsonObject
from tests.support.histories import model
from tests.support.histories.actions import (
    ANYTHING,
    CHANGES,
    FIELDS,
    LOSSES,
    NAMES,
    OUTSIDERS,
    TROUBLES,
    USERS,
    WEATHER,
    Action,
    Trouble,
)
from tests.support.histories.world import HistoryWorld

SPECS = {
    kind: st.fixed_dictionaries(
        {"image": st.sampled_from(("a", "b", "c"))},
        optional={name: st.sampled_from(values) for name, values in fields.items() if name != "image"},
    )
    for kind, fields in FIELDS.items()
}
taken = 0
"""Steps in this process."""


class Histories(RuleBasedStateMachine):
    """One history. The world has a loop of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self._wait(self._world())

    async def _world(self) -> HistoryWorld:
        world = HistoryWorld()
        await world.begin()
        return world

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @rule(name=st.sampled_from(NAMES), spec=SPECS["Box"])
    def apply_box(self, name: str, spec: JsonObject) -> None:
        self._apply("Box", name, spec)

    @rule(name=st.sampled_from(NAMES), spec=SPECS["Cell"])
    def apply_cell(self, name: str, spec: JsonObject) -> None:
        self._apply("Cell", name, spec)

    @rule(kind=st.sampled_from(("Cell", "Cell", "Box")), name=st.sampled_from(NAMES), trouble=LOSSES)
    def apply_and_lose_the_answer(self, kind: str, name: str, trouble: Trouble) -> None:
        dataclasses.replace(trouble, kind=kind, verb="create")(self.world)
        self._apply(kind, name, {"image": "a", "replacePolicy": "Recreate"})
        self._wait(self.world.pass_time(0.0))

    def _apply(self, kind: str, name: str, spec: JsonObject) -> None:
        """By that name, or by another that is free."""
        taken = {(body["kind"], body["metadata"]["name"]) for body in self.world.server.bodies.values()}
        for free in (name, *NAMES):
            if (kind, free) not in taken:
                spec = {key: value for key, value in spec.items() if value is not None}
                self.world.server.apply(kind, free, **spec)
                return

    @rule(action=CHANGES)
    def edit(self, action: Action) -> None:
        action(self.world)

    @rule(action=CHANGES | USERS)
    def user(self, action: Action) -> None:
        action(self.world)

    @rule(action=OUTSIDERS)
    def outsider(self, action: Action) -> None:
        action(self.world)

    @rule(action=TROUBLES | WEATHER)
    def cloud(self, action: Action) -> None:
        action(self.world)

    @rule(action=ANYTHING, steps=st.integers(1, 12))
    def meanwhile(self, action: Action, steps: int) -> None:
        """It happens between two steps of the operator."""
        self.world.points.soon(steps, self._quietly(action))

    @rule(trouble=LOSSES)
    def lose(self, trouble: Action) -> None:
        trouble(self.world)

    @rule(seconds=st.sampled_from((0.0, 1.0, 5.0)))
    def run(self, seconds: float) -> None:
        self._wait(self.world.pass_time(seconds))

    @rule(seconds=st.sampled_from((20.0, 40.0, 90.0)))
    def go_on(self, seconds: float) -> None:
        self._wait(self.world.pass_time(seconds))

    @rule(seconds=st.sampled_from((200.0, 700.0, 4000.0)))
    def jump(self, seconds: float) -> None:
        self._wait(self.world.pass_time(seconds))

    @precondition(lambda self: self.world.up)
    @rule(steps=st.integers(1, 25), seconds=st.sampled_from((1.0, 20.0)))
    def crash(self, steps: int, seconds: float) -> None:
        points = self.world.points
        points.crash_at = len(points.passed) + steps
        self._wait(self.world.pass_time(seconds))

    @precondition(lambda self: not self.world.up)
    @rule()
    def start(self) -> None:
        self._wait(self.world.begin())

    @precondition(lambda self: self.world.up)
    @rule(stalls=st.booleans())
    def watch(self, stalls: bool) -> None:  # noqa: FBT001 - drawn
        self.world.process.watch_stalls = stalls

    @invariant()
    def nothing_exists_twice(self) -> None:
        global taken  # noqa: PLW0603 - hypothesis makes the machines
        taken += 1
        assert not (twice := model.doubles(self.world)), twice

    def teardown(self) -> None:
        try:
            self._wait(self._end())
        finally:
            self._wait(self.world.close())
            self.loop.close()

    async def _end(self) -> None:
        await model.settle(self.world)
        assert not (wrong := model.complaints(self.world)), "\n".join(wrong)
        assert not (restless := await model.restless(self.world)), restless
        await model.resume(self.world)
        assert not (wrong := model.complaints(self.world)), "resumed: " + "\n".join(wrong)
        await model.delete_all(self.world)
        assert not (wrong := model.leftovers(self.world)), "deleted: " + "\n".join(wrong)

    def _quietly(self, action: Action) -> Callable[[], None]:
        def act() -> None:
            note(f"meanwhile: {action}")
            action(self.world)

        return act
