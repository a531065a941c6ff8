"""From the gate to the examination: what a vehicle was diverted for becomes control orders, and these one sheet."""

import hashlib
from collections.abc import Mapping

from kouan.access.people import Agency
from kouan.gate.decision import Finding
from kouan.gate.dossier import case_of
from kouan.gate.procedures import Outcome
from kouan.gate.states import Diverted
from kouan.inspection.control_orders import ControlKind, ControlOrder
from kouan.inspection.examination.examination import Examination, Vehicle
from kouan.inspection.roles import ControlDesk
from kouan.inspection.steps import StepKind
from kouan.journeys.examination import Examinations
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Alert, Reason, Refused

ASKED: Mapping[Outcome, tuple[ControlKind, tuple[StepKind, ...]]] = {
    Outcome.DIVERT_MANUAL: (ControlKind.EXAMINE, ()),
    Outcome.DIVERT_SCAN: (ControlKind.SCAN, ()),
    Outcome.DIVERT_QUARANTINE: (ControlKind.QUARANTINE, ()),
    Outcome.DIVERT_RADIATION: (ControlKind.EXAMINE, (StepKind.RADIATION, StepKind.SCAN)),
    Outcome.HOLD: (ControlKind.DETAIN, ()),
}
"""What a finding of the gate asks of the examination. Our choice: what its outcome says."""


class Diversions:
    """Follows up diversions. Doing so twice changes nothing, so a restarted platform does it again for the latest."""

    def __init__(self, examinations: Examinations, control: ControlDesk, alarm: Alert = lambda *_: None) -> None:
        """``alarm`` calls a person to a vehicle that was diverted and is not examined."""
        self._examinations = examinations
        self._control = control
        self._alarm = alarm

    async def diverted(self, state: Diverted) -> Examination | Refused | None:
        """Have a vehicle examined for what it was diverted for, and for every control order in force on it.

        One whose plate nobody read is examined under its passage's name; where there is no sheet, a person is called.
        """
        gravest = _gravest(state)
        ordered = await self._ordered(state, gravest)
        if isinstance(ordered, Refused) or (ordered is None and not gravest and not await self._was_examined(state)):
            params = {"passage": state.dossier.passage}
            self._alarm(state.dossier.lane, state.dossier.passage, 1, Reason("examination.not_ordered", params))
        return ordered

    async def _ordered(self, state: Diverted, gravest: Mapping[str, Finding]) -> Examination | Refused | None:
        vehicle = vehicle_of(state)
        for authority, finding in gravest.items():
            kind, steps = ASKED[finding.outcome]
            order = ControlOrder(
                kind, f"{finding.rule} v{finding.version}: {finding.reason.code}", vehicle.plate, steps=steps
            )
            number = f"G-{_digest(state.dossier.passage, authority)}"
            placed = await self._control.place(order, Agency(authority), f"gate {state.dossier.passage}", number)
            if isinstance(placed, Refused):
                return placed
        return await self._examinations.order(_sheet_of(state), vehicle)

    async def _was_examined(self, state: Diverted) -> bool:
        """Say whether the vehicle had its sheet: its holds were answered since, and nothing is left to ask."""
        try:
            await self._examinations.find(_sheet_of(state))
        except NotFound:
            return False
        return True


def vehicle_of(state: Diverted) -> Vehicle:
    """Return the vehicle of a passage as it was read and announced; where no plate was read, its passage names it."""
    case = case_of(state.dossier)
    plates, papers, boxes = case.plates, case.papers, case.containers
    plate = (papers.plate if papers else None) or (plates.tractor if plates else None) or state.dossier.passage
    goods = papers.consignments if papers else ()
    return Vehicle(
        plate=plate,
        trailer=(papers.trailer if papers else None) or (plates.trailer if plates else None),
        containers=tuple(dict.fromkeys((*(papers.containers if papers else ()), *(boxes.numbers if boxes else ())))),
        consignments=tuple(each.number for each in goods),
        declarations=tuple(dict.fromkeys(each.declaration for each in goods if each.declaration)),
        seals=papers.seals if papers else (),
        cargo=papers.cargo if papers else "",
        perishable=papers is not None and papers.green_channel,
        passage=state.dossier.passage,
    )


def _gravest(state: Diverted) -> Mapping[str, Finding]:
    """Return each authority's gravest finding that no control order stands behind: those hold by themselves."""
    outcomes = list(Outcome)
    found: dict[str, Finding] = {}
    lifted = {text.split(":", 1)[0] for text in state.decision.exceptions}
    for finding in state.decision.findings:
        if finding.outcome not in ASKED or finding.reason.code.startswith("hold.") or finding.rule in lifted:
            continue
        before = found.get(finding.authority.value)
        if before is None or outcomes.index(finding.outcome) > outcomes.index(before.outcome):
            found[finding.authority.value] = finding
    return found


def _sheet_of(state: Diverted) -> str:
    return f"X-{_digest(state.dossier.passage)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
