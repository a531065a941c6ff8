"""How an examination goes on: nobody speaks for another, and what is missing or contradictory keeps the vehicle."""

import msgspec
import pytest
from tests.unit.inspection.examination.sheet_kit import (
    LORRY,
    MINUTE,
    NOW,
    RULES,
    answer,
    ask,
    at_bay,
    code,
    hold,
    moved,
    ordered,
    report_all,
    report_next,
    said,
)

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination import moves, results
from kouan.inspection.examination.examination import AnswerOutcome, Appointment, ExaminationState, Outcome
from kouan.inspection.steps import StepKind

CUSTOMS, BORDER, SITE = Agency.CUSTOMS, Agency.BORDER_INSPECTION, Agency.SITE
LATER = NOW + 60 * MINUTE
SCAN = ask("C1", CUSTOMS, ControlKind.SCAN)


def test_a_clear_examination_goes_from_order_to_leaving() -> None:
    standing = ordered(SCAN)
    assert standing.state is ExaminationState.ORDERED
    planned = moved(moves.plan(standing, Appointment("B1", NOW, NOW + MINUTE, (), "p"), NOW))
    called = moved(moves.call(planned, NOW))
    there = moved(moves.arrive(called, "B1", NOW))
    done = report_next(there)
    released = moved(answer(done, "C1", CUSTOMS))
    closed = moved(moves.close(released, [], LATER))
    states = [each.state.value for each in (planned, called, there, done, released, closed)]
    assert states == ["planned", "called", "at_bay", "results", "results", "closed"]
    assert closed.outcome == "may_leave"
    assert [each.version for each in (standing, planned, called, there, done, released, closed)] == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]


def test_nobody_is_planned_anew_once_called() -> None:
    assert code(moves.plan(at_bay(SCAN), Appointment("B2", NOW, LATER, (), "q"), NOW)) == "examination.called_already"


def test_a_vehicle_comes_to_its_own_bay_and_only_once_called() -> None:
    planned = moved(moves.plan(ordered(SCAN), Appointment("B1", NOW, NOW + MINUTE, (), "p"), NOW))
    assert code(moves.arrive(planned, "B1", NOW)) == "examination.not_called"
    assert code(moves.arrive(moved(moves.call(planned, NOW)), "B2", NOW)) == "examination.another_bay"


def test_who_does_not_come_in_time_waits_again() -> None:
    planned = moved(moves.plan(ordered(SCAN), Appointment("B1", NOW + MINUTE, NOW + 9 * MINUTE, (), "p"), NOW))
    called = moved(moves.call(planned, NOW))
    late = moves.missing_from(called, RULES)
    assert code(moves.miss(called, RULES, late - 1)) == "examination.still_time"
    missed = moved(moves.miss(called, RULES, late))
    assert (missed.state, missed.no_shows, missed.appointment, missed.ready_at) == ("ordered", 1, None, late)


def test_no_agency_reports_or_answers_for_another() -> None:
    standing = at_bay(SCAN, ask("B1", BORDER))
    persons = next(step for step in standing.steps if step.kind is StepKind.PERSONS)
    assert (
        code(results.report(standing, persons.number, said(StepKind.PERSONS, CUSTOMS), RULES))
        == "examination.not_yours"
    )
    assert code(answer(report_all(standing), "C1", BORDER)) == "examination.not_yours"


def test_a_result_releases_only_its_own_hold() -> None:
    standing = moved(answer(report_all(at_bay(SCAN, ask("B1", BORDER))), "C1", CUSTOMS))
    assert (standing.released("C1"), standing.released("B1")) == (True, False)
    assert code(moves.close(standing, [], LATER)) == "examination.unanswered"


def test_missing_results_keep_the_vehicle() -> None:
    standing = report_next(at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.WEIGHT, StepKind.SCAN)))
    assert code(answer(standing, "C1", CUSTOMS)) == "examination.results_missing"


