"""Net mass from the yard's scales written off against the papers of a lot: all of them, or none."""

from collections.abc import Mapping

import msgspec

from kouan.inspection.balances import WHOLE, BalanceKind, Part, same_write_off, void_ticket, write_off_net
from kouan.inspection.overrun import OverrunAt, no_overrun
from kouan.inspection.release.lot import parse_lot_number
from kouan.inspection.roles import PapersRecords
from kouan.inspection.supporting import Licence, PaperKind
from kouan.inspection.use_cases import declaration_of, refusal_of
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Conflict
from kouan.vocabulary.identifiers import HsCode
from kouan.vocabulary.verdict import Refused, refuse


class WrittenOff(msgspec.Struct, frozen=True):
    """A ticket is written off; ``repeated`` says that it was already, against just these papers."""

    ticket: str
    parts: tuple[Part, ...]
    repeated: bool


class NetWriteOffs:
    """Writes tickets off, each once. Only net mass is taken: gross less tare, as the yard weighed it."""

    def __init__(self, papers: PapersRecords, ledger: Ledger, clock: Clock, overrun: OverrunAt = no_overrun) -> None:
        """``overrun`` says what may come over a declared mass, by the rules of the day on which it was declared."""
        self._papers = papers
        self._ledger = ledger
        self._clock = clock
        self._overrun = overrun

    async def write_off(self, ticket: str, parts: tuple[Part, ...], by: str) -> WrittenOff | Refused:
        """Write one ticket off; the same again changes nothing, and another mass under its number is refused."""
        standing = await self._papers.write_offs_of_ticket(ticket)
        if standing:
            same = same_write_off(standing, parts)
            return WrittenOff(ticket, parts, repeated=True) if same else refusal_of("papers.keep_write_off")
        unit = write_off_net(ticket, parts, by, self._clock.now())
        if isinstance(unit, Refused):
            return unit
        try:
            answer = await self._ledger.append(unit)
        except Conflict:
            return refusal_of("papers.keep_write_off")
        if isinstance(answer, UnitRefused):
            return refusal_of(answer.guard)
        if answer.repeated and not same_write_off(await self._papers.write_offs_of_ticket(ticket), parts):
            return refusal_of("papers.keep_write_off")
        return WrittenOff(ticket, parts, answer.repeated)

    async def void(self, ticket: str, reason: str, by: str) -> Unit | Refused:
        """Take back what a ticket wrote off, as after a wrong weighing."""
        standing = await self._papers.write_offs_of_ticket(ticket)
        unit = void_ticket(ticket, standing, reason, by, self._clock.now())
        if isinstance(unit, Refused):
            return unit
        answer = await self._ledger.append(unit)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else unit

    async def parts_of(
        self, lot: str, net_kg: int, consignments: Mapping[str, str] | None = None
    ) -> tuple[Part, ...] | Refused:
        """Return the papers against which net mass of a lot is written off.

        These are its declaration's line, with the tolerance of goods in bulk, the licences that its declaration is
        drawn on and that cover its goods, and ``consignments`` of manifests, by their number: the manifest of each.
        Refused where a licence is not there.
        """
        number, line = parse_lot_number(lot)
        record = await self._papers.find_declaration(number)
        if record is None:
            return refuse("declaration.unknown", field="lot", mend=f"there is no declaration {number}", lot=lot)
        paper = declaration_of(record)
        codes = {each.line: each.hs_code for each in paper.lines} or {
            index: each.hs_code for index, each in enumerate(paper.consignments, 1)
        }
        if line not in codes:
            return refuse("declaration.line", field="lot", mend=f"{number} has no line {line}", lot=lot)
        overrun = self._overrun(codes[line], record.submitted_at)
        parts = [Part(BalanceKind.DECLARATION, number, str(line), net_kg, overrun)]
        for name in paper.licences:
            licence = await self._papers.find_supporting(PaperKind.LICENCE, name)
            if licence is None:
                return refuse("papers.no_licence", field="licences", mend=f"hand in the licence {name}", lot=lot)
            covered = msgspec.json.decode(licence.document, type=Licence).hs_codes
            if any(HsCode(code).covers(HsCode(codes[line])) for code in covered):
                parts.append(Part(BalanceKind.LICENCE, name, WHOLE, net_kg))
        parts += [
            Part(BalanceKind.MANIFEST, manifest, item, net_kg)
            for item, manifest in sorted((consignments or {}).items())
        ]
        return tuple(parts)
