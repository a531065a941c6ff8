"""The ways of lots: what each regime lets through, what it holds, and what happens when nobody is heard."""

import pytest
from msgspec.structs import replace
from tests.unit.inspection.release.release_kit import (
    BAD,
    CAR,
    CERTIFICATE,
    CLOTHING,
    COAL,
    COPPER,
    DAY,
    GOOD,
    HOUR,
    IRON,
    LEAD,
    MANGANESE,
    MEAT,
    NOW,
    SAMPLED,
    Told,
    report,
    rule_for,
    with_agency,
)

from kouan.inspection.release.blocking import blocking
from kouan.inspection.release.facts import (
    Arrived,
    Asked,
    CertificateIssued,
    CheckedThere,
    DeadlinePassed,
    Disposed,
    Extended,
    Finding,
    Found,
    HoldLifted,
    ReachedDestination,
    RecallOrdered,
    Recovered,
    ReleaseDenied,
    ReleaseGranted,
    ResultIn,
    RetestOrdered,
    SiteChecked,
    Way,
    Wish,
)
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.machine import VERSION
from kouan.inspection.release.permits import may_leave, may_sell, no_sale
from kouan.inspection.release.rule import Check
from kouan.inspection.supporting import CertificateKind
from kouan.vocabulary.verdict import GRANTED, Refused

S = LotState
LIFT = HoldLifted("seen", "second")


def test_manganese_leaves_before_its_result_and_is_sold_after_its_certificate() -> None:
    lot = Told(rule_for(MANGANESE)).on_site().tell(SAMPLED)
    assert lot.state is S.CONDITIONALLY_RELEASED
    assert may_leave(lot.standing, lot.rule, NOW) is GRANTED
    assert no_sale(lot.standing)
    assert isinstance(may_sell(lot.standing, lot.rule), Refused)
    lot.tell(GOOD)
    assert lot.state is S.PASSED
    assert isinstance(may_sell(lot.standing, lot.rule), Refused)
    lot.tell(CERTIFICATE)
    assert lot.states[-3:] == [S.PASSED, S.CERTIFIED, S.FREE]
    assert may_sell(lot.standing, lot.rule) is GRANTED
    assert lot.cites == {"manganese_chromium_ore@2+five_minerals@1", VERSION}


@pytest.mark.parametrize("code", [IRON, LEAD])
def test_iron_and_lead_without_a_request_are_free_after_the_site_checks(code: str) -> None:
    lot = Told(rule_for(code)).on_site()
    assert lot.states[-2:] == [S.ON_SITE, S.FREE]


@pytest.mark.parametrize("code", [IRON, LEAD])
def test_iron_and_lead_on_request_wait_for_their_certificate(code: str) -> None:
    lot = Told(rule_for(code)).tell(Asked(Wish.QUALITY)).on_site().tell(SAMPLED, GOOD)
    assert lot.state is S.PASSED
    assert lot.tell(CERTIFICATE).state is S.FREE


def test_customs_may_order_a_supervised_test_ex_officio() -> None:
    lot = Told(rule_for(IRON)).tell(Asked(Wish.QUALITY, ex_officio=True)).on_site()
    assert lot.state is S.ON_SITE
    assert lot.tell(SAMPLED).state is S.CONDITIONALLY_RELEASED


def test_weight_on_request_is_one_more_check() -> None:
    lot = Told(rule_for(IRON)).tell(Asked(Wish.WEIGHT), Arrived())
    for check in lot.rule.site_checks:
        lot.tell(SiteChecked(check, True))
    assert lot.state is S.ON_SITE
    assert lot.tell(SiteChecked(Check.WEIGHT, True)).state is S.FREE


def test_goods_that_are_always_certified_need_no_request() -> None:
    assert Told(rule_for(MANGANESE)).refused(Asked(Wish.QUALITY)) == "release.not_on_request"


def test_coal_waits_on_site_for_its_result_and_its_certificate() -> None:
    lot = Told(rule_for(COAL)).on_site().tell(SAMPLED)
    assert lot.state is S.SAMPLED
    assert isinstance(may_leave(lot.standing, lot.rule, NOW), Refused)
    assert lot.refused(ReleaseGranted()) == "release.result_missing"
    lot.tell(GOOD)
    assert may_leave(lot.standing, lot.rule, NOW) is GRANTED
    assert isinstance(may_sell(lot.standing, lot.rule), Refused)
    assert lot.tell(CERTIFICATE).state is S.FREE


