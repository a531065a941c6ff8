"""How an examination is shown: what other agencies keep to themselves is left out for those who did not read it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.access.need import PROTECTED
from kouan.access.people import Principal, Role
from kouan.access.words import Field
from kouan.inspection.examination.examination import Answer, Ask, Examination, Report, Step
from kouan.web.examination_shapes import ExaminationView
from kouan.web.reading import NOTHING

_MADE = ("asks", "steps", "answers", "appointment")


def shown(examination: Examination, reader: Principal, read: frozenset[Field] = NOTHING) -> Mapping[str, Any]:
    """Return an examination as its reader may see it; ``read`` are the protected fields that they read of it."""
    return {
        **{name: getattr(examination, name) for name in ExaminationView.model_fields if name not in _MADE},
        "asks": [_ask(ask, reader, read) for ask in examination.asks],
        "steps": [_step(step, examination, reader, read=Field.FINDINGS in read) for step in examination.steps],
        "answers": [{**_said(answer, reader, read), "releases": answer.releases} for answer in examination.answers],
        "appointment": None if examination.appointment is None else msgspec.structs.asdict(examination.appointment),
    }


def _ask(ask: Ask, reader: Principal, read: frozenset[Field]) -> Mapping[str, Any]:
    withheld = ask.agency != reader.agency and Field(ask.agency) in PROTECTED - read
    hidden = {"reason": "", "by": ""} if withheld else {}
    return {**msgspec.structs.asdict(ask), **hidden, "withheld": withheld}


def _said(answer: Answer, reader: Principal, read: frozenset[Field]) -> Mapping[str, Any]:
    withheld = answer.agency != reader.agency and Field(answer.agency) in PROTECTED - read
    hidden = {"reason": ""} if withheld else {}
    return {**msgspec.structs.asdict(answer), **hidden, "withheld": withheld}


def item(examination: Examination, reader: Principal) -> Mapping[str, Any]:
    """Return an examination's line of the worklist."""
    appointment = examination.appointment
    return {
        "number": examination.number,
        "state": examination.state,
        "plate": examination.vehicle.plate,
        "cargo": examination.vehicle.cargo,
        "agencies": list(dict.fromkeys(ask.agency for ask in examination.asks)),
        "unanswered": list(
            dict.fromkeys(ask.agency for ask in examination.asks if not examination.released(ask.number))
        ),
        "mine": [
            step.kind
            for step in examination.steps
            if reader.agency in step.present and reader.agency not in [report.agency for report in step.reports]
        ],
        "left": [step.kind for step in examination.steps if not step.done],
        "steps": len(examination.steps),
        "bay": None if appointment is None else appointment.bay,
        "starts_at": None if appointment is None else appointment.starts_at,
        "called_at": examination.called_at,
        "arrived_at": examination.arrived_at,
        "promised_at": examination.promised_at,
        "ordered_at": examination.ordered_at,
        "closed_at": examination.closed_at,
        "outcome": examination.outcome,
        "perishable": examination.vehicle.perishable,
    }


def _step(step: Step, examination: Examination, reader: Principal, *, read: bool) -> Mapping[str, Any]:
    asking = [ask.agency for ask in examination.asks if ask.number in step.asks]
    others = read and (Role.AUDITOR in reader.roles or reader.agency in (*asking, *step.present))
    fields = msgspec.structs.asdict(step)
    for name in ("reports", "before"):
        reports = getattr(step, name)
        fields[name] = [_report(each, whole=others or each.agency == reader.agency) for each in reports]
    return {**fields, "done": step.done, "clear": step.clear, "contradictory": step.contradictory}


def _report(report: Report, *, whole: bool) -> Mapping[str, Any]:
    hidden = {} if whole else {"found": (), "pictures": (), "seals": (), "mass_kg": None}
    return {**msgspec.structs.asdict(report), **hidden, "withheld": not whole}
