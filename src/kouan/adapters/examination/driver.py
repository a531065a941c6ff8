"""Drives the examinations of a port: follows control orders, plans bays, calls drivers, and notes who did not come."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from kouan.gate.roles import GateRecords
from kouan.gate.states import Diverted, decode_state
from kouan.inspection.examination.bays import BayPlan, BayPlanner
from kouan.inspection.examination.examination import WAITING, Examination, ExaminationState
from kouan.inspection.examination.moves import MINUTE, missing_from
from kouan.inspection.examination.planning import Roster, appointments_of, keeps, problem_of
from kouan.inspection.examination.rules import ExaminationRules
from kouan.journeys.departure import Departures
from kouan.journeys.diversion import Diversions
from kouan.journeys.examination import Examinations
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import Conflict, Corrupt, Fenced, InvalidValue, NotAllowed, NotFound, Unavailable
from kouan.vocabulary.verdict import Refused

_log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 5.0
"""Seconds between two looks where nothing was told to have changed. Our choice: a lorry drives longer to the yard."""

DIVERSIONS = 100
"""Diversions that are looked at, the latest. Our choice: more than leave the gate between two looks, or two lives."""

DIVERTED_WITHIN_US = 6 * 3600 * SECOND
"""How long ago a diversion may be that is followed up. Our choice: half a shift; a day's are examined by then."""

STOOD_WITHIN_US = 24 * 3600 * SECOND
"""How long before its diversion a vehicle may have stopped, so that not every passage ever is looked through each time.
Our choice: no review takes a day."""

SETTLE_S = 0.5
"""Seconds that a change waits for others before bays are planned anew. Our choice: an order comes with its asks."""

ENDED = 200
"""Examinations that are looked at after a start for having ended, the latest. Our choice: more than a day brings."""

AGAIN_AFTER_S = 300.0
"""Seconds after which bays are planned anew though nothing changed. Our choice: examinations run over."""

PLANNER = "bay planner"
"""By whom drivers are called."""


class Standing(msgspec.Struct, frozen=True):
    """How planning stands: the last plan, and when it was made."""

    plan: BayPlan
    at: Instant
    vehicles: int


