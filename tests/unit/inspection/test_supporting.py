"""Certificates, results, reports and licences: what they must say, and what becomes of them."""

import datetime as dt
from typing import Any

import pytest
from tests.unit.inspection.papers_kit import IN_DECLARATION, NOW, Records
from tests.unit.inspection.test_balances import LICENCE

from kouan.inspection.balances import WHOLE, BalanceKind, Part, write_off_net
from kouan.inspection.records import BalanceRecord, SupportingRecord
from kouan.inspection.supporting import LaboratoryResult, Licence, PaperKind, ThirdPartyReport, kind_of, lots_covered
from kouan.inspection.supporting_matrix import SUPPORTING, read_supporting, supporting_needs
from kouan.inspection.supporting_use_cases import revoke_supporting, submit_supporting
from kouan.inspection.use_cases import Accepted
from kouan.ledger.roles import Unit
from kouan.vocabulary.days import midnight
from kouan.vocabulary.verdict import Refused

LOT = f"{IN_DECLARATION}-1"
SULPHUR = {"item": "全硫", "value": "0.80", "unit": "%", "limit": "1.50", "bound": "most", "passed": True}
RESULT = {
    "number": "LAB-1", "laboratory": "技术中心", "lot": LOT, "sample": "S-0001", "items": [SULPHUR],
    "reported_on": "2025-11-25",
}  # fmt: skip
CERTIFICATE = {
    "number": "CERT-1", "certificate": "quality", "issuer": "满洲里海关", "covers": [{"lot": LOT, "mass_kg": 60_000}],
    "valid_from": "2025-01-01", "valid_until": "2025-12-31",
}  # fmt: skip
REPORT = {
    "number": "REP-1", "agency": "AGENCY-07", "standard": "GB/T 214-2007", "lots": [LOT], "items": [SULPHUR],
    "valid_from": "2025-01-01", "valid_until": "2025-12-31",
}  # fmt: skip
GATE = {
    "number": "GR-0001", "sender": "TERMINAL-1", "direction": "out", "at": NOW, "containers": ["CSQU3054383"],
}  # fmt: skip
GOOD: dict[PaperKind, dict[str, Any]] = {
    PaperKind.CERTIFICATE: CERTIFICATE,
    PaperKind.LABORATORY_RESULT: RESULT,
    PaperKind.THIRD_PARTY_REPORT: REPORT,
    PaperKind.LICENCE: LICENCE,
    PaperKind.GATE_REPORT: GATE,
}


def codes(answer: Any) -> set[tuple[str, str]]:
    assert isinstance(answer, Refused), answer
    return {(reason.code, str(reason.params["field"])) for reason in answer.reasons}


@pytest.mark.parametrize("kind", PaperKind)
def test_a_good_paper_is_read_and_each_required_field_is_missed(kind: PaperKind) -> None:
    paper = read_supporting(kind, GOOD[kind])
    assert not isinstance(paper, Refused), paper
    assert kind_of(paper) is kind
    assert paper.version == 1
    for field in SUPPORTING[kind]:
        without = {name: value for name, value in GOOD[kind].items() if name != field.name}
        answer = read_supporting(kind, without)
        if supporting_needs(kind)[field.name] == "required":
            assert ("field.required", field.name) in codes(answer)
        else:
            assert not isinstance(answer, Refused)
    assert codes(read_supporting(kind, GOOD[kind] | {"colour": "red"})) == {("field.unknown", "colour")}


def test_papers_name_the_lots_that_they_are_about() -> None:
    covered = {}
    for kind in PaperKind:
        paper = read_supporting(kind, GOOD[kind])
        assert not isinstance(paper, Refused)
        covered[kind.value] = lots_covered(paper)
    assert covered == {
        "certificate": (LOT,), "laboratory_result": (LOT,), "third_party_report": (LOT,), "licence": (),
        "gate_report": (),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ({"value": "1.50"}, set()),
        ({"value": "1.51"}, {("result.verdict", "items.0.passed")}),
        ({"value": "1.51", "passed": False}, set()),
        ({"value": "2", "bound": "least"}, set()),
        ({"value": "1.49", "bound": "least"}, {("result.verdict", "items.0.passed")}),
        ({"value": "9.9", "limit": "10"}, set()),
        ({"value": "未检出"}, {("result.decimal", "items.0.value")}),
        ({"value": "未检出", "limit": None, "bound": None}, set()),
        ({"bound": None}, {("result.bound", "items.0.bound")}),
        ({"limit": None}, {("result.bound", "items.0.bound")}),
        ({"limit": "1,5"}, {("result.decimal", "items.0.limit")}),
        ({"value": 0.8}, {("field.text", "items.0.value")}),
    ],
)
def test_a_value_passes_if_and_only_if_it_keeps_its_limit(item: dict[str, Any], wrong: set[tuple[str, str]]) -> None:
    found = {name: value for name, value in (SULPHUR | item).items() if value is not None}
    answer = read_supporting(PaperKind.LABORATORY_RESULT, RESULT | {"items": [found]})
    assert (codes(answer) if isinstance(answer, Refused) else set()) == wrong


