"""What a storage contract needs of a player: opening ledgers, and looking behind them."""

import random
from typing import Any, Protocol

from tests.integration.storage.server import Server

from kouan.access.roles import Accounts
from kouan.adapters.memory.access import MemoryAccounts
from kouan.adapters.memory.command import MemoryAlarmRecords
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.examination import MemoryExaminationRecords
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.memory.rules import MemoryRuleRecords
from kouan.adapters.memory.targeting import MemoryTargetingRecords
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.command import PostgresAlarmRecords
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.examination import PostgresExaminationRecords
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.rules import PostgresRuleRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.postgres.targeting import PostgresTargetingRecords
from kouan.adapters.postgres.yard import PostgresYardRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.command.roles import AlarmRecords
from kouan.gate.roles import GateRecords
from kouan.inspection.examination.records import ExaminationRecords
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.roles import PapersRecords
from kouan.inspection.rules.roles import RuleRecords
from kouan.inspection.targeting.roles import TargetingRecords
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Personal, Statement, Subjects, Unit
from kouan.vocabulary.clock import Instant
from kouan.yard.roles import YardRecords

PORT = "ganqimaodu"
KEYS = SealingKeys(wrapping=bytes(range(32)), pepper=bytes(range(32, 64)))


class TickingClock:
    """A clock that moves by a millisecond at each look."""

    def __init__(self) -> None:
        self._now = 1_770_000_000_000_000

    def now(self) -> Instant:
        self._now += 1000
        return self._now

    def monotonic(self) -> int:
        return self.now()

    def pass_days(self, count: int) -> None:
        self._now += count * 86_400_000_000


class Player(Protocol):
    async def open_writer(self, patience_s: float = 10.0) -> PostgresLedger | MemoryLedger: ...

    def open_reader(self) -> PostgresLedger | MemoryLedger: ...

    @property
    def subjects(self) -> Subjects: ...

    @property
    def gate(self) -> GateRecords: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def papers(self) -> PapersRecords: ...

    @property
    def release(self) -> ReleaseRecords: ...

    @property
    def rules(self) -> RuleRecords: ...

    @property
    def targeting(self) -> TargetingRecords: ...

    @property
    def yard(self) -> YardRecords: ...

    @property
    def examinations(self) -> ExaminationRecords: ...

    @property
    def alarms(self) -> AlarmRecords: ...


class PostgresPlayer:
    def __init__(self, server: Server, dsn: str) -> None:
        self.server = server
        self.dsn = dsn
        self.database = Database(dsn)
        self.clock = TickingClock()
        self.sealer = Sealer(KEYS)
        self.subjects: Subjects = PostgresSubjects(self.database, self.sealer)
        self.gate: GateRecords = PostgresGateRecords(self.database, PORT)
        self.accounts: Accounts = PostgresAccounts(self.database, PORT)
        self.papers: PapersRecords = PostgresPapersRecords(self.database, PORT)
        self.release: ReleaseRecords = PostgresReleaseRecords(self.database, PORT)
        self.rules: RuleRecords = PostgresRuleRecords(self.database, PORT)
        self.targeting: TargetingRecords = PostgresTargetingRecords(self.database, PORT)
        self.yard: YardRecords = PostgresYardRecords(self.database, PORT)
        self.examinations: ExaminationRecords = PostgresExaminationRecords(self.database, PORT)
        self.alarms: AlarmRecords = PostgresAlarmRecords(self.database, PORT)
        self._ledgers: list[PostgresLedger] = []

    async def open_writer(self, patience_s: float = 10.0) -> PostgresLedger:
        ledger = await PostgresLedger.open_writer(self.database, PORT, self.clock, self.sealer, patience_s=patience_s)
        self._ledgers.append(ledger)
        return ledger

    def open_reader(self) -> PostgresLedger:
        return PostgresLedger.open_reader(self.database, PORT, self.clock, self.sealer)

    async def execute(self, statement: str) -> None:
        """Change the database behind the ledger's back, as a tamperer with all rights does."""
        async with self.database.lend() as connection:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statement.encode())
            await connection.execute("SET session_replication_role = origin")

    async def close(self) -> None:
        for ledger in self._ledgers:
            await ledger.close()
        await self.database.close()


class MemoryPlayer:
    def __init__(self, chance: random.Random) -> None:
        self.disk = MemoryDisk()
        self.clock = TickingClock()
        self.sealer = Sealer(KEYS, chance.randbytes)
        self.subjects: Subjects = MemorySubjects(self.disk, self.sealer)
        self.gate: GateRecords = MemoryGateRecords(self.disk, PORT)
        self.accounts: Accounts = MemoryAccounts(self.disk, PORT)
        self.papers: PapersRecords = MemoryPapersRecords(self.disk, PORT)
        self.release: ReleaseRecords = MemoryReleaseRecords(self.disk, PORT)
        self.rules: RuleRecords = MemoryRuleRecords(self.disk, PORT)
        self.targeting: TargetingRecords = MemoryTargetingRecords(self.disk, PORT)
        self.yard: YardRecords = MemoryYardRecords(self.disk, PORT)
        self.examinations: ExaminationRecords = MemoryExaminationRecords(self.disk, PORT)
        self.alarms: AlarmRecords = MemoryAlarmRecords(self.disk, PORT)
        self._ledgers: list[MemoryLedger] = []

    async def open_writer(self, patience_s: float = 10.0) -> MemoryLedger:
        ledger = await MemoryLedger.open_writer(self.disk, PORT, self.clock, self.sealer, patience_s=patience_s)
        self._ledgers.append(ledger)
        return ledger

    def open_reader(self) -> MemoryLedger:
        return MemoryLedger.open_reader(self.disk, PORT, self.clock, self.sealer)

    async def close(self) -> None:
        for ledger in self._ledgers:
            await ledger.close()


def draft(key: str, stream: str = "passage-1", personal: tuple[Personal, ...] = (), **body: Any) -> Draft:
    return Draft("gate.evidence/1", stream, key, canonical(body), personal)


def unit(*keys: str, guards: tuple[Statement, ...] = (), effects: tuple[Statement, ...] = ()) -> Unit:
    return Unit(tuple(draft(key, text=f"口岸 {key}") for key in keys), guards, effects)


def raise_epoch(epoch: int, lane: str = "I1") -> Statement:
    """A guard that holds where the lane's epoch is one less."""
    return Statement("gate.raise_epoch", {"lane": lane, "epoch": epoch})


def sighting(plate: str, at: Instant) -> Statement:
    """An effect that can be read back."""
    params = {"plate": plate, "port": PORT, "lane": "I1", "direction": "in", "passage": "passage-1", "at": at}
    return Statement("gate.note_sighting", params)
