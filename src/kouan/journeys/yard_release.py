"""What the yard tells release: a lot has arrived, and was unloaded."""

from kouan.inspection.release.facts import Arrived, Fact, SiteChecked
from kouan.inspection.release.rule import Check
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.errors import NotFound
from kouan.yard.events import Event, NetKnown, VisitOpened
from kouan.yard.facts import Purpose
from kouan.yard.states import VisitState

BY = "yard"
"""Who tells: the yard, of what its own scales and gates recorded."""


class YardToRelease:
    """Tells release what happened to a lot; what it heard before, or cannot use in the lot's state, changes nothing."""

    def __init__(self, desk: ReleaseDesk) -> None:
        self._desk = desk

    async def follow(self, state: VisitState, events: tuple[Event, ...]) -> None:
        """Tell what follows from a visit's events; a lot that release does not know is nobody's to tell."""
        stay = state.stay
        for event in events:
            fact: Fact | None = None
            if isinstance(event, VisitOpened) and stay.purpose is Purpose.DELIVERY:
                fact = Arrived()
            elif isinstance(event, NetKnown):
                fact = SiteChecked(Check.UNLOADED, passed=True)
            if fact is None:
                continue
            try:
                await self._desk.tell(stay.lot, fact, BY, f"{stay.visit}:{type(fact).__name__}")
            except NotFound:
                return
