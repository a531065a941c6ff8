"""Joint examinations of a port: its rules, its roster, and the parts that run them."""

import msgspec

from kouan.adapters.bay_planner.worker import WorkerPlanner
from kouan.adapters.examination.driver import ExaminationDriver
from kouan.gate.roles import GateRecords
from kouan.inspection.examination.bays import BayPlanner, Budget
from kouan.inspection.examination.planning import Roster, parse_roster
from kouan.inspection.examination.records import ExaminationRecords
from kouan.inspection.examination.rules import ExaminationRules, parse_rules
from kouan.inspection.roles import ControlDesk, PapersRecords
from kouan.journeys.diversion import Diversions
from kouan.journeys.examination import Answered, Examinations
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock
from kouan.wiring.port_file import folder


class ExaminationParts(msgspec.Struct, frozen=True):
    """What runs the examinations of a port: people act on ``examinations``, and ``driver`` runs beside the others."""

    examinations: Examinations
    driver: ExaminationDriver


def shipped_rules() -> ExaminationRules:
    """Return the rules of examinations that hold until a port has approved its own."""
    return parse_rules((folder() / "rules" / "examination.toml").read_text(encoding="utf-8"))


def shipped_roster(port: str) -> Roster:
    """Return the bays of a port and who works at them; raise FileNotFoundError for a port that has none."""
    return parse_roster((folder() / "bays" / f"{port}.toml").read_text(encoding="utf-8"))


def has_bays(port: str) -> bool:
    """Say whether a port has bays for joint examinations."""
    return (folder() / "bays" / f"{port}.toml").is_file()


def examination_parts(
    port: str,
    records: ExaminationRecords,
    papers: PapersRecords,
    gate: GateRecords,
    control: ControlDesk,
    ledger: Ledger,
    clock: Clock,
    planner: BayPlanner | None = None,
    answered: Answered | None = None,
) -> ExaminationParts:
    """Return the parts; bays are planned in a process of their own where no planner is given.

    ``answered`` is told of each agency's word on one of its control orders.
    """
    rules = shipped_rules()
    examinations = Examinations(records, papers, gate, control, ledger, clock, lambda _at: rules, answered=answered)
    driver = ExaminationDriver(
        examinations,
        Diversions(examinations, control),
        gate,
        planner or WorkerPlanner(Budget()),
        shipped_roster(port),
        lambda _at: rules,
        clock,
    )
    examinations.changed = driver.note
    return ExaminationParts(examinations, driver)
