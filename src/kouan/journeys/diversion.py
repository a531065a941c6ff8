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
from kouan.vocabulary.verdict import Refused

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

    def __init__(self, examinations: Examinations, control: ControlDesk) -> None:
        self._examinations = examinations
        self._control = control

    async def diverted(self, state: Diverted) -> Examination | Refused | None:
        """Have a vehicle examined for what it was diverted for, and for every control order in force on it."""
        vehicle = vehicle_of(state)
        if vehicle is None:
            return None
        for authority, finding in _gravest(state).items():
            kind, steps = ASKED[finding.outcome]
            order = ControlOrder(
                kind, f"{finding.rule} v{finding.version}: {finding.reason.code}", vehicle.plate, steps=steps
            )
            number = f"G-{_digest(state.dossier.passage, authority)}"
            placed = await self._control.place(order, Agency(authority), f"gate {state.dossier.passage}", number)
            if isinstance(placed, Refused):
                return placed
        return await self._examinations.order(f"X-{_digest(state.dossier.passage)}", vehicle)


def vehicle_of(state: Diverted) -> Vehicle | None:
    """Return the vehicle of a passage as it was read and announced; None where no plate was read."""
    case = case_of(state.dossier)
    plates, papers, boxes = case.plates, case.papers, case.containers
    plate = (papers.plate if papers else None) or (plates.tractor if plates else None)
    if plate is None:
        return None
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


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
