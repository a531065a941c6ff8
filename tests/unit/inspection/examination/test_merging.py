"""What all agencies ask of a vehicle becomes one sheet, each step done once, and said why."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inspection.examination.sheet_kit import (
    LORRY,
    MINUTE,
    NOW,
    RULES,
    ask,
    at_bay,
    kinds,
    moved,
    ordered,
    report_all,
    report_next,
)

from kouan.access.people import Agency
from kouan.gate.catalogue import render
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination import moves
from kouan.inspection.examination.examination import Examination
from kouan.inspection.examination.merging import merged
from kouan.inspection.examination.rules import Enables
from kouan.inspection.steps import MAKING, StepKind
from kouan.wiring.messages import catalogues

CUSTOMS, BORDER, SITE = Agency.CUSTOMS, Agency.BORDER_INSPECTION, Agency.SITE
DECIDERS = (CUSTOMS, BORDER, SITE)


def codes(standing: Examination, kind: StepKind) -> list[str]:
    (step,) = (each for each in standing.steps if each.kind is kind)
    return [reason.code for reason in step.because]


def test_the_seal_is_opened_once_and_put_on_once_however_many_look_inside() -> None:
    standing = ordered(ask("C1", CUSTOMS), ask("C2", CUSTOMS, ControlKind.QUARANTINE), ask("S1", SITE))
    found = kinds(standing)
    assert [found.count(kind) for kind in MAKING] == [1, 1, 1, 1]
    assert found.index("open_seal") < found.index("appearance") < found.index("unload") < found.index("quantity")
    assert found.index("quantity") < found.index("reload") < found.index("reseal") == len(found) - 1


def test_what_shows_without_opening_comes_before_the_seal_is_opened() -> None:
    found = kinds(ordered(ask("C1", CUSTOMS), ask("C2", CUSTOMS, ControlKind.SCAN), ask("B1", BORDER)))
    assert found.index("scan") < found.index("open_seal")
    assert found.index("persons") < found.index("open_seal")


def test_a_scan_that_two_agencies_ask_for_is_done_once_by_its_lead_and_answers_both() -> None:
    standing = ordered(ask("B1", BORDER, ControlKind.SCAN), ask("C1", CUSTOMS, ControlKind.SCAN))
    (scan,) = standing.steps
    assert (scan.asks, scan.present) == (("B1", "C1"), (CUSTOMS,))
    assert codes(standing, StepKind.SCAN) == ["examination.asked", "examination.asked", "examination.shared"]


def test_where_the_law_wants_both_each_agency_that_asked_is_present() -> None:
    standing = ordered(ask("C1", CUSTOMS), ask("S1", SITE))
    (appearance,) = (step for step in standing.steps if step.kind is StepKind.APPEARANCE)
    assert appearance.present == (CUSTOMS, SITE)
    assert codes(standing, StepKind.APPEARANCE)[-1] == "examination.together"


def test_documents_are_each_agencys_own() -> None:
    standing = ordered(ask("C1", CUSTOMS, ControlKind.DETAIN), ask("S1", SITE, ControlKind.DETAIN))
    assert [step.present for step in standing.steps if step.kind is StepKind.DOCUMENTS] == [(CUSTOMS,), (SITE,)]


def test_a_vehicle_without_seal_has_none_opened() -> None:
    bulk = msgspec.structs.replace(LORRY, seals=())
    assert "open_seal" not in kinds(ordered(ask("C1", CUSTOMS), vehicle=bulk))


def test_an_order_that_names_its_steps_asks_for_these() -> None:
    steps = (StepKind.RADIATION, StepKind.FOREIGN_MATTER, StepKind.SAMPLING)
    standing = ordered(ask("R1", CUSTOMS, ControlKind.EXAMINE, *steps))
    assert set(kinds(standing)) - {"open_seal", "reseal"} == set(steps)


def test_an_order_that_comes_while_steps_are_under_way_is_answered_by_what_was_done_already() -> None:
    standing = report_all(at_bay(ask("C1", CUSTOMS, ControlKind.SCAN)))
    late = ask("B1", BORDER, ControlKind.SCAN, at=NOW + 40 * MINUTE)
    both = moved(moves.ask_more(standing, late, RULES, NOW + 40 * MINUTE))
    assert kinds(both) == ["scan"]
    assert both.steps[0].asks == ("C1", "B1")


def test_who_asks_for_the_same_again_after_the_result_wants_another_look() -> None:
    standing = report_all(at_bay(ask("C1", CUSTOMS, ControlKind.SCAN)))
    again = ask("C2", CUSTOMS, ControlKind.SCAN, at=NOW + 40 * MINUTE)
    both = moved(moves.ask_more(standing, again, RULES, NOW + 40 * MINUTE))
    assert [(step.kind, step.done) for step in both.steps] == [(StepKind.SCAN, True), (StepKind.SCAN, False)]


def test_a_seal_that_was_put_on_again_is_opened_again_for_a_later_order() -> None:
    standing = report_all(at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE)))
    later = ask("C2", CUSTOMS, ControlKind.EXAMINE, StepKind.SAMPLING, at=NOW + 40 * MINUTE)
    both = moved(moves.ask_more(standing, later, RULES, NOW + 40 * MINUTE))
    assert kinds(both) == ["open_seal", "appearance", "reseal", "open_seal", "sampling", "reseal"]


def test_what_only_a_withdrawn_order_asked_for_falls_away_but_an_open_seal_is_put_on() -> None:
    standing = at_bay(ask("C1", CUSTOMS, ControlKind.EXAMINE, StepKind.APPEARANCE, StepKind.SAMPLING))
    opened = report_next(standing)
    assert opened.seals_open
    left = moved(moves.withdraw(opened, "C1", RULES, NOW + 40 * MINUTE))
    assert [step.kind for step in left.steps if not step.done] == [StepKind.RESEAL]


asks = st.lists(
    st.tuples(
        st.sampled_from(DECIDERS),
        st.sampled_from([kind for kind in ControlKind if kind is not ControlKind.WATCH]),
        st.lists(st.sampled_from([step for step in StepKind if step not in MAKING]), unique=True, max_size=4),
    ),
    min_size=1,
    max_size=5,
)


@given(asks, st.booleans())
def test_any_orders_make_a_sheet_in_which_everything_is_done_once_in_an_order_that_can_be_done(
    wanted: list[tuple[Agency, ControlKind, list[StepKind]]], sealed: bool
) -> None:
    vehicle = LORRY if sealed else msgspec.structs.replace(LORRY, seals=())
    found = [ask(f"O{n}", agency, kind, *steps) for n, (agency, kind, steps) in enumerate(wanted)]
    standing = ordered(*found, vehicle=vehicle)
    for one in found:
        assert set(one.steps) == {step.kind for step in standing.steps if one.number in step.asks}
    assert len({step.number for step in standing.steps}) == len(standing.steps)
    assert [RULES.rank(step.kind) for step in standing.steps] == sorted(
        RULES.rank(step.kind) for step in standing.steps
    )
    opens = any(RULES.steps[step.kind].opens for step in standing.steps)
    assert (RULES.enabling(Enables.OPENS) in kinds(standing)) == (opens and sealed)
    assert merged(standing, RULES) == standing
    assert all(step.because for step in standing.steps)
    done = report_all(at_bay(*found, vehicle=vehicle))
    assert not done.seals_open
    assert merged(done, RULES).steps == done.steps


def test_every_reason_of_a_sheet_can_be_read_in_every_language() -> None:
    scans = (ask("C2", CUSTOMS, ControlKind.SCAN), ask("B1", BORDER, ControlKind.SCAN))
    standing = ordered(ask("C1", CUSTOMS), *scans, ask("S1", SITE))
    reasons = {reason.code: reason for step in standing.steps for reason in step.because}
    assert set(reasons) == {f"examination.{name}" for name in ("asked", "shared", "together", "needed_by")}
    for language, texts in catalogues().items():
        for reason in reasons.values():
            assert "{" not in render(texts, reason), (language, reason.code)
            assert render(texts, reason) != reason.code
