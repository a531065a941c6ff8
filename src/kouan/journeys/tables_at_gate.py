"""Decision tables at the gate: asked once a vehicle's papers were found; each row that counts places an order."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import reduce

import msgspec

from kouan.access.people import Agency
from kouan.gate.evidence import Consignment, PapersMatched
from kouan.gate.roles import PapersDesk, PapersQuery
from kouan.inspection.control_orders import ControlKind, ControlOrder, order_record, place_order
from kouan.inspection.roles import PapersRecords
from kouan.inspection.rules.document import TABLES
from kouan.inspection.rules.facts import Fact
from kouan.inspection.rules.roles import DecisionTables
from kouan.inspection.rules.table import Row
from kouan.ledger.roles import Appended, Ledger, Unit
from kouan.vocabulary.clock import Clock, Instant, seconds
from kouan.vocabulary.errors import Conflict, Corrupt, InvalidValue
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

STAGE = "at-gate"

VALID_US = seconds(24 * 3600)
"""How long an order holds that a table placed. Our choice: a vehicle is examined on the day on which it comes."""

PLACED_BY = "table "
"""What ``placed_by`` of an order begins with that a table placed; the document and its digest follow."""


class Found(msgspec.Struct, frozen=True):
    """A row that counts for a vehicle, whose it is, and the document that decided it."""

    authority: Agency
    table: str
    row: Row
    document: str
    digest: str


class Undecided(msgspec.Struct, frozen=True):
    """A table that could not decide, and why: nobody may go on as if it had said nothing."""

    authority: Agency
    table: str
    why: str


def facts_of(papers: PapersMatched, direction: Direction) -> Iterator[dict[str, Fact]]:
    """Yield what tables may ask of a vehicle, once for each of its consignments; once where it has none."""
    vehicle: dict[str, Fact] = {
        "direction": direction.value,
        "load": papers.load,
        "cargo": papers.cargo,
        "plate": papers.plate,
        "tare_kg": papers.tare_kg,
        "convoy_expected": papers.convoy_expected,
        "late": papers.late,
        "green_channel": papers.green_channel,
        "announced": papers.confirmation is not None,
    }
    for one in papers.consignments or (None,):
        yield {**vehicle, **_goods(one)}


def _goods(one: Consignment | None) -> dict[str, Fact]:
    if one is None:
        names = ("hs_code", "goods", "declaration", "gross_kg", "total_kg", "crossed_kg", "cleared")
        return dict.fromkeys(names)
    return {
        "hs_code": one.hs_code,
        "goods": one.goods,
        "declaration": one.declaration,
        "gross_kg": one.declared_gross_kg,
        "total_kg": one.total_kg,
        "crossed_kg": one.crossed_kg,
        "cleared": one.cleared,
    }


def ask(
    tables: DecisionTables, papers: PapersMatched, direction: Direction, at: Instant
) -> tuple[Found | Undecided, ...]:
    """Return what the tables in force at an instant ask for, each row once, in the order of tables and rows. Pure."""
    found: dict[tuple[str, str], Found | Undecided] = {}
    facts = list(facts_of(papers, direction))
    for name, authority in TABLES.items():
        if not name.endswith(STAGE):
            continue
        try:
            for one in facts:
                asked = tables.evaluate(name, one, at)
                for row in () if asked is None else asked.rows:
                    if row.kind is not None and asked is not None:
                        found[name, row.id] = Found(authority, name, row, asked.document, asked.digest)
        except (InvalidValue, Corrupt) as error:
            found[name, ""] = Undecided(authority, name, _why(error))
    return tuple(found.values())


def _why(error: InvalidValue | Corrupt) -> str:
    return f"{error.field} {error.rule}" if isinstance(error, InvalidValue) else str(error)


def hold_of(found: Found | Undecided, passage: str) -> str:
    """Return a hold as evidence has it; a table that cannot decide detains."""
    if isinstance(found, Undecided):
        return f"{found.authority.value}:{ControlKind.DETAIN.value}:{prefix(found.table)}{found.why}"
    kind = ControlKind.DETAIN if found.row.kind is None else found.row.kind
    return f"{found.authority.value}:{kind.value}:{number_of(found, passage)}"


def prefix(table: str) -> str:
    """Return what the numbers of a table's orders begin with."""
    return f"G-{table}-"


