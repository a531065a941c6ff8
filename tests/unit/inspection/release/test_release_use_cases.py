"""Lots opened and moved: what is recorded, what is kept of a rule, and who must agree."""

import datetime as dt
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.unit.inspection.release.release_kit import (
    BOOK,
    COAL,
    DAY,
    HOUR,
    IRON,
    LEAD,
    MANGANESE,
    NOW,
    SAMPLED,
    lot,
    rule_for,
)

from kouan.inspection.release import use_cases
from kouan.inspection.release.attested import Certified, Report, certify, verify_report
from kouan.inspection.release.facts import (
    Arrived,
    Asked,
    Fact,
    Finding,
    Found,
    SampleTaken,
    SiteChecked,
    Wish,
)
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord, rule_of, standing_of
from kouan.inspection.release.rule import Check, Need
from kouan.inspection.release.rulebook import make_book
from kouan.inspection.release.samples import Taking, hand_over, order_retest, take_result, take_sample
from kouan.inspection.release.standing import site_checks
from kouan.inspection.release.use_cases import Told
from kouan.inspection.supporting import CertificateKind
from kouan.ledger.roles import Draft
from kouan.vocabulary.days import midnight
from kouan.vocabulary.verdict import Refused

TAKING = Taking("S1", "SEAL1", "D1", "SEAL2", "yard A", "consignee", "laboratory", "sample store")


def opened(hs_code: str = MANGANESE, declared_at: int = NOW, now: int = NOW) -> LotRecord:
    return done(use_cases.open_lot(lot(hs_code), BOOK, declared_at, now))


def done(told: Told | Refused) -> LotRecord:
    assert isinstance(told, Told), told
    return told.record


def code(told: Told | Refused) -> str:
    assert isinstance(told, Refused), told
    return told.reasons[0].code


def tell(record: LotRecord, *facts: Fact, now: int = NOW) -> LotRecord:
    for number, fact in enumerate(facts):
        record = done(use_cases.tell(record, fact, f"{record.version}-{number}", "wang", now, BOOK))
    return record


def on_site(record: LotRecord, now: int = NOW) -> LotRecord:
    record = tell(record, Arrived(), now=now)
    for check in site_checks(standing_of(record), rule_of(record)):
        record = tell(record, SiteChecked(check, True), now=now)
    return record


def sampled(record: LotRecord) -> tuple[LotRecord, list[SampleRecord]]:
    told = take_sample(on_site(record), TAKING, "wang", NOW)
    assert isinstance(told, Told)
    samples = [SampleRecord(**guard.params) for guard in told.unit.guards if guard.name == "release.insert_sample"]
    return told.record, samples


