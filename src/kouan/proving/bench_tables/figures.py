"""Decision tables of 200 rows with 10,000 control orders in force, in the path on which the gate decides.

A lorry's papers are looked up in PostgreSQL as the gate does, with all three of the
gate's tables asked on top; what the tables add is from when the papers were found until the tables have spoken. Rows
that count place an order, which is a commit. Last, how fast the machine of release moves lots.
"""

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kouan.access.people import Agency
from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.release_rules import texts_in
from kouan.adapters.rules.shipped import shipped_documents
from kouan.adapters.rules.tables import TablesInForce
from kouan.adapters.rules.zen import compiled
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.evidence import PapersMatched
from kouan.gate.roles import PapersQuery
from kouan.inspection.control_orders import ControlKind, ControlOrder, order_record, place_order
from kouan.inspection.release.machine import begin, step
from kouan.inspection.rules.checking import book_of
from kouan.inspection.rules.document import TABLES, Kind, State, digest_of, signed
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.rules.shelf import RuleShelf
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.tables_at_gate import STAGE, TablesAtGate
from kouan.ledger.roles import Ledger
from kouan.proving.bench_gate.figures import environment
from kouan.proving.bench_gate.handing import AT_ONCE, hand_in
from kouan.proving.bench_gate.world import PORT, make_lorries, make_signers
from kouan.proving.release.explore import alphabet
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused
from kouan.wiring.port_file import folder

GOAL_P99_MS = 5.0
"""What tables may add to a decision at most, in 99 of 100. The goal of the project."""

AT_GATE = tuple(name for name in TABLES if name.endswith(STAGE))
"""The tables that the gate asks."""

A_LOT = 40
"""Facts that are told of one lot, most of them refused. Our choice."""


class BenchSetting(msgspec.Struct, frozen=True):
    """How many rows a table has, orders stand, lorries are decided on, and moves of release are made."""

    rows: int = 200
    orders: int = 10_000
    lorries: int = 400
    moves: int = 20_000
    seed: int = 1


class _Noting:
    """A papers desk that notes when it answered, by the clock on the wall and by the processor's."""

    def __init__(self, desk: PapersAtGate) -> None:
        self._desk = desk
        self.answered = self.spent = 0.0

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        found = await self._desk.find_papers(query)
        self.answered, self.spent = time.perf_counter(), time.thread_time()
        return found


def _shelf(setting: BenchSetting, chance: random.Random, usual_kg: int) -> RuleShelf:
    """Return the port's rule documents: what is shipped, and above it the gate's tables, approved and signed."""
    signer = make_signers(setting.seed).platform
    shelf = RuleShelf(PORT, shipped_documents(folder() / "rules", PORT), {signer.key_id: signer.public_key})
    found = []
    for name in AT_GATE:
        content = _table(setting.rows, chance, usual_kg)
        said = RuleRecord(
            Kind.TABLE.value, name, 1, 0, None, content, digest_of(content), "bench", 0, "measured",
            State.APPROVED.value, "bench", 0, "measured",
        )  # fmt: skip
        found.append(msgspec.structs.replace(said, signature=signed(said.document, PORT, signer).signature))
    shelf.put(found)
    return shelf


def _table(rows: int, chance: random.Random, usual_kg: int) -> bytes:
    """Return a table that few lorries meet: all but its last row are of goods that seldom come."""
    written = [
        {
            "id": f"r{number}",
            "when": [
                f"{chance.randrange(2500, 9700)}*, {chance.randrange(2500, 9700)}*",
                f">= {number * 400}",
                "1..60",
            ],
            "then": "examine",
            "why": "measured",
        }
        for number in range(rows - 1)
    ]
    written.append({"id": "last", "when": ["", f"{usual_kg}..{usual_kg + 300}", ""], "then": "scan", "why": "measured"})
    columns = ["hs_code", "gross_kg", "convoy_expected"]
    return json.dumps({"hit": "collect", "columns": columns, "rows": written}).encode()