def test_one_failed_item_fails_the_whole() -> None:
    failed = SULPHUR | {"item": "灰分", "value": "1.60", "passed": False}
    for kind, form in (
        (PaperKind.LABORATORY_RESULT, LaboratoryResult),
        (PaperKind.THIRD_PARTY_REPORT, ThirdPartyReport),
    ):
        good = read_supporting(kind, GOOD[kind])
        bad = read_supporting(kind, GOOD[kind] | {"items": [SULPHUR, failed]})
        assert isinstance(good, form)
        assert isinstance(bad, form)
        assert (good.passed, bad.passed) == (True, False)


@pytest.mark.parametrize(
    ("kind", "change", "wrong"),
    [
        (PaperKind.CERTIFICATE, {"valid_until": "2024-12-31"}, ("paper.validity", "valid_until")),
        (PaperKind.CERTIFICATE, {"covers": [{"lot": LOT, "mass_kg": 1}, {"lot": LOT, "mass_kg": 2}]},
         ("certificate.repeated", "covers.1.lot")),
        (PaperKind.CERTIFICATE, {"covers": [{"lot": "x", "mass_kg": 1}]}, ("lot.number", "covers.0.lot")),
        (PaperKind.LICENCE, {"overrun_permille": 51}, ("field.range", "overrun_permille")),
        (PaperKind.LICENCE, {"holder": "nobody"}, ("credit_code.form", "holder")),
        (PaperKind.GATE_REPORT, {"containers": ["CSQU3054384"]}, ("container.check_digit", "containers.0")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_field_and_rule(
    kind: PaperKind, change: dict[str, Any], wrong: tuple[str, str]
) -> None:
    assert wrong in codes(read_supporting(kind, GOOD[kind] | change))


def test_an_overrun_is_whole_kilograms() -> None:
    paper = read_supporting(PaperKind.LICENCE, LICENCE | {"mass_kg": 1_001, "overrun_permille": 50})
    assert isinstance(paper, Licence)
    assert paper.most_kg == 1_051


def take(records: Records, kind: PaperKind, document: dict[str, Any]) -> str | None:
    """Hand a paper in; return the guard that refuses it."""
    paper = read_supporting(kind, document)
    assert not isinstance(paper, Refused)
    standing = records._rows.one("papers_supporting", SupportingRecord, kind.value, paper.number)
    answer = submit_supporting(paper, standing, NOW)
    assert isinstance(answer, Accepted), answer
    return None if answer.unit is None else records.apply(answer.unit)


def draw(records: Records, net_kg: int, at: int, ticket: str = "T1") -> str | None:
    unit = write_off_net(ticket, [Part(BalanceKind.LICENCE, "L-2026-001", WHOLE, net_kg)], "yard", at)
    assert isinstance(unit, Unit)
    return records.apply(unit)


def test_a_licence_is_drawn_on_from_its_first_day_to_its_last() -> None:
    records = Records()
    assert take(records, PaperKind.LICENCE, LICENCE) is None
    begin, end = midnight(dt.date(2026, 1, 1)), midnight(dt.date(2027, 1, 1))
    refused = [draw(records, 1, at, f"T{at}") for at in (begin - 1, begin, end - 1, end)]
    assert refused == ["papers.take_balance", None, None, "papers.take_balance"]


def test_a_licence_may_not_fall_below_what_is_written_off_and_a_revoked_one_is_drawn_on_no_more() -> None:
    records = Records()
    at = midnight(dt.date(2026, 6, 1))
    take(records, PaperKind.LICENCE, LICENCE)
    assert draw(records, 500_000, at) is None
    smaller = LICENCE | {"version": 2, "mass_kg": 400_000}
    assert take(records, PaperKind.LICENCE, smaller) == "papers.grant_balance"
    assert take(records, PaperKind.LICENCE, smaller | {"mass_kg": 500_000}) is None
    standing = records._rows.one("papers_supporting", SupportingRecord, "licence", "L-2026-001")
    assert isinstance(revoke_supporting(standing, " ", "officer", NOW), Refused)
    unit = revoke_supporting(standing, "withdrawn", "officer", NOW)
    assert isinstance(unit, Unit)
    assert records.apply(unit) is None
    assert records.apply(unit) == "papers.revoke_supporting"
    assert draw(records, 1, at, "T2") == "papers.take_balance"
    (balance,) = records._rows.all("papers_balances", BalanceRecord)
    assert (balance.taken_kg, balance.state) == (500_000, "closed")
    revoked = records._rows.one("papers_supporting", SupportingRecord, "licence", "L-2026-001")
    again = submit_supporting(read_supporting(PaperKind.LICENCE, LICENCE | {"version": 3}), revoked, NOW)  # type: ignore[arg-type]
    assert codes(again) == {("papers.revoked", "number")}
    assert isinstance(revoke_supporting(revoked, "again", "officer", NOW), Refused)
    assert isinstance(revoke_supporting(None, "again", "officer", NOW), Refused)
