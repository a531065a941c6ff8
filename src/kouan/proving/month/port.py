"""The platform of the month: what a running port is composed of, over a ledger in memory and without a lane."""

from random import Random
from typing import Self

import msgspec

from kouan.adapters.bay_planner.in_process import InProcessPlanner
from kouan.adapters.driver.release_watch import ReleaseWatch
from kouan.adapters.learning.artefacts import MemoryArtefacts
from kouan.adapters.memory.examination import MemoryExaminationRecords
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.memory.rules import MemoryRuleRecords
from kouan.adapters.memory.targeting import MemoryTargetingRecords
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.rules.dry_runs import recorded
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.rulebook import Rulebook
from kouan.inspection.examination.bays import Budget
from kouan.inspection.release.roles import ReleaseRules
from kouan.inspection.release.rule import Leaves, ReleaseRule
from kouan.inspection.release.rulebook import ReleaseBook, make_book
from kouan.journeys.crossing import Crossings
from kouan.journeys.departure import Departures
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.papers_due import PapersDue
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.journeys.tables_at_gate import TablesAtGate
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.proving.month.control import ControlCounter
from kouan.proving.month.setting import MonthSetting
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Alert
from kouan.web.services import ReleaseServices
from kouan.wiring.examination import (
    ExaminationHearers,
    ExaminationParts,
    ExaminationStores,
    examination_parts,
    shipped_roster,
)
from kouan.wiring.gate_settings import load_rulebook
from kouan.wiring.port_file import PortFile
from kouan.wiring.rules import RuleParts, rules_of
from kouan.wiring.targeting import targeting_desk
from kouan.wiring.twin.port import seeded_signer
from kouan.wiring.twin.watched import Tell, WatchedDisk
from kouan.wiring.yard import YardParts, YardStores, release_and_yard

PLANNED = Budget(deterministic_s=0.01, wall_s=600.0)
"""What the bay planner may think. Our choice: the clock never cuts it short, so that the same month gives one plan."""

DEADLINES_S = 3600.0
"""How often deadlines of lots are looked at, at the least. Our choice: they count in hours."""

STACKS = 1_000_000
"""Stacks of each block: a lot of the month is one lorry's, where a real one is a train of lorries on one stack."""


class InspectFirst:
    """Plays ``ReleaseRules``: those of a port, but that nothing leaves, or is unloaded, before its result."""

    def __init__(self, rules: ReleaseRules) -> None:
        self._rules = rules
        self._books: dict[str, ReleaseBook] = {}

    async def book(self, at: Instant) -> ReleaseBook:
        """Return the rules as they are written at an instant, each with its goods leaving with their result."""
        book = await self._rules.book(at)
        if book.digest not in self._books:
            self._books[book.digest] = make_book([_inspected_first(rule) for rule in book.rules])
        return self._books[book.digest]


def _inspected_first(rule: ReleaseRule) -> ReleaseRule:
    """Return a rule whose goods leave with their result: what is checked at the destination is checked on site."""
    here = tuple(check for check in rule.destination_checks if check not in rule.site_checks)
    return msgspec.structs.replace(
        rule, leaves=Leaves.WITH_RESULT, site_checks=(*rule.site_checks, *here), destination_checks=()
    )


class Records(msgspec.Struct, frozen=True):
    """Where the month's port remembers what it recorded."""

    papers: MemoryPapersRecords
    gate: MemoryGateRecords
    release: MemoryReleaseRecords
    targeting: MemoryTargetingRecords
    examinations: MemoryExaminationRecords
    yard: MemoryYardRecords
    rules: MemoryRuleRecords