async def measure(setting: BenchSetting, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures, on engines of their own."""
    chance = random.Random(setting.seed)
    with tempfile.TemporaryDirectory(prefix="kouan-bench-") as place, DataFolder(Path(place) / "rules") as data:
        async with EmbeddedPostgres(data).running() as server:
            database = Database(server.dsn)
            try:
                gate = await _gate(database, setting, chance, tell)
            finally:
                await database.close()
    tell("release")
    release = _release(setting.moves, chance)
    return {**gate, "release": release, "environment": environment()}


async def _gate(
    database: Database, setting: BenchSetting, chance: random.Random, tell: Callable[[str], None]
) -> dict[str, Any]:
    await migrate(database)
    clock, sealer = SystemClock(), Sealer(SealingKeys(os.urandom(32), os.urandom(32)))
    ledger = await PostgresLedger.open_writer(database, PORT, clock, sealer)
    try:
        papers = PostgresPapersRecords(database, PORT)
        tell("papers and control orders")
        lorries = make_lorries(setting.seed, setting.lorries, clock.now())
        counter = PapersCounter(papers, ledger, PostgresSubjects(database, sealer), clock, chance.randbytes)
        await hand_in(counter, lorries)
        await _place(ledger, setting.orders, clock.now())
        async with database.lend() as connection:
            await connection.execute("ANALYZE")
        desk = _Noting(PapersAtGate(PORT, papers, PostgresGateRecords(database, PORT), ledger))
        masses = sorted(lorry.cargo_kg for lorry in lorries if lorry.cargo_kg)
        usual_kg = masses[len(masses) // 2]
        tables = TablesAtGate(desk, TablesInForce(_shelf(setting, chance, usual_kg), compiled), papers, ledger, clock)
        tell("decisions")
        queries = [
            PapersQuery(f"bench-{number}", "I1", Direction(lorry.direction), clock.now(), str(lorry.papers.plate))
            for number, lorry in enumerate(lorries)
        ]
        return await _decisions(desk, tables, queries, setting)
    finally:
        await ledger.close()


async def _place(ledger: Ledger, count: int, now: Instant) -> None:
    """Place control orders on vehicles that do not come; their commits are shared."""
    waiting = iter(range(count))

    async def officer() -> None:
        for number in waiting:
            order = ControlOrder(ControlKind.EXAMINE, "measured", plate=f"X{number:07d}")
            unit = place_order(order_record(order, f"B-{number}", Agency.CUSTOMS, "bench", now))
            if isinstance(unit, Refused):
                raise KouanError(f"control order {number} was refused: {unit.reasons}")
            await ledger.append(unit)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(officer())


async def _decisions(
    desk: _Noting, tables: TablesAtGate, queries: Sequence[PapersQuery], setting: BenchSetting
) -> dict[str, Any]:
    added: list[float] = []
    computed: list[float] = []
    silent: list[float] = []
    placed: list[float] = []
    await tables.find_papers(queries[0])  # the tables are compiled once, when they come into force
    began = time.perf_counter()
    for query in queries[1:]:
        found = await tables.find_papers(query)
        added.append((time.perf_counter() - desk.answered) * 1000)
        computed.append((time.thread_time() - desk.spent) * 1000)
        if found is None:
            raise KouanError(f"the papers of {query.plate} were not found")
        by_table = any(hold.split(":", 2)[2].startswith("G-") for hold in found.holds)
        (placed if by_table else silent).append(added[-1])
    spent = time.perf_counter() - began
    p99 = statistics.quantiles(added, n=100)[98]
    return {
        "rows": setting.rows,
        "tables": len(AT_GATE),
        "orders_in_force": setting.orders,
        "decisions": len(added),
        "with_an_order_placed": len(placed),
        "decisions_per_s": round(len(added) / spent, 1),
        "added_cpu_ms": {"p50": _ms(computed, 50), "p99": _ms(computed, 99)},
        "added_without_order_ms": {"p50": _ms(silent, 50), "p99": _ms(silent, 99)},
        "added_with_order_ms": {"p50": statistics.median(placed), "max": max(placed)} if placed else None,
        "added_ms": {"p50": round(statistics.median(added), 3), "p99": round(p99, 3), "max": round(max(added), 3)},
        "goal_p99_ms": GOAL_P99_MS,
        "reached": p99 <= GOAL_P99_MS,
        "seconds": round(spent, 1),
    }


def _ms(values: Sequence[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 3)


def _release(moves: int, chance: random.Random) -> dict[str, Any]:
    """Return how many facts a second the machine of release hears, refused ones included, over all rules."""
    texts = texts_in(folder() / "rules", PORT).values()
    book = book_of([text.encode() for text in texts])
    heard = [rule for rule in book.rules if rule.report is None or rule.report.agencies]
    rules = [(rule, alphabet(rule)) for rule in heard]
    made, told, now = 0, 0, 0
    began = time.perf_counter()
    while told < moves:
        rule, facts = rules[chance.randrange(len(rules))]
        standing = begin(rule, now)
        for _ in range(A_LOT):
            told, now = told + 1, now + 3_600_000_000
            moved = step(standing, facts[chance.randrange(len(facts))], rule, now)
            if not isinstance(moved, Refused):
                standing, made = moved.standing, made + 1
    spent = time.perf_counter() - began
    return {"facts": told, "facts_per_s": round(told / spent), "transitions_per_s": round(made / spent)}