def test_a_sample_is_taken_once_all_checks_have_passed() -> None:
    lot = Told(rule_for(COAL)).tell(Arrived(), SiteChecked(Check.RADIATION, True))
    assert lot.refused(SAMPLED) == "release.checks_missing"


def test_copper_concentrate_is_checked_and_sampled_at_its_destination() -> None:
    lot = Told(rule_for(COPPER)).on_site()
    assert lot.refused(SAMPLED) == "release.sampled_there"
    lot.tell(ReleaseGranted())
    assert lot.state is S.CONDITIONALLY_RELEASED
    assert lot.refused(SAMPLED) == "release.checks_missing"
    assert lot.refused(GOOD) == "release.sample_missing"
    lot.tell(ReachedDestination())
    for check in lot.rule.destination_checks:
        assert lot.refused(SAMPLED) == "release.checks_missing"
        lot.tell(CheckedThere(check, True))
    assert lot.tell(SAMPLED, GOOD, CERTIFICATE).state is S.FREE


def test_waste_in_copper_at_its_destination_recalls_it() -> None:
    lot = Told(rule_for(COPPER)).on_site().tell(ReleaseGranted(), ReachedDestination())
    lot.tell(CheckedThere(Check.SOLID_WASTE, False))
    assert lot.states[-2:] == [S.FAILED, S.RECALLED]


def test_copper_of_high_risk_is_checked_for_waste_on_site_instead() -> None:
    lot = Told(rule_for(COPPER)).tell(Found(Finding.HIGH_RISK)).on_site()
    assert set(lot.standing.passed) >= {Check.RADIATION, Check.SOLID_WASTE}
    assert lot.tell(SAMPLED).state is S.SAMPLED


@pytest.mark.parametrize("check", [Check.RADIATION, Check.SOLID_WASTE, Check.QUANTITY, Check.FOREIGN_MATTER])
def test_what_failed_on_site_is_held_and_leaves_only_with_its_result(check: Check) -> None:
    lot = Told(rule_for(MANGANESE)).tell(Arrived(), SiteChecked(check, False))
    assert lot.states[-2:] == [S.ON_SITE_FAILED, S.HELD]
    lot.tell(LIFT).pass_checks().tell(SAMPLED)
    assert lot.state is S.SAMPLED
    assert isinstance(may_leave(lot.standing, lot.rule, NOW), Refused)
    assert lot.tell(GOOD, CERTIFICATE).state is S.FREE


def test_iron_that_was_held_is_tested_even_without_a_request() -> None:
    lot = Told(rule_for(IRON)).tell(Arrived(), SiteChecked(Check.QUANTITY, False), LIFT).pass_checks()
    assert lot.refused(ReleaseGranted()) == "release.sample_missing"
    assert lot.tell(SAMPLED, GOOD).state is S.FREE


@pytest.mark.parametrize("finding", [Finding.PROHIBITED, Finding.EPIDEMIC])
def test_segment_one_settles_what_never_comes_to_market(finding: Finding) -> None:
    lot = Told(rule_for(MEAT)).tell(Found(finding), Arrived())
    assert lot.state is S.HELD
    assert lot.refused(LIFT) == "release.stays_held"
    assert lot.refused(Disposed(Way.TREAT, "heat")) == "release.barred"
    assert lot.tell(Disposed(Way.DESTROY, "barred")).state is S.DESTROYED


def test_two_segment_goods_leave_on_condition_by_an_officer_or_with_their_result() -> None:
    on_condition = Told(rule_for(MEAT)).on_site().tell(SAMPLED)
    assert on_condition.state is S.SAMPLED
    assert on_condition.tell(ReleaseGranted()).state is S.CONDITIONALLY_RELEASED
    with_result = Told(rule_for(MEAT)).on_site().tell(SAMPLED, GOOD)
    assert may_leave(with_result.standing, with_result.rule, NOW) is GRANTED


def test_meat_needs_the_certificate_of_quarantine() -> None:
    lot = Told(rule_for(MEAT)).on_site().tell(SAMPLED, GOOD)
    assert lot.refused(CERTIFICATE) == "release.certificate_kind"
    assert lot.tell(CertificateIssued("C2", CertificateKind.QUARANTINE)).state is S.FREE


