"""What the yard tells release: a lot has arrived, and all of it was unloaded.

A lot is unloaded (卸毕) when what was weighed in is its declared mass, less what two tickets of the same goods may
differ by, and none of its vehicles stands in the yard unweighed. A lot that stays short is not: its declaration is
amended to what came, or an officer of the yard says that nothing more does.
"""

from kouan.inspection.release.facts import Arrived, Fact, SiteChecked
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import standing_of
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.release.rule import Check
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.yard.events import Event, NetKnown, VisitOpened
from kouan.yard.facts import Purpose
from kouan.yard.roles import YardRecords
from kouan.yard.states import VisitState

BY = "yard"
"""Who tells: the yard, of what its own scales and gates recorded."""

PER_MILLE = 1000

WAITING = (LotState.DECLARED, LotState.ARRIVED, LotState.ON_SITE)
"""States of lots that may still have to be told that they arrived, or that all of them is unloaded."""

MOST_LOTS = 100_000
"""Most lots of a state that are looked at after a restart. Our choice: many times what a port has declared at once."""


class YardToRelease:
    """Tells release what happened to a lot; what it heard before, or cannot use in the lot's state, changes nothing."""

    def __init__(self, desk: ReleaseDesk, lots: ReleaseRecords, yard: YardRecords, short_pm: int) -> None:
        """``short_pm`` is by how many parts per thousand what was weighed in may fall short of what was declared."""
        self._desk = desk
        self._lots = lots
        self._yard = yard
        self._short_pm = short_pm
        self._owed = True  # what an earlier process recorded it may not have told

    async def follow(self, state: VisitState, events: tuple[Event, ...]) -> None:
        """Tell what follows from a visit's events; a lot that release does not know is nobody's to tell.

        What cannot be told now is owed: see ``settle``. Raises Unavailable.
        """
        try:
            await self._follow(state, events)
        except Unavailable:
            self._owed = True
            raise

    async def settle(self) -> None:
        """Tell what was recorded and may not have been told: after a restart, and where the store was away meanwhile.

        Raises Unavailable: then it is owed still.
        """
        if not self._owed:
            return
        self._owed = False
        try:
            for state in WAITING:
                for record in await self._lots.lots_in(state.value, MOST_LOTS):
                    await self._tell_again(record.number)
        except Unavailable:
            self._owed = True
            raise

    async def _tell_again(self, lot: str) -> None:
        visits = await self._yard.visits_of_lot(lot)
        for visit in visits:
            if visit.purpose == Purpose.DELIVERY:
                await self._tell(lot, Arrived(), f"{visit.visit}:{Arrived.__name__}")
        if visits:
            await self.weighed_in(lot)

    async def _follow(self, state: VisitState, events: tuple[Event, ...]) -> None:
        stay = state.stay
        for event in events:
            if isinstance(event, VisitOpened) and stay.purpose is Purpose.DELIVERY:
                await self._tell(stay.lot, Arrived(), f"{stay.visit}:{Arrived.__name__}")
            elif isinstance(event, NetKnown):
                await self.weighed_in(stay.lot)

    async def weighed_in(self, lot: str) -> None:
        """Tell that a lot is unloaded, if all of it is in; doing so twice changes nothing."""
        record, account = await self._lots.find_lot(lot), await self._yard.find_lot(lot)
        if record is None or account is None or Check.UNLOADED in standing_of(record).passed:
            return
        if account.in_kg * PER_MILLE < record.mass_kg * (PER_MILLE - self._short_pm):
            return
        for visit in await self._yard.visits_of_lot(lot):
            delivers = visit.purpose == Purpose.DELIVERY and visit.closed_at is None
            if delivers and await self._yard.find_net(visit.visit) is None:
                return
        await self._tell(lot, SiteChecked(Check.UNLOADED, passed=True), f"unloaded:{record.version}")

    async def _tell(self, lot: str, fact: Fact, identity: str) -> None:
        try:
            await self._desk.tell(lot, fact, BY, identity)
        except NotFound:
            return
