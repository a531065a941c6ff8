"""The shipped rules, lots of every kind, and a way to tell a lot facts and see where it comes to."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.release_rules import texts_in
from kouan.inspection.release import machine
from kouan.inspection.release.facts import (
    Arrived,
    CertificateIssued,
    Fact,
    ReportVerified,
    ResultIn,
    SampleTaken,
    SiteChecked,
)
from kouan.inspection.release.lot import Lot, LotState, lot_number
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.rulebook import ReleaseBook, parse_book
from kouan.inspection.release.standing import Standing, site_checks
from kouan.inspection.supporting import CertificateKind
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.days import midnight
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

FOLDER = Path(__file__).parents[4] / "ports" / "rules"
TEXTS = dict(texts_in(FOLDER, "ganqimaodu"))
BOOK: ReleaseBook = parse_book(list(TEXTS.values()))
NOW: Instant = midnight(dt.date(2026, 11, 22)) + 9 * 3600 * SECOND
DAY = 86_400 * SECOND
HOUR = 3600 * SECOND
IRON, MANGANESE, LEAD, COPPER, COAL = "2601111000", "2602000000", "2607000000", "2603000010", "2701121000"
CLOTHING, MEAT, CAR = "6109100021", "0202200000", "8703101100"
DECLARATION = "071320261000000001"


def lot(hs_code: str = MANGANESE, **changes: Any) -> Lot:
    """A lot of 80 t."""
    made = Lot(lot_number(DECLARATION, 1), DECLARATION, 1, hs_code, "goods", Direction.IN, 80_000, "91150000MA0XXXXX0X")
    return msgspec.structs.replace(made, **changes)


def rule_for(hs_code: str, declared_at: Instant = NOW, arrived_at: Instant | None = None) -> ReleaseRule:
    """The rule that goods end up under, release on unloading included."""
    arrived_at = declared_at if arrived_at is None else arrived_at
    rule = BOOK.choose(hs_code, Direction.IN, declared_at, arrived_at)
    assert not isinstance(rule, Refused)
    return BOOK.unload(rule, hs_code, Direction.IN, declared_at, arrived_at)


def with_agency(rule: ReleaseRule, agency: str = "CTI") -> ReleaseRule:
    """A rule whose reports are accepted of one agency."""
    assert rule.report is not None
    return msgspec.structs.replace(rule, report=msgspec.structs.replace(rule.report, agencies=(agency,)))


class Told:
    """One lot under one rule; ``tell`` moves it, ``refused`` asserts that it does not."""

    def __init__(self, rule: ReleaseRule, now: Instant = NOW) -> None:
        self.rule = rule
        self.now = now
        self.standing: Standing = machine.begin(rule, now)
        self.states: list[LotState] = [self.standing.state]
        self.cites: set[str] = set()

    @property
    def state(self) -> LotState:
        return self.standing.state

    def tell(self, *facts: Fact) -> "Told":
        for fact in facts:
            moved = machine.step(self.standing, fact, self.rule, self.now)
            assert not isinstance(moved, Refused), (fact, self.state, moved)
            for each in machine.settle(moved, self.rule, self.now):
                self.standing = each.standing
                self.states.append(each.after)
                self.cites.update(each.cites)
        return self

    def refused(self, fact: Fact) -> str:
        """Return the code of the reason for which a fact is not heard."""
        answer = machine.step(self.standing, fact, self.rule, self.now)
        assert isinstance(answer, Refused), (fact, self.state)
        return answer.reasons[0].code

    def on_site(self) -> "Told":
        """Arrive and pass every check that the rule asks for."""
        self.tell(Arrived())
        return self.pass_checks()

    def pass_checks(self) -> "Told":
        for check in site_checks(self.standing, self.rule):
            if check not in self.standing.passed:
                self.tell(SiteChecked(check, True))
        return self


SAMPLED = SampleTaken("S1")
GOOD, BAD = ResultIn("R1", True), ResultIn("R1", False)
CERTIFICATE = CertificateIssued("C1", CertificateKind.QUALITY)


def report(rule: ReleaseRule, drawn: bool = False, issued_at: Instant = NOW - DAY) -> ReportVerified:
    """A report that is as the rule has it."""
    assert rule.report is not None
    return ReportVerified("T1", "CTI", rule.report.items, issued_at, drawn)