def test_a_report_takes_the_place_of_a_sample() -> None:
    rule = with_agency(rule_for(CLOTHING))
    lot = Told(rule).on_site().tell(report(rule))
    assert lot.state is S.REPORT_VERIFIED
    assert lot.tell(ReleaseGranted()).states[-2:] == [S.PASSED, S.FREE]


def test_goods_drawn_for_a_test_are_sampled_in_spite_of_their_report() -> None:
    rule = with_agency(rule_for(CLOTHING))
    lot = Told(rule).on_site().tell(report(rule, drawn=True))
    assert lot.refused(ReleaseGranted()) == "release.sample_missing"
    lot.tell(SAMPLED)
    assert isinstance(may_sell(lot.standing, lot.rule), Refused)
    assert lot.tell(GOOD).state is S.FREE


def test_customs_may_sample_goods_with_a_report_all_the_same() -> None:
    rule = with_agency(rule_for(CLOTHING))
    assert Told(rule).on_site().tell(report(rule), SAMPLED, BAD).state is S.HELD


def test_reports_of_others_with_gaps_or_out_of_date_are_not_accepted() -> None:
    rule = with_agency(rule_for(CLOTHING))
    lot, good = Told(rule).on_site(), report(rule)
    assert lot.refused(replace(good, agency="SOMEBODY")) == "release.report_agency"
    assert lot.refused(replace(good, items=good.items[1:])) == "release.report_items"
    assert lot.refused(report(rule, issued_at=NOW - 365 * DAY)) == "release.report_age"
    assert lot.refused(report(rule, issued_at=NOW + 1)) == "release.report_age"
    assert lot.tell(report(rule, issued_at=NOW - 365 * DAY + 1)).state is S.REPORT_VERIFIED


def test_no_agency_is_accepted_until_the_port_lists_it() -> None:
    rule = rule_for(CLOTHING)
    assert Told(rule).on_site().refused(report(rule)) == "release.report_agency"


def test_a_report_is_not_accepted_for_other_goods_nor_for_excluded_ones() -> None:
    rule = with_agency(rule_for(CLOTHING))
    assert Told(rule_for(COAL)).on_site().refused(report(rule)) == "release.report_not_accepted"
    risky = Told(rule).tell(Found(Finding.HIGH_RISK)).on_site()
    assert risky.refused(report(rule)) == "release.report_not_accepted"


def test_failed_goods_are_recalled_recovered_and_disposed_of() -> None:
    lot = Told(rule_for(MANGANESE)).on_site().tell(SAMPLED, BAD)
    assert lot.states[-2:] == [S.FAILED, S.RECALLED]
    assert lot.refused(Disposed(Way.RETURN, "bad")) == "release.not_here"
    assert lot.tell(Recovered(), Disposed(Way.RETURN, "bad")).state is S.RETURNED


def test_goods_that_fail_on_site_need_no_recall() -> None:
    assert Told(rule_for(COAL)).on_site().tell(SAMPLED, BAD).states[-2:] == [S.FAILED, S.HELD]


def test_a_contested_result_is_tested_once_again_on_the_duplicate() -> None:
    lot = Told(rule_for(COAL)).on_site().tell(SAMPLED, BAD)
    assert lot.refused(GOOD) == "release.no_test"
    assert lot.refused(LIFT) == "release.stays_held"
    lot.tell(RetestOrdered("D1"), ResultIn("R2", True))
    assert lot.state is S.PASSED
    again = Told(rule_for(COAL)).on_site().tell(SAMPLED, BAD, RetestOrdered("D1"), ResultIn("R2", False))
    assert again.refused(RetestOrdered("D1")) == "release.no_retest"
    assert again.tell(Disposed(Way.DESTROY, "bad")).state is S.DESTROYED


def test_a_finding_is_not_cleared_by_a_good_test() -> None:
    lot = Told(rule_for(MANGANESE)).on_site().tell(SAMPLED, Found(Finding.SOLID_WASTE))
    assert lot.state is S.RECALLED
    assert lot.refused(GOOD) == "release.no_test"
    assert lot.refused(RetestOrdered("D1")) == "release.no_retest"


