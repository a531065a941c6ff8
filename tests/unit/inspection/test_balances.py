"""What papers grant, and a machine that writes off, amends, cancels and takes back in any order (I16)."""

import datetime as dt
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.inspection.papers_kit import IN_DECLARATION, NOW, Records, declaration, line, manifest

from kouan.inspection.balances import (
    WHOLE,
    BalanceKind,
    Part,
    granted_by,
    left_kg,
    over_kg,
    same_write_off,
    void_ticket,
    write_off_net,
)
from kouan.inspection.overrun import Overrun
from kouan.inspection.papers import DeclarationStatus
from kouan.inspection.reading import read_declaration, read_manifest
from kouan.inspection.records import BalanceRecord, WriteOffRecord
from kouan.inspection.supporting import PaperKind
from kouan.inspection.supporting_matrix import read_supporting
from kouan.inspection.use_cases import Accepted, note_status, submit_declaration, submit_manifest
from kouan.ledger.roles import Unit
from kouan.vocabulary.days import midnight
from kouan.vocabulary.verdict import Refused

HOLDER = "91350100M000100Y43"
LICENCE = {
    "number": "L-2026-001",
    "holder": HOLDER,
    "hs_codes": ["260111"],
    "mass_kg": 1_000_000,
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "overrun_permille": 50,
}


def goods(number: int, net_kg: int) -> dict[str, Any]:
    return {"line": number, "hs_code": "2601111000", "goods": "铁矿砂", "net_kg": net_kg}


def granted(paper: Any) -> dict[str, int]:
    assert not isinstance(paper, Refused), paper
    found = granted_by(paper)
    return {} if found is None else {balance.item: balance.granted_kg for balance in found.balances}


def test_each_paper_grants_what_it_says() -> None:
    lines = read_declaration(declaration(lines=[goods(1, 60_000), goods(2, 20_000)]))
    assert granted(lines) == {"1": 60_000, "2": 20_000}
    assert granted(read_declaration(declaration())) == {"1": 80_000}
    assert granted(read_manifest(manifest())) == {"MF000001": 80_000}
    assert granted(read_supporting(PaperKind.LICENCE, LICENCE)) == {WHOLE: 1_050_000}
    lot = f"{IN_DECLARATION}-1"
    certificate = {
        "number": "CERT-1", "certificate": "quality", "issuer": "满洲里海关", "covers": [{"lot": lot, "mass_kg": 9}],
        "valid_from": "2026-01-01",
    }  # fmt: skip
    assert granted(read_supporting(PaperKind.CERTIFICATE, certificate)) == {lot: 9}


def test_a_licence_is_valid_from_its_first_midnight_in_china_to_its_last() -> None:
    read = read_supporting(PaperKind.LICENCE, LICENCE)
    assert not isinstance(read, Refused)
    found = granted_by(read)
    assert found is not None
    assert (found.balances[0].valid_from, found.balances[0].valid_until) == (
        midnight(dt.date(2026, 1, 1)), midnight(dt.date(2027, 1, 1)),
    )  # fmt: skip


def part(net_kg: int, item: str = "1") -> Part:
    return Part(BalanceKind.DECLARATION, IN_DECLARATION, item, net_kg)


@pytest.mark.parametrize(
    ("parts", "code"),
    [((), "write_off.parts"), ((part(1), part(2)), "write_off.repeated"), ((part(0),), "write_off.mass"),
     ((part(-5),), "write_off.mass")],
)  # fmt: skip
def test_a_write_off_that_makes_no_sense_is_refused(parts: tuple[Part, ...], code: str) -> None:
    refused = write_off_net("T1", parts, "yard", NOW)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == code


def test_either_all_papers_of_a_ticket_are_drawn_on_or_none() -> None:
    records = Records()
    for accepted in (
        submit_declaration(read_declaration(declaration()), None, NOW),  # type: ignore[arg-type]
        submit_manifest(read_manifest(manifest(consignments=[line(gross_kg=1_000)])), None, NOW),  # type: ignore[arg-type]
    ):
        assert isinstance(accepted, Accepted)
        assert accepted.unit is not None
        assert records.apply(accepted.unit) is None
    both = (part(2_000), Part(BalanceKind.MANIFEST, "MF000001", "MF000001", 2_000))
    unit = write_off_net("T1", both, "yard", NOW)
    assert isinstance(unit, Unit)
    assert records.apply(unit) == "papers.take_balance"
    assert balances(records) == {("declaration", "1"): 0, ("manifest", "MF000001"): 0}


def test_what_comes_over_a_declaration_within_its_tolerance_is_written_off_and_cites_the_rule() -> None:
    records = Records()
    accepted = submit_declaration(read_declaration(declaration(lines=[goods(1, 60_000)])), None, NOW)  # type: ignore[arg-type]
    assert isinstance(accepted, Accepted)
    assert accepted.unit is not None
    assert records.apply(accepted.unit) is None
    over = msgspec.structs.replace(part(61_801), overrun=Overrun(30, "bulk-goods@1"))
    for net_kg, guard in ((61_801, "papers.take_balance"), (61_800, None)):
        unit = write_off_net("T1", [msgspec.structs.replace(over, net_kg=net_kg)], "yard", NOW)
        assert isinstance(unit, Unit)
        assert records.apply(unit) == guard
    (written,) = msgspec.json.decode(unit.drafts[0].body)["parts"]
    assert written["overrun"] == {"permille": 30, "rule": "bulk-goods@1"}
    (balance,) = records._rows.all("papers_balances", BalanceRecord)
    assert (left_kg(balance), over_kg(balance)) == (0, 1_800)
    cleared = note_status(records.declared[IN_DECLARATION], DeclarationStatus.CLEARED, NOW)
    assert isinstance(cleared, Accepted)
    assert cleared.unit is not None
    assert records.apply(cleared.unit) is None


