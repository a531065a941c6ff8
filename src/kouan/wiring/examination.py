"""Joint examinations of a port: its rules, its roster, and the parts that run them."""

from pathlib import Path

import msgspec

from kouan.adapters.bay_planner.worker import WorkerPlanner
from kouan.adapters.examination.driver import ExaminationDriver
from kouan.gate.roles import GateRecords
from kouan.inspection.examination.bays import BayPlanner, Budget
from kouan.inspection.examination.planning import Roster, parse_roster
from kouan.inspection.examination.records import ExaminationRecords
from kouan.inspection.examination.rules import ExaminationRules, parse_rules
from kouan.inspection.roles import ControlDesk, PapersRecords
from kouan.journeys.departure import Departures
from kouan.journeys.diversion import Diversions
from kouan.journeys.examination import Answered, Examinations
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock
from kouan.wiring.port_file import folder


class ExaminationParts(msgspec.Struct, frozen=True):
    """What runs the examinations of a port: people act on ``examinations``, and ``driver`` runs beside the others."""

    examinations: Examinations
    driver: ExaminationDriver


class ExaminationStores(msgspec.Struct, frozen=True):
    """Where examinations, the papers and the passages that they are about are kept, and what places control orders."""

    examinations: ExaminationRecords
    papers: PapersRecords
    gate: GateRecords
    ledger: Ledger
    control: ControlDesk


class ExaminationHearers(msgspec.Struct, frozen=True):
    """Who hears of examinations: targeting of each agency's word, the border of departures, release of the goods."""

    answered: Answered | None = None
    departures: Departures | None = None
    release: ExaminationToRelease | None = None


def shipped_rules() -> ExaminationRules:
    """Return the rules of examinations that hold until a port has approved its own."""
    return parse_rules((folder() / "rules" / "examination.toml").read_text(encoding="utf-8"))


def shipped_roster(port: str) -> Roster:
    """Return the bays of a port and who works at them; raise FileNotFoundError for a port that has none."""
    return parse_roster((folder() / "bays" / f"{port}.toml").read_text(encoding="utf-8"))


def roster_of(port: str, port_file: Path) -> Roster | None:
    """Return the roster that belongs to a port's file: beside it, else kouan's own; None for a port without bays."""
    for place in (port_file.parent, folder()):
        path = place / "bays" / f"{port}.toml"
        if path.is_file():
            return parse_roster(path.read_text(encoding="utf-8"))
    return None


def examination_parts(
    stores: ExaminationStores, roster: Roster, clock: Clock, planner: BayPlanner | None = None,
    hearers: ExaminationHearers | None = None,
) -> ExaminationParts:  # fmt: skip
    """Return the parts; bays are planned in a process of their own where no planner is given."""
    rules, told = shipped_rules(), hearers or ExaminationHearers()
    examinations = Examinations(
        stores.examinations, stores.papers, stores.gate, stores.control, stores.ledger, clock, lambda _at: rules,
        answered=told.answered,
    )  # fmt: skip
    driver = ExaminationDriver(
        examinations,
        Diversions(examinations, stores.control),
        stores.gate,
        planner or WorkerPlanner(Budget()),
        roster,
        lambda _at: rules,
        clock,
        told.departures,
        told.release,
    )
    examinations.changed = driver.note
    return ExaminationParts(examinations, driver)