def number_of(found: Found, passage: str) -> str:
    """Return the number of the order that a row places for a passage: the same however often it is asked."""
    named = hashlib.sha256(f"{passage}\n{found.digest}\n{found.row.id}".encode()).hexdigest()
    return f"{prefix(found.table)}{named[:16]}"


class TablesAtGate:
    """Plays ``PapersDesk`` on top of another: the holds that the tables ask for stand among those of the papers."""

    def __init__(
        self, desk: PapersDesk, tables: DecisionTables, papers: PapersRecords, ledger: Ledger, clock: Clock
    ) -> None:
        self._desk = desk
        self._tables = tables
        self._papers = papers
        self._ledger = ledger
        self._clock = clock

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        """Return the papers in force with what the tables ask for; see ``PapersDesk``."""
        papers = await self._desk.find_papers(query)
        if papers is None:
            return None
        asked = ask(self._tables, papers, query.direction, query.at)
        if not asked:
            return papers
        lifted = await self._lifted(asked, papers, query)
        counts = [each for each in asked if isinstance(each, Undecided) or number_of(each, query.passage) not in lifted]
        reasons = {
            number_of(each, query.passage): each.row.why
            for each in counts
            if isinstance(each, Found) and each.row.kind is ControlKind.WATCH
        }
        holds = [hold_of(each, query.passage) for each in counts]
        fresh = tuple(hold for hold in holds if hold not in papers.holds)
        return msgspec.structs.replace(
            papers, holds=(*papers.holds, *fresh), hold_reasons={**papers.hold_reasons, **reasons}
        )

    async def _lifted(
        self, asked: Sequence[Found | Undecided], papers: PapersMatched, query: PapersQuery
    ) -> frozenset[str]:
        """Place the orders of rows that do not stand yet, all in one commit; return those that were lifted meanwhile.

        What stands among the papers' holds is in force; of the rest nearly all is fresh, so that nothing is read first.
        """
        standing = {hold.split(":", 2)[2] for hold in papers.holds}
        units = dict(self._units(asked, query.plate or papers.plate, query.passage))
        fresh = {number: unit for number, unit in units.items() if number not in standing}
        if not fresh or await self._recorded(reduce(Unit.beside, fresh.values())):
            return frozenset()
        return frozenset([number for number, unit in fresh.items() if await self._was_lifted(number, unit)])

    def _units(self, asked: Sequence[Found | Undecided], plate: str | None, passage: str) -> Iterator[tuple[str, Unit]]:
        """Yield what places the order of each row; nothing without a plate: the hold stands in the evidence alone."""
        now = self._clock.now()
        for found in asked:
            kind = None if isinstance(found, Undecided) else found.row.kind
            if plate is None or isinstance(found, Undecided) or kind is None:
                continue
            row, number = found.row, number_of(found, passage)
            order = ControlOrder(kind, row.why, plate=plate, valid_until=now + VALID_US, steps=row.steps)
            by = f"{PLACED_BY}{found.document} {found.digest} row {row.id}"
            unit = place_order(order_record(order, number, found.authority, by, now))
            if not isinstance(unit, Refused):
                yield number, unit

    async def _recorded(self, unit: Unit) -> bool:
        """Record a unit; say whether all of it is new."""
        try:
            answer = await self._ledger.append(unit)
        except Conflict:  # some of it was recorded before
            return False
        return isinstance(answer, Appended) and not answer.repeated

    async def _was_lifted(self, number: str, unit: Unit) -> bool:
        """Say whether an order was lifted; place it where it was not placed yet."""
        standing = await self._papers.find_order(number)
        if standing is None:
            await self._ledger.append(unit)
        return standing is not None and standing.lifted_at is not None