def test_treated_goods_are_inspected_and_tested_from_the_beginning() -> None:
    lot = Told(rule_for(MANGANESE)).on_site().tell(SAMPLED, BAD, Recovered(), Disposed(Way.TREAT, "washed"))
    assert lot.state is S.TREATED
    assert lot.refused(SAMPLED) == "release.not_now"
    lot.pass_checks().tell(SAMPLED)
    assert lot.state is S.SAMPLED
    assert lot.tell(GOOD, CERTIFICATE).state is S.FREE


def test_an_officer_may_deny_release() -> None:
    lot = Told(rule_for(CAR)).on_site().tell(ReleaseDenied("doubt"))
    assert lot.state is S.HELD


def test_a_silent_laboratory_makes_a_lot_overdue_and_then_calls_a_person_again_and_again() -> None:
    lot = Told(rule_for(MANGANESE)).on_site().tell(SAMPLED)
    first = lot.standing.deadline
    assert first == NOW + lot.rule.deadlines.result_h * HOUR
    assert lot.refused(DeadlinePassed()) == "release.not_due"
    assert isinstance(may_leave(lot.standing, lot.rule, first), Refused)
    for expected in (S.OVERDUE, S.ESCALATED, S.ESCALATED):
        assert lot.standing.deadline is not None
        lot.now = lot.standing.deadline
        assert lot.tell(DeadlinePassed()).state is expected
        assert isinstance(may_leave(lot.standing, lot.rule, lot.now), Refused)


def test_a_late_result_is_still_heard() -> None:
    lot = overdue(Told(rule_for(MANGANESE)).on_site().tell(SAMPLED))
    assert lot.tell(GOOD).state is S.PASSED
    assert lot.standing.interrupted is None


def test_a_person_gives_more_time_or_recalls() -> None:
    lot = overdue(Told(rule_for(MANGANESE)).on_site().tell(SAMPLED))
    assert lot.tell(Extended("holiday")).state is S.CONDITIONALLY_RELEASED
    assert lot.standing.deadline == lot.now + lot.rule.deadlines.result_h * HOUR
    assert overdue(lot).tell(RecallOrdered("silent")).state is S.RECALLED


def test_a_fact_that_does_not_end_the_wait_leaves_the_lot_overdue() -> None:
    lot = overdue(Told(rule_for(COAL)).tell(Arrived(), SiteChecked(Check.RADIATION, True)))
    deadline = lot.standing.deadline
    lot.tell(SiteChecked(Check.QUANTITY, True))
    assert (lot.state, lot.standing.interrupted, lot.standing.deadline) == (S.OVERDUE, S.ON_SITE, deadline)


def test_a_lot_that_never_comes_is_closed_by_a_person() -> None:
    lot = overdue(Told(rule_for(COAL)))
    assert lot.refused(Disposed(Way.DESTROY, "?")) == "release.not_here"
    assert lot.tell(Disposed(Way.RETURN, "never came")).state is S.RETURNED


def test_nothing_moves_a_lot_that_is_free() -> None:
    lot = Told(rule_for(IRON)).on_site()
    assert lot.refused(Found(Finding.SOLID_WASTE)) == "release.final"
    assert lot.standing.deadline is None


def test_what_keeps_a_lot_is_said_in_order() -> None:
    lot = Told(rule_for(COAL))
    assert [reason.code for reason in blocking(lot.standing, lot.rule)] == [
        "release.awaits_arrival",
        "release.certificate_missing",
    ]
    lot.tell(Arrived(), SiteChecked(Check.RADIATION, True))
    missing = [reason.params.get("check") for reason in blocking(lot.standing, lot.rule)]
    assert missing[:4] == ["foreign_matter", "solid_waste", "quantity", "appearance"]
    lot.pass_checks()
    assert blocking(lot.standing, lot.rule)[0].code == "release.sample_missing"
    overdue(lot.tell(SAMPLED))
    assert [reason.code for reason in blocking(lot.standing, lot.rule)][:2] == [
        "release.overdue",
        "release.awaits_result",
    ]
    lot.tell(GOOD)
    assert [reason.code for reason in blocking(lot.standing, lot.rule)] == ["release.awaits_certificate"]
    assert blocking(lot.tell(CERTIFICATE).standing, lot.rule) == ()


def overdue(lot: Told) -> Told:
    assert lot.standing.deadline is not None
    lot.now = lot.standing.deadline
    return lot.tell(DeadlinePassed())
