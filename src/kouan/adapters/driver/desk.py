"""Where people act on the gate: their decisions become facts, and are answered once these are durable."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from kouan.access.people import Agency, Principal
from kouan.adapters.driver.holds import HoldDesk
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.port_driver import PortDriver
from kouan.gate.events import FactRecorded
from kouan.gate.facts import ReviewConfirmed, ReviewDecided
from kouan.gate.lanes import DirectionWanted, LaneFact, LaneStarted, LaneStopped
from kouan.gate.procedures import Authority
from kouan.gate.roles import CAP_SPAN_US, GateRecords
from kouan.gate.states import InReview
from kouan.inspection.control_orders import ControlOrder
from kouan.inspection.roles import PapersRecords
from kouan.protocols.lane_order.messages import LONGEST_LIFE_US, LaneReset
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Granted, Reason, Refused, refuse


def authority_of(by: Principal) -> Authority | None:
    """Return the authority for which a person decides, None for those who decide nothing at the gate."""
    return None if by.agency is Agency.TRADE else Authority(by.agency.value)


class PortDesk:
    """The GateDesk role over a port's driver. Decisions are taken one at a time, so that no cap is passed twice."""

    def __init__(
        self,
        port: PortDriver,
        records: GateRecords,
        papers: PapersRecords,
        clock: Clock,
        secret: Callable[[], str],
    ) -> None:
        """``secret`` returns a fresh string that nobody can guess, of which the numbers of holds are made."""
        self._port = port
        self._records = records
        self._clock = clock
        self._turn = asyncio.Lock()
        self.holds = HoldDesk(port, papers, clock, secret)

    async def decide(
        self,
        passage: str,
        by: Principal,
        action: str,
        reason: str,
        *,
        rule: str | None = None,
        corrections: Mapping[str, str],
        stepped_up: bool,
    ) -> Granted | Refused:
        """Decide on a passage in the review queue; the answer comes after the commit."""
        authority = authority_of(by)
        if authority is None:
            return refuse("review.not_yours")
        async with self._turn:
            now = self._clock.now()
            recent = await self._records.count_exceptions(by.username, now - CAP_SPAN_US)
            fact = ReviewDecided(
                at=now,
                by=by.username,
                roles=tuple(role.value for role in by.roles),
                authority=authority,
                action=action,
                reason=reason,
                rule=rule,
                corrections=dict(corrections),
                stepped_up=stepped_up,
                recent=recent,
                hub_age_us=self._hub_age_us(),
            )
            return await self._feed(passage, fact)

    async def confirm(self, passage: str, by: Principal, reason: str, *, stepped_up: bool) -> Granted | Refused:
        """Confirm, as a second person, what the first decided; the answer comes after the commit."""
        authority = authority_of(by)
        if authority is None:
            return refuse("review.not_yours")
        roles = tuple(role.value for role in by.roles)
        async with self._turn:
            now, age_us = self._clock.now(), self._hub_age_us()
            first = self._first(passage)
            recent = 0 if first is None else await self._records.count_exceptions(first, now - CAP_SPAN_US)
            fact = ReviewConfirmed(now, by.username, roles, authority, reason, stepped_up, age_us, recent)
            return await self._feed(passage, fact)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return what lets one exception be counted and recorded at a time, wherever else it is given (I12)."""
        return self._turn

    async def turn_lane(self, lane: str, direction: Direction, by: Principal, reason: str) -> Granted | Refused:
        """Let a tidal lane go the other way: at once where it is empty, else once it is."""
        return await self._change(lane, lambda now: DirectionWanted(now, direction, by.username, reason))

    async def open_lane(self, lane: str, by: Principal, reason: str) -> Granted | Refused:
        """Take a lane into service again; where its controller latched, give it leave to end that."""
        driver = self._port.lane(lane)
        stopped = driver.lane.stopped is not None
        verdict = await self._change(lane, lambda now: LaneStarted(now, by.username, reason))
        if stopped and isinstance(verdict, Granted):
            self._port.messenger.reset(self._reset(lane, by, reason))
        return verdict

    async def close_lane(self, lane: str, by: Principal, reason: str) -> Granted | Refused:
        """Take a lane out of service; a vehicle that stands in it is served."""
        if not reason.strip():
            return refuse("review.no_reason")
        why = Reason("lane.closed", {"lane": lane})
        return await self._change(lane, lambda now: LaneStopped(now, why, by.username))

    async def place_hold(self, by: Principal, order: ControlOrder, number: str | None = None) -> str | Refused:
        """Place a control order for one's own authority; see ``HoldDesk.place``."""
        return await self.holds.place(order, by.agency, by.username, number)

    async def lift_hold(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Lift a control order of one's own authority; see ``HoldDesk.lift``."""
        return await self.holds.lift(number, by.agency, by.username, reason)

    def _hub_age_us(self) -> int | None:
        region = self._port.roles.region
        return None if region is None else region.age_us()

    def _first(self, passage: str) -> str | None:
        """Return whose decision waits to be confirmed, None where none does."""
        try:
            state = self._port.lane_of(passage).runner.open
        except NotFound:
            return None
        return state.first.by if isinstance(state, InReview) and state.first is not None else None

    async def _feed(self, passage: str, fact: ReviewDecided | ReviewConfirmed) -> Granted | Refused:
        try:
            lane = self._port.lane_of(passage)
        except NotFound:
            if await self._records.find_passage(passage) is None:
                raise
            return refuse("review.closed")
        fed = lane.runner.feed(fact)
        if fed is None:
            return refuse("review.closed")
        taken, recording = fed
        await asyncio.wait((recording,))
        if recording.cancelled() or not recording.result():
            raise Unavailable("the decision could not be recorded")
        told = next((event for event in taken.events if isinstance(event, FactRecorded) and event.fact == fact), None)
        if told is None:
            return refuse("review.closed")
        return GRANTED if told.used else refuse(f"review.{told.cause}")

    async def _change(self, lane: str, fact: Callable[[Instant], LaneFact]) -> Granted | Refused:
        driver: LaneDriver = self._port.lane(lane)
        taken, recording = driver.keeper.feed(fact(self._clock.now()))
        if recording is not None:
            await asyncio.wait((recording,))
            if recording.cancelled() or self._port.failure is not None:
                raise Unavailable("the lane's change could not be recorded")
        self._port.watcher.lane_changed(driver)
        return taken.verdict

    def _reset(self, lane: str, by: Principal, reason: str) -> LaneReset:
        now, nonce = self._clock.now(), self._port.nonce()
        return LaneReset(
            reset_id=f"reset-{lane}-{nonce[:16]}",
            port=self._port.setting.port,
            lane=lane,
            by=by.username,
            reason="".join(sign if sign.isprintable() else " " for sign in reason)[:200],
            issued_at=now,
            expires_at=now + LONGEST_LIFE_US,
            nonce=nonce,
        )
