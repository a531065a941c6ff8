"""What an examination tells release of the goods aboard: that they are at the port, and what its steps showed of them.

What speaks against goods counts for every lot aboard, whoever asked. What speaks for them counts where a control order
on the goods themselves asked for the step: one vehicle that was looked at for its own sake shows nothing of the rest.
"""

from collections.abc import Mapping, Sequence

from kouan.access.people import Agency
from kouan.inspection.examination.examination import Examination, Step
from kouan.inspection.release.facts import Arrived, Fact, Finding, Found, SiteChecked
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.release.rule import Check
from kouan.inspection.roles import PapersRecords
from kouan.inspection.steps import StepKind
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.verdict import Refused

BY = "examination"
"""Who tells that goods are there: the sheet, on which an officer noted the vehicle at its bay."""

CHECKS: Mapping[StepKind, Check] = {
    StepKind.RADIATION: Check.RADIATION,
    StepKind.FOREIGN_MATTER: Check.FOREIGN_MATTER,
    StepKind.SOLID_WASTE: Check.SOLID_WASTE,
    StepKind.QUANTITY: Check.QUANTITY,
    StepKind.APPEARANCE: Check.APPEARANCE,
    StepKind.QUARANTINE: Check.QUARANTINE,
}
"""Which check of release a step is. A weighing is none: an appraisal of weight is more than one vehicle's mass."""

FINDINGS: Mapping[StepKind, Finding] = {
    StepKind.RADIATION: Finding.EXCESS_RADIATION,
    StepKind.FOREIGN_MATTER: Finding.FOREIGN_MATTER,
    StepKind.SOLID_WASTE: Finding.SOLID_WASTE,
    StepKind.QUANTITY: Finding.MISMATCH,
}
"""What a step that went against goods means where their rule has no such check; else they only need their result."""


class ExaminationToRelease:
    """Tells release what follows from a sheet; what it heard before, or cannot use as lots stand, changes nothing."""

    def __init__(self, desk: ReleaseDesk, lots: ReleaseRecords, papers: PapersRecords) -> None:
        self._desk = desk
        self._lots = lots
        self._papers = papers

    async def follow(self, examination: Examination) -> None:
        """Tell what the sheet shows now; doing so twice changes nothing."""
        if examination.arrived_at is None:
            return
        declared = [await self._lots.lots_of_declaration(each) for each in examination.vehicle.declarations]
        lots = [record.number for records in declared for record in records]
        for lot in lots:
            await self._desk.tell(lot, Arrived(), BY, f"examination:{examination.number}:arrived")
        shown = [step for step in examination.steps if step.kind in CHECKS and step.done and not step.contradictory]
        for step in shown if lots else ():
            if not step.clear:
                await self._against(examination, step, lots)
            elif await self._asked_of_goods(step):
                await self._tell(examination, step, lots, SiteChecked(CHECKS[step.kind], passed=True))

    async def _against(self, examination: Examination, step: Step, lots: Sequence[str]) -> None:
        """Fail the check, or where a lot has no such check, report what was found of it."""
        failed = SiteChecked(CHECKS[step.kind], passed=False)
        for lot in await self._tell(examination, step, lots, failed):
            found = Found(FINDINGS.get(step.kind, Finding.HIGH_RISK))
            await self._tell(examination, step, (lot,), found)

    async def _asked_of_goods(self, step: Step) -> bool:
        """Say whether a control order on the declaration or consignment asked for a step."""
        for number in step.asks:
            order = await self._papers.find_order(number)
            if order is not None and (order.declaration is not None or order.consignment is not None):
                return True
        return False

    async def _tell(self, examination: Examination, step: Step, lots: Sequence[str], fact: Fact) -> list[str]:
        """Tell each lot a fact in the name of who reported it, customs' officer first; return where it is of no use."""
        by = min(step.reports, key=lambda report: report.agency is not Agency.CUSTOMS).by
        identity = f"examination:{examination.number}:{step.number}:{step.round}"
        refused = []
        for lot in lots:
            told = await self._desk.tell(lot, fact, by, identity)
            if isinstance(told, Refused) and told.reasons[0].code != "release.told_already":
                refused.append(lot)
        return refused
