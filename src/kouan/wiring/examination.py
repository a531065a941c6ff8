"""Joint examinations of a port: its rules, its roster, and the parts that run them."""

import contextlib
from collections.abc import Callable
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
from kouan.journeys.examination import Examinations, Learned, Turn
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.verdict import Alert
from kouan.wiring.port_file import folder


class ExaminationParts(msgspec.Struct, frozen=True):
    """What runs the examinations of a port: people act on ``examinations``, and ``driver`` runs beside the others."""

    examinations: Examinations
    driver: ExaminationDriver


class ExaminationStores(msgspec.Struct, frozen=True):
    """Where examinations, the papers and the passages that they are about are kept, and what places control orders.

    ``turn`` is that of the gate's exceptions, under whose cap overrides are given too.
    """

    examinations: ExaminationRecords
    papers: PapersRecords
    gate: GateRecords
    ledger: Ledger
    control: ControlDesk
    turn: Turn = contextlib.nullcontext


class ExaminationHearers(msgspec.Struct, frozen=True):
    """Who hears of examinations: targeting of each agency's word, in its commit; departures; release of the goods."""

    learned: Learned | None = None
    departures: Departures | None = None
    release: ExaminationToRelease | None = None
    alarm: Alert = lambda *_: None


def shipped_rules() -> ExaminationRules:
    """Return the rules of examinations that hold until a port has approved its own, for a bench that has no port."""
    return parse_rules((folder() / "rules" / "examination.toml").read_bytes())


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
    stores: ExaminationStores, roster: Roster, rules: Callable[[Instant], ExaminationRules], clock: Clock,
    planner: BayPlanner | None = None, hearers: ExaminationHearers | None = None,
) -> ExaminationParts:  # fmt: skip
    """Return the parts, by the rules in force; bays are planned in a process of their own where no planner is given."""
    told = hearers or ExaminationHearers()
    examinations = Examinations(
        stores.examinations, stores.papers, stores.control, stores.ledger, clock, rules,
        learned=told.learned, turn=stores.turn,
    )  # fmt: skip
    driver = ExaminationDriver(
        examinations,
        Diversions(examinations, stores.control, told.alarm),
        stores.gate,
        planner or WorkerPlanner(Budget()),
        roster,
        rules,
        clock,
        told.departures,
        told.release,
    )
    examinations.changed = driver.note
    return ExaminationParts(examinations, driver)