class ExaminationDriver:
    """Runs beside a port's other parts; everything it knows is read anew, so that it may stop at any moment."""

    def __init__(
        self,
        examinations: Examinations,
        diversions: Diversions,
        gate: GateRecords,
        planner: BayPlanner,
        roster: Roster,
        rules: Callable[[Instant], ExaminationRules],
        clock: Clock,
        departures: Departures | None = None,
        release: ExaminationToRelease | None = None,
    ) -> None:
        """``departures`` follow up vehicles that may leave, ``release`` hears what was found of goods."""
        self.standing: Standing | None = None
        self._examinations = examinations
        self._diversions = diversions
        self._gate = gate
        self._known: set[str] = set()
        self._planner = planner
        self._roster = roster
        self._rules = rules
        self._clock = clock
        self._departures = departures
        self._release = release
        self._ended: dict[str, Examination] = {}
        self._heard: dict[str, int] = {}
        self._read: list[Examination] | None = None
        self._started = False
        self._wake = asyncio.Event()
        self._stale = True

    def note(self, examination: Examination, what: str) -> None:
        """Take note that an examination changed; what only this driver does needs no new plan."""
        self._read = None
        if examination.closed_at is not None:
            self._ended[examination.number] = examination
        if what not in ("planned", "called"):
            self.changed()

    def changed(self) -> None:
        """Take note that something changed: an order, a bay, who is there."""
        self._stale = True
        self._wake.set()

    async def run(self) -> None:
        """Drive, for ever; what the store cannot take now is tried again. Raises Fenced under a newer writer."""
        while True:
            try:
                await self.step()
            except Fenced:
                raise
            except Unavailable as error:
                _log.info("examinations are not driven now: %s", error)
            except Corrupt as error:  # nothing is decided by rules that may be wrong, and nobody leaves meanwhile
                _log.error("examinations are not driven: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)
            if self._wake.is_set():
                await asyncio.sleep(SETTLE_S)
            self._wake.clear()

    async def step(self) -> None:
        """Do what is due now."""
        await self._recover()
        await self._divert()
        self._read = None
        for examination in await self._examinations.out_of_step(await self._going_on()):
            await self._quietly(examination.number, self._reconciled, examination)
        for examination in await self._going_on():
            await self._quietly(examination.number, self._followed, examination)
            await self._quietly(examination.number, self._missed, examination)
        if self._due():
            await self._plan(await self._going_on())
        for examination in await self._going_on():
            await self._quietly(examination.number, self._called, examination)
        for examination in list(self._ended.values()):
            if await self._quietly(examination.number, self._left, examination):
                del self._ended[examination.number]

    async def _going_on(self) -> list[Examination]:
        """Return the examinations that go on, read anew where one changed since they were read.

        What changes while they are read is seen at the next look: an act on what is no longer so is refused.
        """
        if self._read is None:
            self._read = await self._examinations.going_on()
        return self._read

    async def _recover(self) -> None:
        """After a start, look again at what ended of late: whoever noted it may have died before it was followed up."""
        if not self._started:
            for examination in await self._examinations.latest(None, ENDED):
                if examination.closed_at is not None:
                    self._ended[examination.number] = examination
            self._started = True

    async def _divert(self) -> None:
        """Order an examination for each vehicle that the gate diverted; done again, it changes nothing."""
        since = self._clock.now() - DIVERTED_WITHIN_US
        stopped = max(since - STOOD_WITHIN_US, 0)
        latest = await self._gate.list_passages(state="diverted", limit=DIVERSIONS, since=stopped)
        self._known &= {record.passage for record in latest}
        for record in latest:
            if record.passage in self._known or (record.closed_at or 0) < since:
                continue
            state = decode_state(record.document)
            if isinstance(state, Diverted):
                await self._quietly(record.passage, self._ordered, state)
            else:
                self._known.add(record.passage)

    async def _ordered(self, state: Diverted) -> None:
        ordered = await self._diversions.diverted(state)
        if isinstance(ordered, Refused):
            _log.error("%s is not examined: %s", state.dossier.passage, ordered.reasons[0].code)
        self._known.add(state.dossier.passage)
        self.changed()

    async def _reconciled(self, examination: Examination) -> None:
        await self._examinations.reconcile(examination.number)

    async def _followed(self, examination: Examination) -> None:
        if self._release is not None and self._heard.get(examination.number) != examination.version:
            await self._release.follow(examination)
            self._heard[examination.number] = examination.version

    async def _left(self, examination: Examination) -> None:
        """Follow up a vehicle whose examination ended; its goods reach the yard before release hears of them."""
        if self._departures is not None:
            await self._departures.left(examination)
        if self._release is not None:
            await self._release.follow(examination)
        self._heard.pop(examination.number, None)

    async def _missed(self, examination: Examination) -> None:
        now = self._clock.now()
        if examination.state is ExaminationState.CALLED and now >= missing_from(examination, self._rules(now)):
            await self._examinations.miss(examination.number)

    async def _called(self, examination: Examination) -> None:
        appointment, now = examination.appointment, self._clock.now()
        ahead = self._rules(now).times.call_ahead_min * MINUTE
        planned = examination.state is ExaminationState.PLANNED and appointment is not None
        if planned and appointment is not None and appointment.starts_at - ahead <= now:
            await self._examinations.call(examination.number, PLANNER)

    def _due(self) -> bool:
        last = self.standing
        return self._stale or last is None or self._clock.now() - last.at > AGAIN_AFTER_S * SECOND

    async def _plan(self, going_on: list[Examination]) -> None:
        self._stale = False
        now = -(-self._clock.now() // MINUTE) * MINUTE  # so that the same plan names the same instants
        rules = self._rules(now)
        problem = problem_of(going_on, self._roster, rules, now)
        if not problem.jobs:
            return
        plan = await self._planner.plan(problem)
        self.standing = Standing(plan, now, len(problem.jobs))
        appointments = appointments_of(plan, problem, rules, now)
        for examination in going_on:
            fresh = appointments.get(examination.number)
            if fresh is None or examination.state not in WAITING or keeps(examination.appointment, fresh):
                continue
            with contextlib.suppress(Conflict):
                planned = await self._examinations.plan(examination.number, fresh)
                if isinstance(planned, Refused):
                    _log.info("%s was not planned: %s", examination.number, planned.reasons[0].code)

    async def _quietly(self, name: str, act: Callable[[T], Awaitable[None]], what: T) -> bool:
        """Do one thing for one examination; return whether it is done with, for what others change is tried again.

        What cannot be done at all is logged, by its ``name`` alone, and holds up no other vehicle.
        """
        try:
            await act(what)
        except Conflict as error:
            _log.info("%s", error)
            self.changed()
            return False
        except (InvalidValue, NotFound, NotAllowed):
            _log.exception("an examination could not be followed up: look at %s", name)
        return True