def test_contradictory_results_keep_the_vehicle_until_it_is_looked_at_again() -> None:
    search = (ControlKind.EXAMINE, StepKind.VEHICLE_SEARCH)
    standing = at_bay(ask("C1", CUSTOMS, *search), ask("B1", BORDER, *search))
    one = moved(results.report(standing, 1, said(StepKind.VEHICLE_SEARCH, BORDER, adverse=True), RULES))
    both = moved(results.report(one, 1, said(StepKind.VEHICLE_SEARCH, CUSTOMS), RULES))
    assert both.steps[0].contradictory
    assert code(answer(both, "C1", CUSTOMS)) == code(answer(both, "B1", BORDER)) == "examination.contradictory"
    again = moved(results.do_again(both, 1, CUSTOMS, RULES, LATER))
    assert (again.steps[0].round, again.steps[0].done, len(again.steps[0].before)) == (2, False, 2)
    settled = report_all(again)
    assert moved(answer(settled, "B1", BORDER)).released("B1")


def test_a_step_is_done_again_only_for_who_asked_for_it() -> None:
    standing = report_all(at_bay(SCAN, ask("B1", BORDER)))
    scan = next(step for step in standing.steps if step.kind is StepKind.SCAN)
    assert code(results.do_again(standing, scan.number, BORDER, RULES, LATER)) == "examination.not_yours"


def test_what_was_found_keeps_the_vehicle_but_for_an_override_of_two_people_of_that_agency() -> None:
    standing = report_all(at_bay(SCAN), adverse=StepKind.SCAN)
    assert code(answer(standing, "C1", CUSTOMS)) == "examination.adverse"
    asked = moved(answer(standing, "C1", CUSTOMS, override=True, by="wang"))
    assert not asked.released("C1")
    assert code(moves.close(asked, [], LATER)) == "examination.unanswered"
    assert code(results.confirm(asked, "C1", CUSTOMS, "wang", RULES, LATER)) == "examination.same_person"
    assert code(results.confirm(asked, "C1", BORDER, "zhao", RULES, LATER)) == "examination.not_yours"
    agreed = moved(results.confirm(asked, "C1", CUSTOMS, "li", RULES, LATER))
    assert agreed.released("C1")
    assert code(results.confirm(agreed, "C1", CUSTOMS, "qian", RULES, LATER)) == "examination.nothing_to_confirm"


def test_nobody_confirms_himself_by_answering() -> None:
    standing = report_all(at_bay(SCAN), adverse=StepKind.SCAN)
    asked = moved(answer(standing, "C1", CUSTOMS, override=True, by="wang", confirmed_by="li"))
    assert not asked.released("C1")


def test_a_radiation_alarm_ends_with_two_people_and_evidence() -> None:
    standing = at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.RADIATION))
    bare = said(StepKind.RADIATION, CUSTOMS, pictures=())
    assert code(results.report(standing, 1, bare, RULES)) == "examination.evidence"
    asked = moved(answer(report_all(standing), "C1", CUSTOMS, by="wang"))
    assert not asked.released("C1")
    assert moved(results.confirm(asked, "C1", CUSTOMS, "li", RULES, LATER)).released("C1")


def test_a_seal_that_differs_is_a_finding_by_itself() -> None:
    standing = at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE))
    opened = moved(results.report(standing, 1, said(StepKind.OPEN_SEAL, CUSTOMS, seals=("S9",)), RULES))
    assert opened.steps[0].reports[0].outcome is Outcome.ADVERSE
    assert opened.steps[0].reports[0].found[0].code == results.SEAL_DIFFERS


def test_seals_opened_and_put_on_are_kept_and_a_worn_seal_is_refused() -> None:
    standing = report_next(report_next(at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE))))
    reseal = standing.steps[-1]
    assert (
        code(results.report(standing, reseal.number, said(StepKind.RESEAL, CUSTOMS, seals=()), RULES))
        == "examination.seal_number"
    )
    worn = said(StepKind.RESEAL, CUSTOMS, seals=("S1",))
    assert code(results.report(standing, reseal.number, worn, RULES)) == "examination.seal_worn"
    sealed = report_next(standing)
    assert [(mark.seal, mark.put_on) for mark in sealed.seals] == [("S1", False), ("S2", True)]
    assert sealed.seals_now == ("S2",)


