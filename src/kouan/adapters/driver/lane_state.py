"""Keeps the state of one lane: what it lacks, which way it goes, whether it is in service."""

import asyncio
from collections.abc import Callable

from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.settlement import Settlement
from kouan.adapters.driver.turns import Turn, Turns
from kouan.gate.lanes import Lane, LaneFact, LaneStep, encode_lane, lane_drafts, step_lane
from kouan.gate.roles import LaneRecord, record_params
from kouan.ledger.roles import Ledger, Statement, Unit
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import KouanError


class LaneKeeper:
    """Steps a lane with facts and records what is to be recorded.

    ``changed`` is told of the lane before and after each recorded change; ``failed`` when it could not be recorded.
    """

    def __init__(
        self,
        lane: Lane,
        ledger: Ledger,
        clock: Clock,
        settlement: Settlement,
        changed: Callable[[Lane, Lane], None],
        failed: Callable[[KouanError], None],
    ) -> None:
        self.lane = lane
        self._ledger = ledger
        self._clock = clock
        self._settlement = settlement
        self._changed = changed
        self._failed = failed
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._count = 0
        self._turns = Turns()

    def feed(self, fact: LaneFact, cause: Cause | None = None) -> tuple[LaneStep, "asyncio.Task[None] | None"]:
        """Step the lane; return the step, and the recording of it to wait for, if anything is recorded."""
        now = self._clock.now()
        before = self.lane
        taken = step_lane(before, fact, now)
        self.lane = taken.lane
        if not taken.events:
            return taken, None
        self._count += 1
        number = self._count
        why = cause or Cause()
        key = f"{why.key}/lane" if why.key else f"lane:{self.lane.name}:{now}:{number}"
        record = LaneRecord(self.lane.name, encode_lane(self.lane), now)
        unit = Unit(lane_drafts(taken.events, key), effects=(Statement("gate.update_lane", record_params(record)),))
        for ticket in why.tickets:
            self._settlement.hold(ticket)
        task = asyncio.get_running_loop().create_task(
            self._record(unit, why, before, taken.lane, self._turns.take()), name=f"lane-{self.lane.name}-{number}"
        )
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
        return taken, task

    def close(self) -> None:
        """Record nothing more."""
        for task in list(self._tasks.values()):
            task.cancel()

    async def _record(self, unit: Unit, cause: Cause, before: Lane, after: Lane, turn: Turn) -> None:
        try:
            await turn.begin()
            await self._ledger.append(unit)
            await turn.follow_up()
        except KouanError as error:
            self._failed(error)
            return
        finally:
            turn.end()
        self._changed(before, after)
        for ticket in cause.tickets:
            self._settlement.release(ticket)
