"""Whose declaration a vehicle draws on: one that names what it carries, when it is handed in and when it crosses."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from tests.integration.web.web_kit import HandClock
from tests.unit.gate.passage_kit import COAL, Drive, but
from tests.unit.gate.test_passage import left, report
from tests.unit.inspection.papers_kit import PORT, confirmation, declaration, line, manifest

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.states import Cleared
from kouan.inspection.use_cases import Accepted
from kouan.journeys.crossing import Crossings
from kouan.journeys.hand_in import PapersCounter
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

PART = line(gross_kg=32_000)


class Desk:
    """A papers counter, and what follows a release, over one port's records in memory."""

    def __init__(self, disk: MemoryDisk, ledger: MemoryLedger, sealer: Sealer, chance: Random) -> None:
        self.papers = MemoryPapersRecords(disk, PORT)
        self.counter = PapersCounter(self.papers, ledger, MemorySubjects(disk, sealer), HandClock(), chance.randbytes)
        self.crossings = Crossings(self.papers, MemoryGateRecords(disk, PORT), ledger)

    async def crossed_kg(self) -> int:
        (found,) = await self.papers.consignments(["MF000001"], Direction.IN)
        return found.crossed_kg


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    disk, chance = MemoryDisk(), Random(3)
    sealer = Sealer(SealingKeys(bytes(32), bytes(range(32))), chance.randbytes)
    ledger = await MemoryLedger.open_writer(disk, PORT, HandClock(), sealer)
    yield Desk(disk, ledger, sealer, chance)
    await ledger.close()


def released(confirmation: str) -> Cleared:
    """Return a passage that is cleared: the gate found one consignment aboard."""
    aboard = (replace(COAL, number="MF000001", total_kg=32_000),)
    drive = Drive().show(but(papers={"confirmation": confirmation, "consignments": aboard})).agree()
    left(report(drive, "actuated"))
    assert isinstance(drive.state, Cleared)
    return drive.state


def wrong(answer: Accepted | Refused) -> list[tuple[Any, str]]:
    assert isinstance(answer, Refused), answer
    return [(reason.params["field"], reason.code) for reason in answer.reasons]


async def test_papers_may_not_name_a_declaration_that_does_not_name_their_consignment(desk: Desk) -> None:
    theirs = declaration(consignments=[line(number="MF000009")])
    assert isinstance(await desk.counter.declaration(theirs), Accepted)
    told = [("consignments.1.declaration", "declaration.consignment")]
    lines = [line(number="MF000009"), line()]
    assert wrong(await desk.counter.confirmation(confirmation(consignments=lines))) == told
    assert wrong(await desk.counter.manifest(manifest(consignments=lines))) == told
    assert await desk.papers.find_confirmation("CF000001") is None
    assert isinstance(await desk.counter.manifest(manifest(consignments=lines[:1])), Accepted)


async def test_papers_may_come_before_their_declaration(desk: Desk) -> None:
    assert isinstance(await desk.counter.confirmation(confirmation()), Accepted)
    assert isinstance(await desk.counter.manifest(manifest()), Accepted)
    assert isinstance(await desk.counter.declaration(declaration()), Accepted)


@pytest.mark.parametrize("named", [[PART], None])
async def test_what_crosses_is_written_off_also_where_only_its_manifest_names_it(desk: Desk, named: Any) -> None:
    await desk.counter.manifest(manifest(consignments=[PART]))
    await desk.counter.confirmation(confirmation(consignments=named))
    for _ in range(2):
        assert await desk.crossings.cleared(released("CF000001")) is None
        assert await desk.crossed_kg() == 32_000


async def test_a_second_lorry_on_a_manifest_that_is_used_up_is_told_to_a_person(desk: Desk) -> None:
    await desk.counter.manifest(manifest(consignments=[PART]))
    refused = []
    for number in ("CF000001", "CF000002"):
        await desk.counter.confirmation(confirmation(number=number, consignments=None))
        refused.append(await desk.crossings.cleared(released(number)))
    assert refused == [None, "papers.write_off"]