def most_kg(granted_kg: int, permille: int) -> int:
    return granted_kg + granted_kg * permille // 1000


def balances(records: Records) -> dict[tuple[str, str], int]:
    found = records._rows.all("papers_balances", BalanceRecord)
    return {(each.kind, each.item): each.taken_kg for each in found}


class WriteOffMachine(RuleBasedStateMachine):
    """One declaration of three lines; anything may happen to it, in any order."""

    @initialize()
    def hand_in(self) -> None:
        self.records = Records()
        self.expected: Counter[str] = Counter()
        self.granted = {"1": 1_000, "2": 500, "3": 100}
        self.overrun: Counter[str] = Counter()
        self.open = True
        paper = read_declaration(declaration(lines=[goods(int(n), kg) for n, kg in self.granted.items()]))
        assert not isinstance(paper, Refused)
        self.paper = paper
        self.apply(submit_declaration(paper, None, NOW))

    def apply(self, answer: Any) -> str | None:
        if isinstance(answer, Refused):
            return "refused"
        unit = answer.unit if isinstance(answer, Accepted) else answer
        return None if unit is None else self.records.apply(unit)

    @property
    def standing(self) -> Any:
        return self.records.declared[IN_DECLARATION]

    def write_offs(self, ticket: str) -> list[WriteOffRecord]:
        found = self.records._rows.all("papers_write_offs", WriteOffRecord)
        return [each for each in found if each.ticket == ticket]

    @rule(
        ticket=st.sampled_from([f"T{n}" for n in range(8)]),
        masses=st.dictionaries(st.sampled_from("123"), st.integers(1, 700), min_size=1),
        permille=st.sampled_from([0, 30, 50]),
    )
    def weigh(self, ticket: str, masses: dict[str, int], permille: int) -> None:
        overrun = Overrun(permille, "bulk-goods@1") if permille else None
        parts = tuple(msgspec.structs.replace(part(kg, item), overrun=overrun) for item, kg in masses.items())
        touched = {each.item for each in self.write_offs(ticket)}
        guard = self.apply(write_off_net(ticket, parts, "yard", NOW))
        most = {item: most_kg(self.granted.get(item, 0), permille) for item in masses}
        fits = all(self.expected[item] + kg <= most[item] for item, kg in masses.items())
        if guard is None:
            assert self.open
            assert fits
            assert not touched & set(masses)
            self.expected.update(masses)
            self.overrun.update({item: permille - self.overrun[item] for item in masses})
        else:
            assert not self.open or not fits or touched & set(masses)

    @rule(ticket=st.sampled_from([f"T{n}" for n in range(8)]))
    def void(self, ticket: str) -> None:
        standing = self.write_offs(ticket)
        guard = self.apply(void_ticket(ticket, standing, "wrong lorry", "yard", NOW))
        live = [each for each in standing if each.voided_at is None]
        assert (guard is None) == bool(live)
        assert not live or same_write_off(standing, [part(each.mass_kg, each.item) for each in live])
        for each in live:
            self.expected[each.item] -= each.mass_kg

    @rule(masses=st.dictionaries(st.sampled_from("123"), st.integers(1, 1_500), min_size=1))
    def amend(self, masses: dict[str, int]) -> None:
        lines = tuple(read_declaration(declaration(lines=[goods(int(n), kg) for n, kg in masses.items()])).lines)  # type: ignore[union-attr]
        standing = self.standing
        paper = msgspec.structs.replace(
            self.paper, lines=lines, version=standing.version + 1, status=DeclarationStatus(standing.status)
        )
        guard = self.apply(submit_declaration(paper, standing, NOW))
        most = {item: most_kg(kg, self.overrun[item]) for item, kg in masses.items()}
        keeps = all(kg <= most.get(item, 0) for item, kg in self.expected.items() if kg)
        if guard is None:
            assert keeps or not self.open
            if self.open:
                self.granted = masses
        else:
            assert not keeps

    @rule(status=st.sampled_from(DeclarationStatus))
    def say(self, status: DeclarationStatus) -> None:
        guard = self.apply(note_status(self.standing, status, NOW))
        assert guard is None or not self.open
        self.open = self.standing.status != "cancelled"

    @invariant()
    def no_balance_is_negative_and_all_agree_with_the_tickets(self) -> None:
        kept = self.records._rows.all("papers_write_offs", WriteOffRecord)
        for balance in self.records._rows.all("papers_balances", BalanceRecord):
            written = sum(one.mass_kg for one in kept if one.item == balance.item and one.voided_at is None)
            assert balance.taken_kg == written == self.expected[balance.item]
            assert 0 <= balance.taken_kg <= most_kg(balance.granted_kg, balance.overrun_permille)
            assert balance.overrun_permille == self.overrun[balance.item]
            if balance.state == "active":
                assert left_kg(balance) - over_kg(balance) == balance.granted_kg - balance.taken_kg


TestWriteOffs = WriteOffMachine.TestCase
TestWriteOffs.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