def test_nothing_leaves_with_its_seal_open_even_when_every_hold_is_gone() -> None:
    opened = report_next(at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE)))
    let_go = moved(moves.withdraw(opened, "C1", RULES, LATER))
    assert code(moves.close(let_go, [], LATER)) == "examination.steps_left"
    assert code(moves.abandon(opened, CUSTOMS, LATER)) == "examination.seal_open"
    assert moved(moves.close(report_all(let_go), [], LATER)).outcome == "may_leave"


def test_what_lies_inside_is_not_looked_at_before_the_seal_is_open() -> None:
    standing = at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE))
    appearance = standing.steps[1]
    assert (
        code(results.report(standing, appearance.number, said(StepKind.APPEARANCE, CUSTOMS), RULES))
        == "examination.order"
    )


def test_a_hold_that_is_in_force_keeps_the_vehicle_whoever_placed_it() -> None:
    standing = moved(answer(report_all(at_bay(SCAN)), "C1", CUSTOMS))
    late = hold("B7", BORDER, ControlKind.DETAIN)
    assert code(moves.close(standing, [late], LATER)) == "examination.held"
    assert moved(moves.close(standing, [hold("W1", BORDER, ControlKind.WATCH)], LATER)).outcome == "may_leave"


def test_a_new_order_before_the_call_asks_for_a_new_appointment() -> None:
    planned = moved(moves.plan(ordered(SCAN), Appointment("B1", NOW, NOW + MINUTE, (), "p"), NOW))
    more = moved(moves.ask_more(planned, ask("B1", BORDER), RULES, NOW))
    assert (more.state, more.appointment) == (ExaminationState.ORDERED, None)


def test_abandoning_ends_no_hold_and_is_for_who_asked() -> None:
    standing = at_bay(SCAN)
    assert code(moves.abandon(standing, BORDER, LATER)) == "examination.not_yours"
    ended = moved(moves.abandon(standing, CUSTOMS, LATER))
    assert (ended.state, ended.outcome, ended.answers) == ("abandoned", "abandoned", ())
    assert code(moves.ask_more(ended, ask("B1", BORDER), RULES, LATER)) == "examination.ended"


def test_an_adverse_report_says_what_was_found_and_a_weight_its_kilograms() -> None:
    standing = at_bay(ask("S1", SITE, ControlKind.EXAMINE, StepKind.WEIGHT))
    silent = msgspec.structs.replace(said(StepKind.WEIGHT, SITE, adverse=True), found=())
    assert code(results.report(standing, 1, silent, RULES)) == "examination.nothing_found"
    assert code(results.report(standing, 1, said(StepKind.WEIGHT, SITE, mass_kg=None), RULES)) == "examination.mass"
    once = report_next(standing)
    assert code(results.report(once, 1, said(StepKind.WEIGHT, SITE), RULES)) == "examination.reported"


def test_keeping_is_an_answer_that_releases_nothing_and_may_be_changed() -> None:
    standing = moved(answer(report_all(at_bay(SCAN)), "C1", CUSTOMS, AnswerOutcome.KEEP))
    assert not standing.released("C1")
    let_go = moved(answer(standing, "C1", CUSTOMS))
    assert let_go.released("C1")
    assert code(answer(let_go, "C1", CUSTOMS)) == "examination.released"


@pytest.mark.parametrize("act", ["report", "answer", "confirm"])
def test_results_come_from_the_bay_only(act: str) -> None:
    standing = ordered(SCAN, vehicle=LORRY)
    tried = {
        "report": lambda: results.report(standing, 1, said(StepKind.SCAN, CUSTOMS), RULES),
        "answer": lambda: answer(standing, "C1", CUSTOMS),
        "confirm": lambda: results.confirm(standing, "C1", CUSTOMS, "li", RULES, LATER),
    }[act]()
    assert code(tried) == "examination.not_at_bay"