class MonthPort:
    """Everything that people, brokers and drivers of the month meet of the platform."""

    ledger: MemoryLedger
    records: Records
    rules: RuleParts
    rulebook: Rulebook
    control: ControlCounter
    release: ReleaseDesk
    papers: PapersForRelease
    watch: ReleaseWatch
    targeting: TargetingDesk
    artefacts: MemoryArtefacts
    counter: PapersCounter
    due: PapersDue
    gate: TablesAtGate
    yard: YardParts
    examination: ExaminationParts

    def __init__(self, setting: MonthSetting, port: PortFile, clock: Clock, tell: Tell, alarm: Alert) -> None:
        self.file = with_stacks(port)
        self.clock = clock
        self._setting = setting
        self._alarm = alarm
        self._entropy = Random(f"port/{setting.seed}")
        self.disk = WatchedDisk(tell)

    async def open(self) -> Self:
        """Compose the port, its rules in force and its ledger empty."""
        name, disk = self.file.name, self.disk
        self._sealer = Sealer(SealingKeys(self._bytes(32), self._bytes(32)), self._bytes)
        self.ledger = await MemoryLedger.open_writer(disk, name, self.clock, self._sealer)
        self.records = Records(
            MemoryPapersRecords(disk, name),
            MemoryGateRecords(disk, name),
            MemoryReleaseRecords(disk, name),
            MemoryTargetingRecords(disk, name),
            MemoryExaminationRecords(disk, name),
            MemoryYardRecords(disk, name),
            MemoryRuleRecords(disk, name),
        )
        self.rulebook = load_rulebook(self.file)
        await self._open_rules()
        self._open_release()
        self._open_targeting()
        self._open_papers()
        self._open_yard_and_gate()
        self._open_examination()
        return self

    def _bytes(self, count: int) -> bytes:
        return self._entropy.randbytes(count)

    async def _open_rules(self) -> None:
        records, name = self.records, self.file.name
        read = recorded(records.gate, self.ledger, records.targeting, records.release)
        signer = seeded_signer(f"platform:{name}", self._entropy)
        self.rules = rules_of(name, records.rules, self.ledger, signer, self.clock, lambda: read)
        await self.rules.desk.start()

    def _open_release(self) -> None:
        records = self.records.release
        rules = InspectFirst(self.rules.release) if self._setting.inspect_first else self.rules.release
        self.release = ReleaseDesk(records, self.ledger, rules, self.clock, Random(f"reports/{self._setting.seed}"))
        self.papers = PapersForRelease(self.release, records, self.records.papers)
        self.watch = ReleaseWatch(self.release, records, self.clock, self._alarm, DEADLINES_S)

    def _open_targeting(self) -> None:
        records, clock = self.records, self.clock
        self.artefacts = MemoryArtefacts()
        self.control = ControlCounter(records.papers, self.ledger, clock)
        self.targeting = targeting_desk(
            records.papers, records.targeting, self.ledger, self.control, self.artefacts, clock,
            lambda: self._bytes(16).hex(), self.rules.targeting, chance=Random(f"lots/{self._setting.seed}"),
            tables=self.rules.tables,
        )  # fmt: skip

    def _open_papers(self) -> None:
        async def came(number: str) -> None:
            await self.targeting.targeting.papers_came(number)
            await self.papers.came(number)

        records = self.records.papers
        self.subjects = MemorySubjects(self.disk, self._sealer)
        self.counter = PapersCounter(
            records, self.ledger, self.subjects, self.clock, self._bytes, self.rules.two_step, came=came
        )
        self.due = PapersDue(records, self.ledger, self.clock)

    def _open_yard_and_gate(self) -> None:
        records, name = self.records, self.file.name
        stores = YardStores(records.yard, records.release, records.papers, self.ledger, self.subjects)
        services = ReleaseServices(records=records.release, desk=self.release, papers=self.papers)
        found = release_and_yard(self.file, stores, services, self.clock, self._bytes, self._alarm, self.rules.overrun)
        if found is None:
            raise KouanError(f"{name} has no yard: its file has no table [yard]")
        self.yard = found
        desk = PapersAtGate(name, records.papers, records.gate, self.ledger, records.examinations)
        self.gate = TablesAtGate(desk, self.rules.tables, records.papers, self.ledger, self.clock)
        self.crossings = Crossings(records.papers, records.gate, self.ledger, self.yard.arrivals)

    def _open_examination(self) -> None:
        records, clock = self.records, self.clock
        stores = ExaminationStores(records.examinations, records.papers, records.gate, self.ledger, self.control)
        hearers = ExaminationHearers(
            learned=self.targeting.targeting.learned,
            departures=Departures(records.gate, self.crossings, self._alarm),
            release=ExaminationToRelease(self.release, records.release, records.papers),
        )
        roster = shipped_roster(self.file.name)
        self.examination = examination_parts(
            stores, roster, self.rules.examination, clock, InProcessPlanner(PLANNED), hearers
        )


def with_stacks(port: PortFile) -> PortFile:
    """Return a port whose blocks have a stack for every lot."""
    blocks = tuple(msgspec.structs.replace(block, stacks=STACKS) for block in port.yard.blocks)
    return msgspec.structs.replace(port, yard=msgspec.structs.replace(port.yard, blocks=blocks))