def body(draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(draft.body)
    return found


def test_a_lot_is_opened_with_the_whole_rule_that_was_chosen_for_it() -> None:
    told = use_cases.open_lot(lot(), BOOK, NOW - DAY, NOW)
    assert isinstance(told, Told)
    entry = body(told.unit.drafts[0])
    assert entry["rule"]["name"] == "manganese_chromium_ore"
    assert entry["book"] == BOOK.digest
    assert entry["lot"]["number"] == "071320261000000001-1"
    assert told.record.deadline == NOW + 336 * HOUR
    assert told.unit.guards[0].name == "release.insert_lot"


def test_goods_without_a_rule_are_not_opened() -> None:
    assert code(use_cases.open_lot(lot(), BOOK, 0, NOW)) == "release.no_rule"


def test_a_lot_keeps_its_rule_when_a_new_version_comes_into_force() -> None:
    switch = midnight(dt.date(2023, 9, 1))
    before = tell(opened(LEAD, switch - DAY, switch - DAY), Arrived(), now=switch + DAY)
    assert before.regime == "lead_zinc_ore@2"
    assert rule_of(before).certificate is Need.REQUIRED
    after = tell(opened(LEAD, switch, switch), Arrived(), now=switch + DAY)
    assert after.regime == "lead_zinc_ore@3"


def test_a_lot_keeps_its_rule_even_where_the_book_no_longer_has_it() -> None:
    record = opened(MANGANESE)
    other = make_book([rule for rule in BOOK.rules if rule.name != "manganese_chromium_ore"])
    told = use_cases.tell(record, Arrived(), "a", "wang", NOW, other)
    assert done(told).regime == "manganese_chromium_ore@2"


def test_release_on_unloading_is_chosen_at_the_arrival() -> None:
    record = opened()
    assert record.regime == "manganese_chromium_ore@2"
    arrived = tell(record, Arrived())
    assert arrived.regime == "manganese_chromium_ore@2+five_minerals@1"
    assert Check.UNLOADED in rule_of(arrived).site_checks
    assert arrived.arrived_at == NOW


def test_an_arrival_needs_the_rules() -> None:
    assert code(use_cases.tell(opened(), Arrived(), "a", "wang", NOW)) == "release.no_rule"


def test_every_transition_names_rule_machine_and_actor() -> None:
    record = opened(IRON)
    record = tell(record, Arrived())
    checks = list(site_checks(standing_of(record), rule_of(record)))
    for check in checks[:-1]:
        record = tell(record, SiteChecked(check, True))
    told = use_cases.tell(record, SiteChecked(checks[-1], True), "last", "wang", NOW)
    assert isinstance(told, Told)
    entries = [body(draft) for draft in told.unit.drafts]
    assert [(entry["before"], entry["after"]) for entry in entries] == [("on_site", "on_site"), ("on_site", "free")]
    for entry in entries:
        assert entry["cites"] == ["iron_ore@3+five_minerals@1", "release-machine@2"]
        assert entry["by"] == "wang"
    assert [draft.key for draft in told.unit.drafts] == [
        "release:071320261000000001-1:last", "release:071320261000000001-1:last:1",
    ]  # fmt: skip


def test_the_lot_moves_from_the_version_that_was_read() -> None:
    record = opened()
    told = use_cases.tell(record, Asked(Wish.WEIGHT), "a", "wang", NOW)
    assert done(told).version == record.version + 1


def test_a_sample_comes_with_its_duplicate_seals_witness_and_custody() -> None:
    told = take_sample(on_site(opened()), TAKING, "wang", NOW)
    assert isinstance(told, Told)
    assert told.record.state == LotState.CONDITIONALLY_RELEASED
    entry = body(told.unit.drafts[-1])
    assert [(each["number"], each["seal"]) for each in entry["samples"]] == [("S1", "SEAL1"), ("D1", "SEAL2")]
    assert entry["samples"][1]["duplicate_of"] == "S1"
    assert [(each["item"], each["step"], each["holder"]) for each in entry["custody"]] == [
        ("S1", 1, "wang"), ("S1", 2, "laboratory"), ("D1", 1, "wang"), ("D1", 2, "sample store"),
    ]  # fmt: skip
    names = [guard.name for guard in told.unit.guards]
    assert names == ["release.move_lot", *["release.insert_sample"] * 2, *["release.hand_over"] * 4]


def test_sample_and_duplicate_differ_in_number_and_seal() -> None:
    record = on_site(opened())
    for same in (replace(TAKING, duplicate="S1"), replace(TAKING, duplicate_seal="SEAL1")):
        assert code(take_sample(record, same, "wang", NOW)) == "release.sample_twice"


def test_a_recall_names_the_last_known_place() -> None:
    record, samples = sampled(opened())
    trail = [
        CustodyRecord(record.number, 1, record.number, "yard A", "yard", None, NOW, "wang"),
        CustodyRecord(record.number, 2, record.number, "smelter, Baotou", "CARRIER-7", "CN1", NOW, "wang"),
    ]
    told = take_result(record, samples, "S1", "R1", False, "laboratory", NOW, trail)
    assert isinstance(told, Told)
    assert told.record.state == LotState.RECALLED
    recalled = body(told.unit.drafts[1])
    assert recalled["last_known"]["location"] == "smelter, Baotou"
    assert recalled["last_known"]["holder"] == "CARRIER-7"
    assert recalled["last_known"]["seal"] == "CN1"


def test_only_the_sample_under_test_has_a_result() -> None:
    record, samples = sampled(opened())
    assert code(take_result(record, samples, "D1", "R1", True, "laboratory", NOW)) == "release.sample_unknown"
    assert code(take_result(record, samples, "S9", "R1", True, "laboratory", NOW)) == "release.sample_unknown"
    failed = done(take_result(record, samples, "S1", "R1", False, "laboratory", NOW))
    tested = [replace(samples[0], result="R1", passed=0), samples[1]]
    ordered = done(order_retest(failed, tested, "wang", NOW))
    assert code(take_result(ordered, tested, "S1", "R2", True, "laboratory", NOW)) == "release.sample_unknown"
    assert done(take_result(ordered, tested, "D1", "R2", True, "laboratory", NOW)).state == LotState.PASSED
    retested = [tested[0], replace(tested[1], result="R2", passed=0)]
    assert code(order_retest(failed, retested, "wang", NOW)) == "release.no_retest"


def test_a_certificate_covers_the_whole_lot_and_holds_today() -> None:
    record, samples = sampled(opened())
    record = done(take_result(record, samples, "S1", "R1", True, "laboratory", NOW))
    good = Certified("C1", CertificateKind.QUALITY, record.mass_kg, NOW - DAY, NOW + 1)
    assert code(certify(record, replace(good, mass_kg=record.mass_kg - 1), "li", NOW)) == "release.certificate_mass"
    assert code(certify(record, replace(good, valid_from=NOW + 1), "li", NOW)) == "release.certificate_age"
    assert code(certify(record, replace(good, valid_until=NOW), "li", NOW)) == "release.certificate_age"
    wrong = replace(good, kind=CertificateKind.ORIGIN)
    assert code(certify(record, wrong, "li", NOW)) == "release.certificate_kind"
    assert done(certify(record, good, "li", NOW)).state == LotState.FREE


def test_the_draw_for_a_test_in_spite_of_a_report_stands_in_the_entry() -> None:
    rule = rule_for("6109100021")
    assert rule.report is not None
    terms = replace(rule.report, agencies=("CTI",), retest_per_mille=50)
    rules = [replace(each, report=terms) if each.reference == rule.reference else each for each in BOOK.rules]
    book = make_book(rules, BOOK.unloadings)
    record = done(use_cases.open_lot(lot("6109100021"), book, NOW, NOW))
    record = on_site(record)
    report = Report("T1", "CTI", terms.items, NOW - DAY)
    for draw, drawn in ((49, True), (50, False)):
        told = verify_report(record, report, draw, "li", NOW)
        assert isinstance(told, Told)
        assert standing_of(told.record).drawn is drawn
        entry = body(told.unit.drafts[-1])
        assert (entry["draw"], entry["share"]) == (draw, 50)
    assert code(verify_report(on_site(opened(COAL)), report, 0, "li", NOW)) == "release.report_not_accepted"


def test_a_hold_is_lifted_by_two_officers() -> None:
    held = tell(opened(), Arrived(), Found(Finding.MISMATCH))
    assert held.state == LotState.HELD
    assert code(use_cases.confirm_lift(held, "wang", NOW)) == "release.no_lift_asked"
    asked = done(use_cases.ask_lift(held, "counted again", "wang", NOW))
    assert code(use_cases.confirm_lift(asked, "wang", NOW)) == "release.second_person"
    told = use_cases.confirm_lift(asked, "li", NOW)
    assert isinstance(told, Told)
    fact = body(told.unit.drafts[0])["fact"]
    assert (fact["reason"], fact["second"]) == ("counted again", "li")
    assert (told.record.state, told.record.lift_by) == (LotState.ON_SITE, None)


def test_whatever_happens_meanwhile_voids_the_wish_to_lift_a_hold() -> None:
    held = tell(opened(), Arrived(), Found(Finding.MISMATCH))
    asked = done(use_cases.ask_lift(held, "counted again", "wang", NOW))
    assert tell(asked, Found(Finding.SOLID_WASTE)).lift_by is None
    assert code(use_cases.ask_lift(opened(), "why", "wang", NOW)) == "release.not_now"


def test_a_goods_code_is_completed_and_the_rule_chosen_again_by_the_same_date() -> None:
    record = opened("260111")
    assert record.regime == "iron_ore_other@2"
    refined = done(use_cases.refine(record, IRON, BOOK, "broker", NOW + DAY))
    assert (refined.hs_code, refined.regime) == (IRON, "iron_ore@3")
    early = opened("260111", midnight(dt.date(2020, 5, 31)))
    assert done(use_cases.refine(early, IRON, BOOK, "broker", NOW)).regime == "iron_ore@2"


def test_goods_that_wait_only_for_their_full_code_are_free_once_it_is_there() -> None:
    waiting = on_site(opened("260111"))
    assert waiting.state == LotState.ON_SITE
    told = use_cases.refine(waiting, IRON, BOOK, "broker", NOW)
    assert isinstance(told, Told)
    assert [move.after for move in told.moves] == [LotState.ON_SITE, LotState.FREE]


def test_another_goods_code_is_taken_only_before_the_arrival_or_while_held() -> None:
    declared = done(use_cases.refine(opened("260111"), "2602000000", BOOK, "broker", NOW))
    assert declared.regime == "manganese_chromium_ore@2"
    arrived = on_site(opened("8703101100"))
    assert code(use_cases.refine(arrived, MANGANESE, BOOK, "broker", NOW)) == "release.other_code"
    held = tell(arrived, Found(Finding.MISMATCH))
    changed = done(use_cases.refine(held, MANGANESE, BOOK, "broker", NOW))
    assert (changed.state, standing_of(changed).passed) == (LotState.HELD, ())
    conditionally, _ = sampled(opened("260200"))
    assert code(use_cases.refine(conditionally, MANGANESE, BOOK, "broker", NOW)) == "release.not_now"
    assert code(use_cases.refine(conditionally, COAL, BOOK, "broker", NOW)) == "release.other_code"


def test_goods_that_failed_their_test_are_not_declared_as_others() -> None:
    record, samples = sampled(opened(COAL))
    failed = done(take_result(record, samples, "S1", "R1", False, "laboratory", NOW))
    assert failed.state == LotState.HELD
    assert code(use_cases.refine(failed, "8703101100", BOOK, "broker", NOW)) == "release.other_code"


def test_deadlines_pass_in_the_name_of_the_system_and_call_a_person() -> None:
    record = opened()
    assert record.deadline is not None
    assert code(use_cases.pass_deadline(record, record.deadline - 1)) == "release.not_due"
    overdue = use_cases.pass_deadline(record, record.deadline)
    assert isinstance(overdue, Told)
    assert not overdue.calls
    assert overdue.record.deadline is not None
    escalated = use_cases.pass_deadline(overdue.record, overdue.record.deadline)
    assert isinstance(escalated, Told)
    assert escalated.calls
    assert body(escalated.unit.drafts[0])["calls"] == "duty_officer"


def test_custody_is_handed_over_link_by_link() -> None:
    record = opened()
    first = hand_over(record.number, record, "yard A", "yard", None, (), "wang", NOW)
    link = CustodyRecord(**first.guards[0].params)
    second = hand_over(record.number, record, "road", "CARRIER-7", "CN1", (link,), "wang", NOW)
    assert [link.step, CustodyRecord(**second.guards[0].params).step] == [1, 2]
    assert first.drafts[0].key != second.drafts[0].key


def test_a_plain_fact_is_not_one_that_comes_with_a_sample() -> None:
    assert not isinstance(SAMPLED, use_cases.PLAIN)
    assert SampleTaken not in use_cases.PLAIN
