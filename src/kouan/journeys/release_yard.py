"""What release tells the yard: goods that may not leave any more are recalled from the lorries that fetch them."""

from kouan.inspection.release.permits import may_leave
from kouan.inspection.release.records import rule_of, standing_of
from kouan.inspection.release.use_cases import Told
from kouan.journeys.yard_release import YardToRelease
from kouan.journeys.yard_visits import YardVisits
from kouan.vocabulary.verdict import Refused


class ReleaseToYard:
    """Holds what is being fetched of a lot that may not leave; nothing leaves on a release that ended, held or not."""

    def __init__(self, visits: YardVisits, yard: YardToRelease) -> None:
        """``yard`` looks again whether a lot is unloaded whose declared mass was amended."""
        self._visits = visits
        self._yard = yard

    async def follow(self, told: Told) -> None:
        """Tell the yard of a lot that was amended, or moved to where its goods may not leave: held, recalled."""
        if not told.moves:
            await self._yard.weighed_in(told.record.number)
            return
        verdict = may_leave(standing_of(told.record), rule_of(told.record), told.record.changed_at)
        if isinstance(verdict, Refused):
            await self._visits.withdraw(told.record.number, verdict.reasons[0])
