"""What release tells the yard: goods that may not leave any more are recalled from the lorries that fetch them."""

from collections.abc import Callable

from kouan.inspection.release.permits import may_leave, released_kg
from kouan.inspection.release.records import LotRecord, rule_of, standing_of
from kouan.inspection.release.use_cases import Told
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.yard_release import BY, YardToRelease
from kouan.journeys.yard_visits import YardVisits
from kouan.vocabulary.verdict import Reason, Refused
from kouan.yard.events import CallPerson, Command
from kouan.yard.roles import YardRecords


class ReleaseToYard:
    """Holds what is being fetched of a lot that may not leave; nothing leaves on a release that ended, held or not."""

    def __init__(
        self,
        desk: ReleaseDesk,
        visits: YardVisits,
        records: YardRecords,
        yard: YardToRelease,
        tell: Callable[[Command], None],
    ) -> None:
        """``yard`` looks again whether a lot is unloaded whose declared mass was amended; ``tell`` calls people."""
        self._desk = desk
        self._visits = visits
        self._records = records
        self._yard = yard
        self._tell = tell

    async def follow(self, told: Told) -> None:
        """Tell the yard of a lot that was amended, or moved to where its goods may not leave: held, recalled."""
        if not told.moves:
            await self._yard.weighed_in(told.record.number)
            await self._oversold(told.record)
            return
        verdict = may_leave(standing_of(told.record), rule_of(told.record), told.record.changed_at)
        if isinstance(verdict, Refused):
            await self._visits.withdraw(told.record.number, verdict.reasons[0])

    async def _oversold(self, lot: LotRecord) -> None:
        """Escalate where more has left than is released now: the rest stays, nothing may be sold, a person is called.

        What left was certified when it did. The lot waits for another certificate or a recall, and its deadline runs.
        """
        standing, account = standing_of(lot), await self._records.find_lot(lot.number)
        left_kg = released_kg(standing, lot.mass_kg)
        if account is None or account.taken_kg <= left_kg:
            return
        params: dict[str, str | int] = {"lot": lot.number, "taken_kg": account.taken_kg, "released_kg": left_kg}
        self._tell(CallPerson(lot.number, 1, Reason("yard.oversold", params)))
        if standing.certificate is not None:
            await self._desk.revoke(lot.number, standing.certificate, BY)
