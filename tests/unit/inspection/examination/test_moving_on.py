"""From bay to bay: a bay is held only by the steps that need it, and nobody drives about with open seals."""

import msgspec
import pytest
from tests.unit.inspection.examination.sheet_kit import (
    MINUTE,
    NOW,
    RULES,
    STAYING,
    TEXT,
    answer,
    ask,
    kinds,
    moved,
    ordered,
    said,
)

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination import moves, results
from kouan.inspection.examination.bays import Bay, BayProblem
from kouan.inspection.examination.examination import Appointment, Examination, ExaminationState, Step
from kouan.inspection.examination.first_come import first_come
from kouan.inspection.examination.planning import appointments_of, job_of, parts_of
from kouan.inspection.examination.rules import BayFeature, ExaminationRules, parse_rules
from kouan.inspection.steps import StepKind
from kouan.vocabulary.errors import InvalidValue

CUSTOMS, BORDER, SITE = Agency.CUSTOMS, Agency.BORDER_INSPECTION, Agency.SITE
MOVING = RULES
SCAN = ask("C1", CUSTOMS, ControlKind.SCAN)
PEOPLE = ask("B1", BORDER, ControlKind.EXAMINE)
GOODS = ask("C2", CUSTOMS, ControlKind.EXAMINE)


def names(parts: list[tuple[Step, ...]]) -> list[list[str]]:
    return [[step.kind.value for step in part] for part in parts]


def at(standing: Examination, bay: str, steps: tuple[int, ...]) -> Examination:
    planned = moved(moves.plan(standing, Appointment(bay, NOW, NOW + 60 * MINUTE, (), "p", steps), NOW))
    return moved(moves.arrive(moved(moves.call(planned, NOW)), bay, NOW))


def report(standing: Examination, kind: StepKind) -> Examination:
    """Let every agency that should be there report a step."""
    step = next(each for each in standing.steps if each.kind is kind)
    for agency in step.present:
        standing = moved(results.report(standing, step.number, said(kind, agency), MOVING))
    return standing


def test_without_a_time_to_move_one_bay_has_all_that_a_sheet_needs() -> None:
    standing = ordered(SCAN, PEOPLE, GOODS)
    assert names(parts_of(standing, STAYING)) == [kinds(standing)]
    made = job_of(standing, STAYING, NOW)
    assert (made.features, made.steps) == ((BayFeature.DOCK, BayFeature.SCANNER), ())


def test_each_kind_of_bay_is_held_for_what_needs_it_and_what_is_opened_comes_last_and_stays() -> None:
    standing = ordered(SCAN, PEOPLE, GOODS)
    first, second, last = names(parts_of(standing, MOVING))
    assert (first, second) == (["persons", "vehicle_search"], ["scan"])
    assert (last[0], last[-1]) == ("open_seal", "reseal")
    assert sorted(first + second + last) == sorted(kinds(standing))
    made = job_of(standing, MOVING, NOW)
    assert (made.features, made.minutes) == ((), 6 + 10 + MOVING.times.turn_over_min)
    assert made.steps == tuple(step.number for step in standing.steps if step.kind.value in first)


def test_what_is_opened_at_a_plain_bay_comes_after_the_scan_with_all_else_that_needs_none() -> None:
    standing = ordered(SCAN, PEOPLE, ask("S1", SITE, ControlKind.EXAMINE, StepKind.APPEARANCE))
    assert names(parts_of(standing, MOVING)) == [
        ["scan"],
        ["persons", "vehicle_search", "open_seal", "appearance", "reseal"],
    ]


def test_a_vehicle_moves_on_once_nothing_is_left_of_what_its_appointment_is_for() -> None:
    standing = ordered(SCAN, PEOPLE)
    first, second = parts_of(standing, MOVING)
    there = at(standing, "B1", tuple(step.number for step in first))
    begun = report(there, StepKind.PERSONS)
    assert begun.state is ExaminationState.STEPS
    onward = report(begun, StepKind.VEHICLE_SEARCH)
    assert (onward.state, onward.appointment, onward.called_at) == (ExaminationState.ORDERED, None, None)
    assert onward.ready_at == onward.changed_at + 5 * MINUTE
    assert job_of(onward, MOVING, onward.changed_at).ready == 5
    assert names(parts_of(onward, MOVING)) == names([second])
    done = report(at(onward, "B2", ()), StepKind.SCAN)
    assert done.state is ExaminationState.RESULTS
    released = moved(answer(moved(answer(done, "C1", CUSTOMS)), "B1", BORDER))
    assert moved(moves.close(released, [], NOW)).outcome == "may_leave"


def test_nobody_moves_with_open_seals() -> None:
    standing = ordered(GOODS)
    opening = next(step.number for step in standing.steps if step.kind is StepKind.OPEN_SEAL)
    opened = report(at(standing, "B1", (opening,)), StepKind.OPEN_SEAL)
    assert opened.state is ExaminationState.STEPS
    assert names(parts_of(opened, MOVING)) == [[kind for kind in kinds(opened) if kind != "open_seal"]]


def test_who_has_nothing_left_to_do_at_another_bay_waits_for_results_and_leaves() -> None:
    standing = ordered(SCAN, PEOPLE)
    first = parts_of(standing, MOVING)[0]
    onward = report(
        report(at(standing, "B1", tuple(s.number for s in first)), StepKind.PERSONS), StepKind.VEHICLE_SEARCH
    )
    left = moved(moves.withdraw(onward, "C1", MOVING, NOW))
    assert left.state is ExaminationState.RESULTS
    assert moved(moves.close(moved(answer(left, "B1", BORDER)), [], NOW)).outcome == "may_leave"
    again = moved(moves.ask_more(left, ask("C3", CUSTOMS, ControlKind.SCAN), MOVING, NOW))
    assert again.state is ExaminationState.ORDERED


def test_what_is_asked_at_a_bay_that_lacks_it_is_done_at_another() -> None:
    standing = ordered(PEOPLE, SCAN)
    first = parts_of(standing, MOVING)[0]
    there = report(at(standing, "B1", tuple(step.number for step in first)), StepKind.PERSONS)
    more = moved(moves.ask_more(there, ask("C3", CUSTOMS, ControlKind.QUARANTINE), MOVING, NOW))
    assert more.state is ExaminationState.STEPS
    onward = report(more, StepKind.VEHICLE_SEARCH)
    assert names(parts_of(onward, MOVING)) == [["scan"], ["open_seal", "quarantine", "reseal"]]


@pytest.mark.parametrize(("rules", "said_of"), [(MOVING, ["persons", "vehicle_search"]), (STAYING, [])])
def test_an_appointment_names_its_steps_only_where_others_are_done_elsewhere(
    rules: ExaminationRules, said_of: list[str]
) -> None:
    standing = ordered(SCAN, PEOPLE)
    job = msgspec.structs.replace(job_of(standing, rules, NOW), needs=())
    asked = BayProblem((Bay("B1", (BayFeature.SCANNER,)),), (), (job,), 480)
    made = appointments_of(first_come(asked), asked, rules, NOW)["X1"]
    assert [step.kind.value for step in standing.steps if step.number in made.steps] == said_of
    assert (b"steps" in msgspec.json.encode(made)) == bool(said_of)


@pytest.mark.parametrize("minutes", ["0", "-5"])
def test_a_time_to_move_is_at_least_a_minute(minutes: str) -> None:
    with pytest.raises(InvalidValue, match=r"times\.move_min"):
        parse_rules(TEXT.replace("move_min = 5 ", f"move_min = {minutes} ").encode())
