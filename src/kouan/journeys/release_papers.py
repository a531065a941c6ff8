"""Papers that release rests on: declarations open lots; results, certificates and reports are told of them."""

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.lots import lots_of
from kouan.inspection.papers import Declaration, DeclarationStatus, PaperState
from kouan.inspection.release.attested import Certified, Report
from kouan.inspection.release.facts import Disposed, Finding, Found, Way
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.release.use_cases import Told
from kouan.inspection.roles import PapersRecords
from kouan.inspection.supporting import Certificate, LaboratoryResult, PaperKind, ThirdPartyReport
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import midnight
from kouan.vocabulary.verdict import Refused, refuse

DECLARANT = "declarant"
"""Who tells what a declaration says."""

_SUPPORTING: Mapping[PaperKind, type[Certificate | LaboratoryResult | ThirdPartyReport]] = {
    PaperKind.CERTIFICATE: Certificate,
    PaperKind.LABORATORY_RESULT: LaboratoryResult,
    PaperKind.THIRD_PARTY_REPORT: ThirdPartyReport,
}

Answers = Sequence[Told | Refused]


class PapersForRelease:
    """Tells the release desk of papers. A paper that comes twice is refused the second time, and changes nothing."""

    def __init__(self, desk: ReleaseDesk, records: ReleaseRecords, papers: PapersRecords) -> None:
        self._desk = desk
        self._records = records
        self._papers = papers

    async def came(self, number: str) -> None:
        """Tell release of the paper that came under a number; what release refuses changes nothing."""
        declared = await self._papers.find_declaration(number)
        if declared is not None:
            declaration = msgspec.json.decode(declared.document, type=Declaration)
            await self.declared(declaration, declared.submitted_at, DECLARANT)
        for kind, form in _SUPPORTING.items():
            record = await self._papers.find_supporting(kind.value, number)
            if record is not None:
                paper = msgspec.json.decode(record.document, type=form)
                await (self._supporting(paper) if record.state == PaperState.ACTIVE else self._revoked(paper))

    async def _supporting(self, paper: Certificate | LaboratoryResult | ThirdPartyReport) -> None:
        match paper:
            case Certificate():
                await self.certified(paper, paper.issuer)
            case LaboratoryResult():
                await self.tested(paper, paper.laboratory)
            case ThirdPartyReport():
                await self.reported(paper, paper.agency)

    async def _revoked(self, paper: Certificate | LaboratoryResult | ThirdPartyReport) -> None:
        """Take back the goods that a revoked certificate freed; results and reports are told once, and contested."""
        if not isinstance(paper, Certificate):
            return
        for covered in paper.covers:
            if await self._known((covered.lot,)):
                await self._desk.revoke(covered.lot, paper.number, paper.issuer)

    async def declared(self, paper: Declaration, declared_at: Instant, by: str) -> Answers:
        """Open the lots of a declaration, and give those that stand the goods codes and masses that it has now.

        A code that is another one, not the same with more digits, is a mismatch: the goods are held for it.
        """
        standing = {record.number: record for record in await self._records.lots_of_declaration(paper.number)}
        answers: list[Told | Refused] = []
        for lot in lots_of(paper):
            record = standing.get(lot.number)
            if record is None:
                answers.append(await self._desk.open(lot, declared_at))
            elif paper.status is DeclarationStatus.CANCELLED and record.state == LotState.DECLARED:
                fact = Disposed(Way.RETURN, "declaration cancelled")
                answers.append(await self._desk.tell(lot.number, fact, by, "cancelled"))
            elif record.hs_code != lot.hs_code:
                if not lot.hs_code.startswith(record.hs_code) and record.state != LotState.DECLARED:
                    identity = f"mismatch:{paper.version}"
                    answers.append(await self._desk.tell(lot.number, Found(Finding.MISMATCH), by, identity))
                answers.append(await self._desk.refine(lot.number, lot.hs_code, by))
            if record is not None and record.mass_kg != lot.mass_kg:
                answers.append(await self._desk.amend(lot.number, lot.mass_kg, by))
        return answers

    async def _known(self, lots: Sequence[str]) -> list[str]:
        """Return those of the lots that stand; papers may come before their declaration, or for another port."""
        return [lot for lot in lots if await self._records.find_lot(lot) is not None]

    async def tested(self, paper: LaboratoryResult, by: str) -> Told | Refused:
        """Tell a laboratory's result: the lot passes where every item does."""
        if not await self._known((paper.lot,)):
            return refuse("release.sample_unknown")
        return await self._desk.take_result(
            paper.lot, paper.sample, paper.number, bool(paper.items) and paper.passed, by
        )

    async def certified(self, paper: Certificate, by: str) -> Answers:
        """Tell of a certificate to each lot that it covers; issued anew, also to those that it does not cover now."""
        valid_from, valid_until = _day(paper.valid_from), None
        if paper.valid_until is not None:
            valid_until = _day(paper.valid_until, after=1)
        masses = {covered.lot: covered.mass_kg for covered in paper.covers}
        freed = await self._records.lots_of_certificate(paper.number) if paper.version > 1 else ()
        return [
            await self._desk.certify(
                lot,
                Certified(paper.number, paper.certificate, masses.get(lot, 0), valid_from, valid_until, paper.version),
                by,
            )
            for lot in dict.fromkeys((*masses, *(record.number for record in freed)))
            if await self._known((lot,))
        ]

    async def reported(self, paper: ThirdPartyReport, by: str) -> Answers:
        """Have a third party's report accepted for each of its lots; one with an item that failed never is."""
        items = tuple(item.item for item in paper.items if item.passed)
        report = Report(paper.number, paper.agency, items, _day(paper.valid_from))
        return [await self._desk.verify_report(lot, report, by) for lot in await self._known(paper.lots)]


def _day(text: str, after: int = 0) -> Instant:
    """Return the midnight at which a day begins in China, or one ``after`` it."""
    return midnight(dt.date.fromisoformat(text) + dt.timedelta(days=after))
