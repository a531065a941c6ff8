"""An examination on paper: orders, officers and the moves, without any store."""

from pathlib import Path
from typing import Any

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind, ControlOrder, order_record
from kouan.inspection.examination import moves, results
from kouan.inspection.examination.examination import (
    Answer,
    AnswerOutcome,
    Appointment,
    Ask,
    Examination,
    Found,
    Outcome,
    Report,
    Vehicle,
)
from kouan.inspection.examination.rules import ExaminationRules, parse_rules
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.steps import StepKind
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Refused

NOW = 1_790_000_000_000_000
MINUTE = 60 * SECOND
TEXT = (Path(__file__).parents[4] / "ports" / "rules" / "examination.toml").read_text(encoding="utf-8")
RULES: ExaminationRules = parse_rules(TEXT.encode())
STAYING = msgspec.structs.replace(RULES, times=msgspec.structs.replace(RULES.times, move_min=None))
"""Rules under which nobody moves from bay to bay."""
LORRY = Vehicle("1234УБА", seals=("S1",), declarations=("022520261000000001",))
PICTURE = "a" * 64


def hold(number: str, agency: Agency, kind: ControlKind, *steps: StepKind, at: int = NOW) -> ControlOrderRecord:
    return order_record(ControlOrder(kind, "as told", LORRY.plate, steps=steps), number, agency, "wang", at)


def ask(number: str, agency: Agency, kind: ControlKind = ControlKind.EXAMINE, *steps: StepKind, at: int = NOW) -> Ask:
    found = moves.ask_of(hold(number, agency, kind, *steps, at=at), RULES)
    assert found is not None
    return found


def moved(result: Examination | Refused) -> Examination:
    assert isinstance(result, Examination), result
    return result


def code(result: Examination | Refused) -> str:
    assert isinstance(result, Refused), result
    return result.reasons[0].code


def ordered(*asks: Ask, vehicle: Vehicle = LORRY) -> Examination:
    return moved(moves.order("X1", vehicle, asks, RULES, NOW))


def at_bay(*asks: Ask, vehicle: Vehicle = LORRY) -> Examination:
    standing = ordered(*asks, vehicle=vehicle)
    appointment = Appointment("B1", NOW + 10 * MINUTE, NOW + 60 * MINUTE, (), "p")
    standing = moved(moves.call(moved(moves.plan(standing, appointment, NOW)), NOW))
    return moved(moves.arrive(standing, "B1", NOW + 10 * MINUTE))


def said(kind: StepKind, agency: Agency, *, adverse: bool = False, by: str = "", **more: Any) -> Report:
    seals = {StepKind.OPEN_SEAL: ("S1",), StepKind.RESEAL: ("S2",)}.get(kind, ())
    mass_kg = 40_000 if kind is StepKind.WEIGHT else None
    fields: dict[str, Any] = {"pictures": (PICTURE,), "seals": seals, "mass_kg": mass_kg}
    found = (Found("foreign", "stones"),) if adverse else ()
    outcome = Outcome.ADVERSE if adverse else Outcome.CLEAR
    return Report(agency, by or f"{agency}-1", NOW + 20 * MINUTE, outcome, found, **(fields | more))


def report_next(standing: Examination, *, adverse: StepKind | None = None) -> Examination:
    """Report the first step that is not done, for the first agency that has not said anything of it."""
    step = next(each for each in standing.steps if not each.done)
    agency = next(one for one in step.present if one not in [report.agency for report in step.reports])
    return moved(results.report(standing, step.number, said(step.kind, agency, adverse=step.kind is adverse), RULES))


def report_all(standing: Examination, *, adverse: StepKind | None = None) -> Examination:
    while any(not step.done for step in standing.steps):
        standing = report_next(standing, adverse=adverse)
    return standing


def answer(
    standing: Examination, number: str, agency: Agency, outcome: AnswerOutcome = AnswerOutcome.RELEASE, **more: Any
) -> Examination | Refused:
    word = Answer(number, agency, outcome, more.pop("by", f"{agency}-1"), NOW + 30 * MINUTE, "seen", **more)
    return results.answer(standing, word, RULES)


def kinds(standing: Examination) -> list[str]:
    return [step.kind.value for step in standing.steps]
