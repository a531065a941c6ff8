"""The platform that is measured: the real driver on the real ledger, with whatever link it is given."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import SystemRandom

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.setting import Roles, Watcher
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.journeys.crossing import Crossings
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.protocols.link import Link
from kouan.proving.bench_gate.handing import hand_in
from kouan.proving.bench_gate.world import Signers
from kouan.simulator.vehicles import Lorry
from kouan.wiring.gate_settings import load_rulebook, policy_of, setting_of
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import PortFile


class Gate(msgspec.Struct, frozen=True):
    """The parts of a running gate."""

    driver: PortDriver
    ledger: PostgresLedger
    database: Database


@asynccontextmanager
async def open_gate(
    dsn: str, port: PortFile, link: Link, signers: Signers, lorries: Sequence[Lorry], watcher: Watcher
) -> AsyncIterator[Gate]:
    """Open a gate that knows the papers of these lorries; they are handed in before the driver starts."""
    clock, database = SystemClock(), Database(dsn)
    await migrate(database)
    sealer = Sealer(SealingKeys(os.urandom(32), os.urandom(32)))
    ledger = await PostgresLedger.open_writer(database, port.name, clock, sealer)
    try:
        records = PostgresGateRecords(database, port.name)
        papers = PostgresPapersRecords(database, port.name)
        subjects = PostgresSubjects(database, sealer)
        chance = SystemRandom().randbytes
        await hand_in(PapersCounter(papers, ledger, subjects, clock, chance), lorries)
        async with database.lend() as connection:
            await connection.execute("ANALYZE")  # as autovacuum does within a minute of a port's opening
        desk = PapersAtGate(port.name, papers, records, ledger)
        keys = {signer.key_id: signer.public_key for signer in (signers.controller, *signers.agencies.values())}
        roles = Roles(
            link=link,
            ledger=ledger,
            records=records,
            papers=desk,
            drivers=desk,
            crossings=Crossings(papers, records, ledger),
            subjects=subjects,
            clock=clock,
            signer=signers.platform,
            keys=keys,
            chance=chance,
            render=renderer(),
        )
        driver = PortDriver(setting_of(port), policy_of(port, load_rulebook(port)), roles, watcher)
        await driver.start()
        yield Gate(driver, ledger, database)
        driver.close()
    finally:
        await ledger.close()
        await database.close()
