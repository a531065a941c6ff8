"""Runs the passages of one lane, one after the other: steps at once, records in order, acts after the commit."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from kouan.adapters.driver.projection import Projected
from kouan.adapters.driver.settlement import Settlement, Ticket
from kouan.adapters.driver.turns import Turn, Turns
from kouan.gate.commands import Command, IssueOrder, Show
from kouan.gate.events import Event, drafts
from kouan.gate.facts import DeadlinePassed, Fact, OrderSigned, VehicleArrived
from kouan.gate.passage import Step, open_passage, step
from kouan.gate.policy import LanePolicy
from kouan.gate.states import Abandoned, Cleared, Diverted, PassageState, TurnedBack
from kouan.ledger.roles import Appended, Ledger, Personal, Unit
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import KouanError

_log = logging.getLogger(__name__)

FINAL = (Cleared, Diverted, TurnedBack, Abandoned)


class Cause:
    """Why a fact came: the message's idempotency key, the messages it is made of, and its personal data."""

    __slots__ = ("key", "personal", "tickets")

    def __init__(self, key: str = "", tickets: Sequence[Ticket] = (), personal: Sequence[Personal] = ()) -> None:
        self.key = key
        self.tickets = tuple(tickets)
        self.personal = tuple(personal)


class PassageRunner:
    """Holds the passage that is in a lane now.

    ``policy_at`` returns the policy under which a passage begins, which stays its own to its end. ``sign`` makes the
    signed order of an ``IssueOrder``; ``act`` carries out a command after the commit; ``changed`` is told after each
    commit; ``project`` returns the statements that keep the passage's projection; ``failed`` is
    told when a unit could not be recorded, after which nothing in memory may be believed any more.
    """

    def __init__(
        self,
        *,
        policy_at: Callable[[Instant], LanePolicy],
        ledger: Ledger,
        clock: Clock,
        settlement: Settlement,
        sign: Callable[[IssueOrder], OrderSigned],
        act: Callable[[Command], None],
        changed: Callable[[PassageState, Sequence[Event], Sequence[int]], None],
        project: Callable[[PassageState | None, PassageState, Sequence[Event]], Projected],
        failed: Callable[[KouanError], None],
    ) -> None:
        self._policy_at = policy_at
        self._passage_policy: LanePolicy | None = None
        self._ledger = ledger
        self._clock = clock
        self._settlement = settlement
        self._sign = sign
        self._act = act
        self._changed = changed
        self._project = project
        self._failed = failed
        self.last_span_us = 0
        self._timer: asyncio.TimerHandle | None = None
        self._armed: Instant | None = None
        self._tasks: dict[int, asyncio.Task[bool]] = {}
        self._count = 0
        self._shows = 0
        self._turns = Turns()
        self.state: PassageState | None = None

    @property
    def policy(self) -> LanePolicy:
        """The policy of the passage, or of the next one where there is none."""
        return self._policy_at(self._clock.now()) if self._passage_policy is None else self._passage_policy

    @property
    def open(self) -> PassageState | None:
        """The passage that has not ended, if there is one."""
        return None if self.state is None or isinstance(self.state, FINAL) else self.state

    def begin(self, arrived: VehicleArrived, cause: Cause) -> None:
        """Begin a passage for a vehicle that stopped."""
        now = self._clock.now()
        self._passage_policy = self._policy_at(now)
        self._take(open_passage(arrived, now, self._passage_policy), now, cause, None)

    def feed(self, fact: Fact, cause: Cause | None = None) -> "tuple[Step, asyncio.Task[bool]] | None":
        """Step the passage with a fact; without a passage it is nobody's, and the answer None.

        Returns the step, and the recording of it, which says whether it is durable.
        """
        if self.state is None:
            return None
        now = self._clock.now()
        return self._take(step(self.state, fact, now, self.policy), now, cause or Cause(), self.state)

    def resume(self, state: PassageState, policy: LanePolicy, resumed: Step) -> None:
        """Take up a passage that an earlier process left open; ``resumed`` says what has to be done again.

        It goes on under the policy under which it began; the next one begins under today's.
        """
        self.state = state
        self._passage_policy = policy
        self._arm(resumed.next_deadline)
        for command in resumed.commands:
            self._act(command)

    def close(self) -> None:
        """Stop: no timer fires and nothing is recorded any more."""
        self._arm(None)
        for task in list(self._tasks.values()):
            task.cancel()

    def _take(
        self, taken: Step, now: Instant, cause: Cause, before: PassageState | None
    ) -> "tuple[Step, asyncio.Task[bool]]":
        events, state, deadline = list(taken.events), taken.state, taken.next_deadline
        commands: list[Command] = []
        for command in taken.commands:
            if not isinstance(command, IssueOrder):
                commands.append(command)
                continue
            signed = step(state, self._sign(command), now, self.policy)
            events += signed.events
            commands += signed.commands
            state, deadline = signed.state, signed.next_deadline
        began = self._clock.monotonic()
        self.state = state
        self._arm(deadline)
        dossier = state.dossier
        key = cause.key or f"{dossier.passage}/{dossier.version}"
        made = drafts(events, dossier.passage, key, cause.personal)
        for ticket in cause.tickets:
            self._settlement.hold(ticket)
        self._count += 1
        number = self._count
        if any(isinstance(command, Show) for command in commands):
            self._shows = number
        unit = None
        if made:
            projected = self._project(before, state, events)
            unit = Unit(made, projected.guards, projected.effects)
        recording = self._record(number, unit, state, events, commands, cause, began, self._turns.take())
        task = asyncio.get_running_loop().create_task(recording, name=f"record-{dossier.passage}-{number}")
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
        return Step(state, tuple(events), tuple(commands), deadline), task

    async def _record(
        self,
        number: int,
        unit: Unit | None,
        state: PassageState,
        events: Sequence[Event],
        commands: Sequence[Command],
        cause: Cause,
        began: int,
        turn: Turn,
    ) -> bool:
        try:
            await turn.begin()
            sequences = () if unit is None else await self._append(unit)
            await turn.follow_up()
            if sequences is None:
                return False
            self.last_span_us = self._clock.monotonic() - began
            for command in commands:
                if not isinstance(command, Show) or number == self._shows:  # else a later step shows something else
                    self._act(command)
            self._changed(state, events, sequences)
            for ticket in cause.tickets:
                self._settlement.release(ticket)
            return True
        finally:
            turn.end()

    async def _append(self, unit: Unit) -> tuple[int, ...] | None:
        """Record a unit and return its sequences; tell where that failed, and return None."""
        try:
            answer = await self._ledger.append(unit)
        except KouanError as error:
            self._failed(error)
            return None
        if not isinstance(answer, Appended):
            self._failed(KouanError(f"the ledger refused {unit.drafts[0].key}: {answer.guard}"))
            return None
        if answer.repeated:  # the state moved on by a fact that was taken in before: it is not the ledger's
            self._failed(KouanError(f"{unit.drafts[0].key} was recorded before"))
            return None
        return tuple(entry.seq for entry in answer.entries)

    def _arm(self, deadline: Instant | None) -> None:
        wanted = None if isinstance(self.state, FINAL) else deadline
        if self._timer is not None:
            if wanted == self._armed:
                return
            self._timer.cancel()
            self._timer = None
        self._armed = wanted
        if wanted is None:
            return
        delay_s = max(0, wanted - self._clock.now()) / SECOND
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._deadline, wanted)

    def _deadline(self, deadline: Instant) -> None:
        self._timer = None
        if self._clock.now() < deadline:  # the loop's clock and the wall clock are two clocks
            self._arm(deadline)
            return
        self.feed(DeadlinePassed(self._clock.now()))
